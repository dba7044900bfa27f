"""Kinds and relations that users add or extend, in TOML or YAML files.

A file looks like this (YAML alike)::

    [kinds.Printer]
    plural = "printers"
    parent = "Host"
    description = "A network printer."
    identified_by = ["serial", "mac", "fqdn"]
    stale_after_days = 14

    [kinds.Printer.properties.pages]
    type = "integer"
    unit = "page"
    description = "Pages printed so far."

    [kinds.Server.properties.rack_unit]       # extends a kind that is there
    type = "integer"
    description = "Where in its rack it sits."

    [relations.PRINTS_FOR]
    phrase = "prints for"
    inverse = "has printed by"
    description = "Whom a printer serves."
    from = ["Printer"]
    to = ["Team"]
    impact = "none"
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import yaml
from msgspec import Meta

from cmdb.catalogue.catalogue import Catalogue, builtin
from cmdb.catalogue.model import (
    Category,
    Contested,
    Effect,
    ImpactDirection,
    Kind,
    Namespace,
    Property,
    PropertyType,
    Relation,
)
from cmdb.errors import InvalidCatalogue, Problem, did_you_mean, nearest
from cmdb.identity.rules import NORMAL_FORMS

_KindName = re.compile(r"^[A-Z][A-Za-z0-9]{1,60}$")
_FieldName = re.compile(r"^[a-z][a-z0-9_]{0,60}$")
_RelationName = re.compile(r"^[A-Z][A-Z0-9_]{1,60}$")
_Days = Annotated[float, Meta(gt=0, le=36500)]
_RESERVED = frozenset(
    "id kind name status identifiers former_identifiers properties reports links revision "
    "created_revision history sources first_seen last_seen provenance".split()
)


class _Property(msgspec.Struct, forbid_unknown_fields=True):
    type: PropertyType
    description: str
    unit: str | None = None
    choices: tuple[str, ...] = ()
    controlled: bool = False
    expected: bool = False


class _Kind(msgspec.Struct, forbid_unknown_fields=True):
    description: str | None = None
    plural: str | None = None
    parent: str | None = None
    category: Category | None = None
    abstract: bool = False
    layer: str | None = None
    properties: dict[str, Any] = {}
    identified_by: tuple[str, ...] = ()
    stale_after_days: _Days | None = None
    retire_after_days: _Days | None = None


class _Relation(
    msgspec.Struct, forbid_unknown_fields=True, rename={"from_kinds": "from", "to_kinds": "to"}
):
    phrase: str | None = None
    inverse: str | None = None
    description: str | None = None
    from_kinds: tuple[str, ...] = ()
    to_kinds: tuple[str, ...] = ()
    impact: Literal["to_from", "from_to", "none"] = "none"
    effect: Literal["down", "degraded", "by_strength", "none"] | None = None
    gated: bool = False


class _Namespace(msgspec.Struct, forbid_unknown_fields=True):
    description: str
    example: str
    contested: Contested = Contested.MOVES
    conclusive: bool = True
    normal: str = "plain"


class _Sections(msgspec.Struct, forbid_unknown_fields=True):
    kinds: dict[str, Any] = {}
    relations: dict[str, Any] = {}
    namespaces: dict[str, Any] = {}


@dataclasses.dataclass(slots=True)
class _File:
    """What a file declares, entry by entry; ``properties`` are those of each kind."""

    kinds: dict[str, _Kind] = dataclasses.field(default_factory=dict)
    properties: dict[str, dict[str, _Property]] = dataclasses.field(default_factory=dict)
    relations: dict[str, _Relation] = dataclasses.field(default_factory=dict)
    namespaces: dict[str, _Namespace] = dataclasses.field(default_factory=dict)


_T = TypeVar("_T")


def load_catalogue(paths: Sequence[Path], base: Catalogue | None = None) -> Catalogue:
    """The built-in catalogue with what the files add, file after file.

    Raises :class:`~cmdb.errors.InvalidCatalogue` with every problem: file, line and key.
    """
    catalogue = base or builtin()
    for path in paths:
        catalogue = _extended(catalogue, path)
    return catalogue


def _extended(base: Catalogue, path: Path) -> Catalogue:
    text, data = _read(path)
    place = _Places(path, text)
    given = _converted(data or {}, place)
    kinds = dict(base.kinds)
    relations = dict(base.relations)
    namespaces = dict(base.namespaces)
    problems = [*_names(given, place)]
    for name, space in given.namespaces.items():
        if space.normal not in NORMAL_FORMS:
            problems.append(
                place.problem(
                    f"must be one of {', '.join(sorted(NORMAL_FORMS))}",
                    "namespaces",
                    name,
                    "normal",
                )
            )
        namespaces[name] = Namespace(name, **msgspec.structs.asdict(space))
    for name, kind in given.kinds.items():
        kinds[name] = _kind(name, kind, given.properties[name], kinds.get(name), place, problems)
    for name, relation in given.relations.items():
        relations[name] = _relation(name, relation, relations.get(name), place, problems)
    problems += _references(kinds, namespaces, given, place)
    if problems:
        raise InvalidCatalogue(f"The catalogue file {path} can't be used.", problems)
    try:
        return Catalogue(kinds.values(), relations.values(), namespaces.values())
    except InvalidCatalogue as error:
        raise InvalidCatalogue(
            f"The catalogue file {path} can't be used.",
            [*error.problems] or [Problem(error.message, str(path))],
        ) from None


def _converted(data: Any, place: _Places) -> _File:
    """The entries of a file in their types; raises with every one that has not."""
    problems: list[Problem] = []

    def convert(value: Any, kind: type[_T], *keys: str) -> _T | None:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message, inner = _explain(str(error))
            problems.append(place.problem(message, *keys, *inner))
            return None

    found = _File()
    sections = convert(data, _Sections) or _Sections()
    for name, value in sections.kinds.items():
        if (kind := convert(value, _Kind, "kinds", name)) is not None:
            found.kinds[name] = kind
            found.properties[name] = {
                field: made
                for field, given in kind.properties.items()
                if (made := convert(given, _Property, "kinds", name, "properties", field))
            }
    for name, value in sections.relations.items():
        if (relation := convert(value, _Relation, "relations", name)) is not None:
            found.relations[name] = relation
    for name, value in sections.namespaces.items():
        if (namespace := convert(value, _Namespace, "namespaces", name)) is not None:
            found.namespaces[name] = namespace
    if problems:
        raise InvalidCatalogue(f"The catalogue file {place.path} can't be used.", problems)
    return found


def _read(path: Path) -> tuple[str, Any]:
    try:
        text = path.read_text("utf-8")
        if path.suffix == ".toml":
            return text, tomllib.loads(text)
        if path.suffix in (".yaml", ".yml"):
            return text, yaml.safe_load(text)
    except OSError as error:
        raise InvalidCatalogue(
            f"The catalogue file {path} can't be read: {error.strerror}."
        ) from None
    except UnicodeDecodeError:
        raise InvalidCatalogue(f"The catalogue file {path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise InvalidCatalogue(
            f"The catalogue file {path} is not TOML.",
            [Problem(str(error), str(path), int(line[1]) if line else None)],
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InvalidCatalogue(
            f"The catalogue file {path} is not YAML.",
            [
                Problem(
                    str(getattr(error, "problem", None) or error),
                    str(path),
                    mark.line + 1 if mark else None,
                )
            ],
        ) from None
    raise InvalidCatalogue(f"The catalogue file {path} must end in .toml, .yaml or .yml.")


@dataclasses.dataclass(frozen=True, slots=True)
class _Places:
    """Where in a file a key stands."""

    path: Path
    text: str

    def problem(self, message: str, *keys: str) -> Problem:
        return Problem(message, str(self.path), self._line(keys), ".".join(keys))

    def _line(self, keys: Sequence[str]) -> int | None:
        """The line of the innermost key that can be found, going from the outermost inwards."""
        line: int | None = None
        start = 0
        lines = self.text.splitlines()
        for key in keys:
            word = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])")
            for number in range(start, len(lines)):
                if word.search(lines[number].split("#")[0]):
                    line, start = number + 1, number
                    break
        return line


def _explain(text: str) -> tuple[str, list[str]]:
    message, _, place = text.partition(" - at `$")
    keys = [key for key in re.split(r"[.\[\]`]+", place) if key and key != "..."]
    if unknown := re.search(r"unknown field `(.*?)`", message):
        known = {
            *_Kind.__struct_fields__,
            *_Property.__struct_fields__,
            *_Sections.__struct_fields__,
            *(f.removesuffix("_kinds") for f in _Relation.__struct_fields__),
        }
        hint = did_you_mean(nearest(unknown[1], known))
        return f"{unknown[1]!r} means nothing here{hint}", [*keys, unknown[1]]
    return message[:1].lower() + message[1:], keys


def _names(given: _File, place: _Places) -> list[Problem]:
    problems = [
        place.problem("must be CamelCase letters and digits", "kinds", name)
        for name in given.kinds
        if not _KindName.match(name)
    ]
    problems += [
        place.problem("must be UPPER_CASE letters, digits and underscores", "relations", name)
        for name in given.relations
        if not _RelationName.match(name)
    ]
    for name, kind in given.kinds.items():
        for field in kind.properties:
            if not _FieldName.match(field):
                problems.append(
                    place.problem("must be snake_case", "kinds", name, "properties", field)
                )
            elif field in _RESERVED:
                problems.append(
                    place.problem(
                        "is a field that every item has already", "kinds", name, "properties", field
                    )
                )
    return problems


def _kind(
    name: str,
    given: _Kind,
    properties: Mapping[str, _Property],
    there: Kind | None,
    place: _Places,
    problems: list[Problem],
) -> Kind:
    added = tuple(
        Property(field, **msgspec.structs.asdict(declared))
        for field, declared in properties.items()
    )
    stale = timedelta(days=given.stale_after_days) if given.stale_after_days else None
    retire = timedelta(days=given.retire_after_days) if given.retire_after_days else None
    if there is not None:
        for key in ("parent", "category", "plural", "layer"):
            if getattr(given, key) is not None:
                problems.append(
                    place.problem(f"can't be changed: {name} is there", "kinds", name, key)
                )
        names = {p.name for p in added}
        return dataclasses.replace(
            there,
            description=given.description or there.description,
            properties=(*(p for p in there.properties if p.name not in names), *added),
            identified_by=given.identified_by or there.identified_by,
            stale_after=stale or there.stale_after,
            retire_after=retire or there.retire_after,
        )
    if not given.description:
        problems.append(place.problem("a new kind needs a description", "kinds", name))
    return Kind(
        name,
        given.plural or f"{name[:1].lower()}{name[1:]}s",
        given.description or "",
        given.parent or "ConfigurationItem",
        given.category or Category.CI,
        abstract=given.abstract,
        layer=given.layer or "custom",
        properties=added,
        identified_by=given.identified_by,
        stale_after=stale,
        retire_after=retire,
    )


def _relation(
    name: str, given: _Relation, there: Relation | None, place: _Places, problems: list[Problem]
) -> Relation:
    if there is not None:
        return dataclasses.replace(
            there,
            from_kinds=tuple(dict.fromkeys((*there.from_kinds, *given.from_kinds))),
            to_kinds=tuple(dict.fromkeys((*there.to_kinds, *given.to_kinds))),
            description=given.description or there.description,
        )
    for key in ("phrase", "inverse", "description"):
        if not getattr(given, key):
            problems.append(place.problem(f"a new relation needs {key}", "relations", name))
    for key, kinds in (("from", given.from_kinds), ("to", given.to_kinds)):
        if not kinds:
            problems.append(place.problem(f"a new relation needs {key}", "relations", name))
    default = "none" if given.impact == "none" else "by_strength"
    return Relation(
        name,
        given.phrase or "",
        given.inverse or "",
        given.description or "",
        given.from_kinds,
        given.to_kinds,
        ImpactDirection(given.impact),
        Effect(given.effect or default),
        gated=given.gated,
    )


def _references(
    kinds: Mapping[str, Kind],
    namespaces: Mapping[str, Namespace],
    given: _File,
    place: _Places,
) -> list[Problem]:
    """What kinds and relations of the file name and nothing declares."""

    def unknown(noun: str, name: str, known: Mapping[str, object], *keys: str) -> Problem:
        hint = did_you_mean(nearest(name, known))
        return place.problem(f"{name!r} is no {noun}{hint}", *keys)

    problems = []
    for name in given.kinds:
        kind = kinds[name]
        if kind.parent is not None and kind.parent not in kinds:
            problems.append(unknown("kind", kind.parent, kinds, "kinds", name, "parent"))
        for space in kind.identified_by:
            if space not in namespaces:
                problems.append(
                    unknown("namespace", space, namespaces, "kinds", name, "identified_by")
                )
    for name, relation in given.relations.items():
        for key, ends in (("from", relation.from_kinds), ("to", relation.to_kinds)):
            problems += [
                unknown("kind", end, kinds, "relations", name, key)
                for end in ends
                if end not in kinds
            ]
    return problems
