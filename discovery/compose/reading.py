"""From Compose files to what is kept of them. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.errors import InvalidInput
from discovery.compose.payload import Composed, Need, Outer, Project, Shared
from discovery.compose.variables import substituted
from discovery.references import arguments, hosts_in, is_hinted, is_outside
from discovery.tree import number, table, tables, text, texts

Document = Mapping[str, Any]
STATED = 0.6
"""Confidence of a dependency that the file states."""
NAMED = 0.5
"""Confidence of one that a variable names."""
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]")


def read_project(
    document: object, file: str, folder: str, values: Mapping[str, str], override: object = None
) -> Project:
    """The project of a file, with what its override file adds.

    ``folder`` is what the folder is called, ``values`` the variables of its .env file. Raises
    :class:`~cmdb.errors.InvalidInput` where it is no Compose file.
    """
    merged = _merged(document, override) if override is not None else document
    if not isinstance(merged, dict):
        raise InvalidInput(f"{file} is no Compose file: it is not a mapping.")
    services = merged.get("services")
    if services is None and merged.keys() and "version" not in merged and _is_old(merged):
        services, merged = merged, {}  # the first form had the services only
    if not isinstance(services, dict):
        raise InvalidInput(f"{file} is no Compose file: it has no services.")
    name = substituted(text(merged, "name"), values) or values.get("COMPOSE_PROJECT_NAME", "")
    name = _NOT_IN_NAMES.sub("", (name or folder).lower()) or "default"
    reader = _Reader(services, values)
    return Project(
        name=name,
        file=file,
        services=tuple(
            reader.service(key, entry if isinstance(entry, dict) else {})
            for key, entry in services.items()
            if isinstance(key, str)
        ),
        volumes=_shared(merged, "volumes", name),
        networks=_shared(merged, "networks", name),
    )


def _is_old(document: Document) -> bool:
    return all(isinstance(e, dict) and {"image", "build"} & e.keys() for e in document.values())


def _merged(base: object, over: object) -> Any:
    """What an override file makes of a file: mappings are joined, lists too, the rest replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {
            **base,
            **{k: _merged(base[k], v) if k in base else v for k, v in over.items()},
        }
    if isinstance(base, list) and isinstance(over, list):
        return [*base, *over]
    return base if over is None else over


def _shared(document: Document, key: str, project: str) -> tuple[Shared, ...]:
    """The volumes or networks of a project; those that are not its own keep their name."""
    found = []
    for name, entry in table(document, key).items():
        external = table(entry).get("external")
        given = text(entry, "name") or text(external, "name") or (name if external else "")
        subnets = [text(c, "subnet") for c in tables(table(entry), "ipam", "config")]
        found.append(
            Shared(str(name), given or f"{project}_{name}", tuple(s for s in subnets if s))
        )
    return tuple(found)


class _Reader:
    """Reads the services of one file, which may refer to each other."""

    def __init__(self, services: Document, values: Mapping[str, str]) -> None:
        self._services = services
        self._values = values
        self._names = {str(name): str(name) for name in services}
        for name, entry in services.items():
            for other in (text(entry, "container_name"), text(entry, "hostname")):
                if other:
                    self._names.setdefault(other, str(name))
            for network in table(entry, "networks").values():
                for alias in texts(network, "aliases"):
                    self._names.setdefault(alias, str(name))

    def service(self, name: str, entry: Document) -> Composed:
        whole = self._extended(entry, {name})
        needs: dict[str, Need] = {}
        for need in self._needs(name, whole):
            if need.to != name and need.to in self._services:
                needs.setdefault(need.to, need)
        replicas = number(whole, "deploy", "replicas") or number(whole, "scale")
        return Composed(
            name=name,
            image=text(whole, "image"),
            needs=tuple(needs.values()),
            outer=tuple(self._outer(whole)),
            volumes=tuple(dict.fromkeys(_named_volumes(whole))),
            networks=_keys(whole, "networks"),
            configuration=tuple(
                dict.fromkeys(
                    (kind, source)
                    for key, kind in (("configs", "config"), ("secrets", "secret"))
                    for source in (*texts(whole, key), *_sources(whole, key))
                )
            ),
            ports=tuple(dict.fromkeys(_ports(whole))),
            profiles=texts(whole, "profiles"),
            replicas=replicas or 1,
        )

    def _extended(self, entry: Document, seen: set[str]) -> Document:
        """The service with what it takes from another one of the same file."""
        extends = entry.get("extends")
        base = extends if isinstance(extends, str) else text(extends, "service")
        if not base or text(extends, "file") or base in seen or base not in self._services:
            return entry
        above = self._extended(table(self._services, base), seen | {base})
        own = {k: v for k, v in entry.items() if k != "extends"}
        return table(_merged(above, own))

    def _needs(self, name: str, entry: Document) -> Iterator[Need]:
        for other in _keys(entry, "depends_on"):
            how = table(entry, "depends_on", other)
            # What only has to have ended, or may be left out, is not needed while it runs.
            soft = (
                how.get("required") is False
                or text(how, "condition") == "service_completed_successfully"
            )
            yield Need(other, f"depends_on of {name}", soft, STATED)
        for link in texts(entry, "links"):
            yield Need(link.partition(":")[0], f"links of {name}", False, STATED)
        for other in texts(entry, "volumes_from"):
            yield Need(other.partition(":")[0], f"volumes_from of {name}", False, STATED)
        for key in ("network_mode", "pid", "ipc"):
            kind, _, other = text(entry, key).partition(":")
            if kind == "service":
                yield Need(other, f"{key} of {name}", False, STATED)
        for by, host, certain in self._hosts(entry):
            other = self._names.get(host, "")
            if other and self._can_reach(entry, other):
                yield Need(other, f"{by} of {name}", False, NAMED if certain else NAMED - 0.1)

    def _outer(self, entry: Document) -> Iterator[Outer]:
        found: dict[str, Outer] = {}
        for by, host, _ in self._hosts(entry):
            if host not in self._names and is_outside(host):
                found.setdefault(host, Outer(host, by))
        yield from found.values()

    def _hosts(self, entry: Document) -> Iterator[tuple[str, str, bool]]:
        """The hosts that variables and arguments name; whether more than a bare word says so."""
        for name, value in _environment(entry):
            by = f"the environment variable {name}"
            # An address that only the .env file knows is a value of it, and stays there.
            for host, plain in hosts_in(substituted(value, self._values)):
                if (is_hinted(name) or not plain) and (host in self._names or host in value):
                    yield by, host, not plain
        for name, value in arguments(_words(entry)):
            for host, plain in hosts_in(value):
                if not plain:
                    option = name if name.lstrip("-").replace("-", "").isalnum() else "an argument"
                    yield option, host, True

    def _can_reach(self, entry: Document, other: str) -> bool:
        """Whether two services share a network; without any they share that of the project."""
        mine = set(_keys(entry, "networks")) or {"default"}
        theirs = set(_keys(table(self._services, other), "networks")) or {"default"}
        return bool(mine & theirs)


def _keys(entry: Document, key: str) -> tuple[str, ...]:
    """The names in a list or the keys of a mapping."""
    return texts(entry, key) or tuple(str(k) for k in table(entry, key))


def _environment(entry: Document) -> Iterator[tuple[str, str]]:
    for line in texts(entry, "environment"):
        name, _, value = line.partition("=")
        yield name.strip(), value
    for name, held in table(entry, "environment").items():
        if isinstance(held, str):
            yield str(name), held


def _words(entry: Document) -> list[str]:
    found: list[str] = []
    for key in ("entrypoint", "command"):
        held = entry.get(key)
        if isinstance(held, str):
            found += held.split()
        else:
            found += [word for line in texts(entry, key) for word in line.split()]
    return found


def _named_volumes(entry: Document) -> Iterator[str]:
    """Volumes by name; a path of the host is none."""
    for line in texts(entry, "volumes"):
        source, colon, _ = line.partition(":")
        if colon and re.fullmatch(r"[A-Za-z0-9][\w.-]*", source):
            yield source
    for mount in tables(entry, "volumes"):
        if text(mount, "type") == "volume" and text(mount, "source"):
            yield text(mount, "source")


def _sources(entry: Document, key: str) -> Iterator[str]:
    for used in tables(entry, key):
        if source := text(used, "source"):
            yield source


def _ports(entry: Document) -> Iterator[str]:
    """Ports that are open on the host, as ``tcp/80``."""
    held = entry.get("ports")
    for port in held if isinstance(held, list) else ():
        if isinstance(port, dict):
            published, protocol = text(port, "published"), text(port, "protocol") or "tcp"
        else:
            line, _, protocol = str(port).partition("/")
            *outer, _ = line.split(":")
            published = outer[-1] if outer else ""
        if re.fullmatch(r"[0-9]+(?:-[0-9]+)?", published):
            yield f"{protocol or 'tcp'}/{published}"
