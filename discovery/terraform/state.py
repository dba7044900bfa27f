"""States of Terraform and OpenTofu, formats 3 and 4, reduced to what may be kept. No I/O.

A state holds every secret that its resources have. What leaves this module are the attributes
that the mapping names, without those that the state marks as sensitive.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from cmdb.errors import InvalidInput
from discovery.address import bare
from discovery.terraform.flat import unflattened
from discovery.terraform.mapping import Mappings

Scalar = str | int | float | bool
MAX_VALUES = 500
"""Values kept of one attribute."""
PULL = "terraform state pull > web.tfstate"


class Resource(msgspec.Struct, frozen=True, omit_defaults=True):
    """One instance of a resource, or of a data source.

    ``address`` is what the tool calls it, module and index included. ``values`` are the scalars
    found at each path that the mapping names, through lists. ``dependencies`` are addresses
    without an index. ``deposed`` is the key of an instance that waits to be destroyed.
    """

    address: str
    type: str
    values: dict[str, tuple[Scalar, ...]] = {}
    dependencies: tuple[str, ...] = ()
    data: bool = False
    deposed: str = ""

    @property
    def base(self) -> str:
        """The address without the index of the instance: what dependencies name."""
        return self.address.partition(" ")[0].rpartition("[")[0] if self._indexed else self.address

    @property
    def _indexed(self) -> bool:
        return self.address.partition(" ")[0].endswith("]")

    def first(self, path: str) -> str:
        """The first value at a path, as a text; empty where there is none."""
        found = self.values.get(path)
        return str(found[0]) if found else ""


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """A state: the file or address it was read from, its lineage, and its resources."""

    name: str
    lineage: str
    resources: tuple[Resource, ...]


class TerraformPayload(msgspec.Struct, frozen=True):
    """All states of a scan; ``scope`` names the targets that they were read from."""

    scope: str
    states: tuple[State, ...]


def read_state(data: bytes, name: str, mappings: Mappings) -> State:
    """The state in a file; raises :class:`~cmdb.errors.InvalidInput` that says what it is instead.

    ``name`` is what errors call it.
    """
    document = _document(data, name)
    version = document.get("version")
    if what := _something_else(document):
        raise InvalidInput(f"{name} is {what}.")
    if version == 4:
        found = _Reader(name, mappings).version_4(document)
    elif version == 3:
        found = _Reader(name, mappings).version_3(document)
    elif isinstance(version, int) and not isinstance(version, bool):
        way = (
            "a newer version of cmdb may"
            if version > 4
            else f"Terraform 0.12 or later rewrites it: {PULL}"
        )
        raise InvalidInput(
            f"{name} is a state of format {version}; formats 3 and 4 are read here; {way}."
        )
    else:
        raise InvalidInput(f"{name} is no state: it has no version. Pull one: {PULL}.")
    lineage = document.get("lineage")
    return State(name, lineage if isinstance(lineage, str) else "", tuple(found))


def _document(data: bytes, name: str) -> Mapping[str, Any]:
    if not data.strip():
        raise InvalidInput(f"{name} is empty; there is no state in it.")
    if data.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise InvalidInput(f"{name} is an archive or a saved plan, not a state. Pull one: {PULL}.")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{name} is not UTF-8 text; a state is JSON. Pull one: {PULL}."
        ) from None
    except RecursionError:
        raise InvalidInput(f"{name} is nested too deeply for a state.") from None
    except ValueError as error:
        # The message has a place in the file, and never what stands there.
        raise InvalidInput(f"{name} is no JSON ({error}); a state is. Pull one: {PULL}.") from None
    if not isinstance(document, dict):
        raise InvalidInput(f"{name} is no state: a state is a JSON object. Pull one: {PULL}.")
    return document


def _something_else(document: Mapping[str, Any]) -> str | None:
    keys = document.keys()
    if "encrypted_data" in keys:
        return (
            "an encrypted state of OpenTofu; have it decrypted where its key is: "
            "tofu state pull > web.tfstate"
        )
    if "resource_changes" in keys or "planned_values" in keys:
        return (
            "a plan, not a state; a plan is assessed by cmdb change assess --plan, and a state is "
            f"pulled: {PULL}"
        )
    if {"format_version", "values"} <= keys:
        return f"a printed state (terraform show -json); pull it as it is: {PULL}"
    if "@level" in keys:
        return f"a log of Terraform, not a state; pull one: {PULL}"
    return None


class _Reader:
    """Reads one state; its errors name the file and the place in it."""

    def __init__(self, name: str, mappings: Mappings) -> None:
        self._name = name
        self._mappings = mappings

    def version_4(self, document: Mapping[str, Any]) -> Iterator[Resource]:
        for at, entry in enumerate(self._list(document, "resources", "")):
            where = f"resources[{at}]"
            kind, called = self._text(entry, "type", where), self._text(entry, "name", where)
            data = entry.get("mode") == "data"
            module = entry.get("module") or ""
            base = ".".join(p for p in (module, "data" if data else "", kind, called) if p)
            for number, instance in enumerate(self._list(entry, "instances", where)):
                inside = f"{where}.instances[{number}]"
                attributes = instance.get("attributes")
                if attributes is None:
                    attributes = unflattened(self._map(instance, "attributes_flat", inside))
                elif not isinstance(attributes, dict):
                    raise self._wrong(f"{inside}.attributes", "an object")
                deposed = str(instance.get("deposed") or "")
                named = instance.get("dependencies") or instance.get("depends_on") or []
                yield Resource(
                    address=_address(base, instance.get("index_key"), deposed),
                    type=kind,
                    values=self._values(kind, attributes, _sensitive(instance)),
                    dependencies=tuple(_qualified(d, "") for d in _texts(named)),
                    data=data,
                    deposed=deposed,
                )

    def version_3(self, document: Mapping[str, Any]) -> Iterator[Resource]:
        for at, module in enumerate(self._list(document, "modules", "")):
            where = f"modules[{at}]"
            path = ".".join(f"module.{p}" for p in _texts(module.get("path"))[1:])
            for key, entry in self._map(module, "resources", where).items():
                inside = f"{where}.resources.{key}"
                if not isinstance(entry, dict):
                    raise self._wrong(inside, "an object")
                yield from self._version_3(key, entry, path, inside)

    def _version_3(
        self, key: str, entry: Mapping[str, Any], module: str, where: str
    ) -> Iterator[Resource]:
        kind = self._text(entry, "type", where)
        parts = key.split(".")
        index = parts.pop() if parts[-1].isdigit() and len(parts) > 2 else None
        base = ".".join(p for p in (module, *parts) if p)
        depends = tuple(_qualified(d, module) for d in _texts(entry.get("depends_on")))
        primary = entry.get("primary")
        deposed = entry.get("deposed") or []
        instances = [primary, *(deposed if isinstance(deposed, list) else [])]
        for number, instance in enumerate(instances):
            if not isinstance(instance, dict):
                continue
            attributes = unflattened(self._map(instance, "attributes", where))
            if instance.get("id"):
                attributes["id"] = instance["id"]
            old = str(number) if number else ""
            yield Resource(
                address=_address(base, int(index) if index else None, old),
                type=kind,
                values=self._values(kind, attributes, ()),
                dependencies=depends,
                data=parts[0] == "data",
                deposed=old,
            )

    def _values(
        self, kind: str, attributes: Mapping[str, Any], sensitive: Sequence[tuple[str, ...]]
    ) -> dict[str, tuple[Scalar, ...]]:
        kept: dict[str, tuple[Scalar, ...]] = {}
        for path in self._mappings.paths(kind):
            steps = tuple(path.split("."))
            if any(s == steps[: len(s)] or steps == s[: len(steps)] for s in sensitive):
                continue
            found = tuple(_bare(one) for one in _at(attributes, steps))[:MAX_VALUES]
            if found:
                kept[path] = found
        return kept

    def _list(self, table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
        value = table.get(key)
        place = f"{where}.{key}" if where else key
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise self._wrong(place, "a list of objects")
        return value

    def _map(self, table: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
        value = table.get(key) or {}
        if not isinstance(value, dict):
            raise self._wrong(f"{where}.{key}", "an object")
        return value

    def _text(self, table: Mapping[str, Any], key: str, where: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(f"{where}.{key}", "a text")
        return value

    def _wrong(self, where: str, right: str) -> InvalidInput:
        return InvalidInput(f"{self._name}: {where} must be {right}; is it a whole state?")


def _address(base: str, index: object, deposed: str) -> str:
    shown = base
    if isinstance(index, int):
        shown = f"{base}[{index}]"
    elif isinstance(index, str):
        shown = f"{base}[{json.dumps(index, ensure_ascii=False)}]"
    return f"{shown} (deposed {deposed})" if deposed else shown


def _qualified(dependency: str, module: str) -> str:
    """The address that a dependency names, without an index."""
    plain = dependency.removesuffix(".*")
    return plain if plain.startswith("module.") and not module else f"{module}.{plain}".lstrip(".")


def _sensitive(instance: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The paths of sensitive attributes, by names only: an index or a key hides all of a list."""
    found = []
    for path in instance.get("sensitive_attributes") or []:
        steps = path if isinstance(path, list) else [path]
        names = []
        for step in steps:
            value = step.get("value") if isinstance(step, dict) else step
            if not isinstance(value, str):
                break
            names.append(value)
        if names:
            found.append(tuple(names))
    return found


def _at(value: object, steps: Sequence[str]) -> Iterator[Scalar]:
    """The scalars at a path; lists on the way are walked through."""
    if isinstance(value, list):
        for entry in value:
            yield from _at(entry, steps)
    elif steps:
        if isinstance(value, dict) and steps[0] in value:
            yield from _at(value[steps[0]], steps[1:])
    elif isinstance(value, str | int | float) and value != "":
        yield value


def _bare(value: Scalar) -> Scalar:
    """The value; an address without what may be secret in it."""
    return bare(value) if isinstance(value, str) else value


def _texts(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def unmapped(resources: Iterable[Resource], mappings: Mappings) -> Counter[str]:
    """How many resources there are of each type that the mapping does not know."""
    return Counter(r.type for r in resources if not r.data and not mappings.knows(r.type))
