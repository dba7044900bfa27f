"""Records of another tool, as a mapping has them, become observations. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput
from cmdb.identity.identifiers import namespace_of, normalise
from cmdb.items import ItemObservation, LinkObservation, Observation
from cmdb.items.value import Value
from discovery.record_mapping import ANY, FIELD, LinkRule, RecordMapping, RecordType, When, typed
from discovery.scanner import Parsed

MOST_FLAWS = 20
"""Records of a page that are told of one by one."""

Fields = Mapping[str, Any]


class RecordPage(msgspec.Struct, frozen=True):
    """Records as a tool gave them. ``site`` is the host or account that they are kept in, ``type``
    the type of the mapping they are of (empty: each of the first type that it fits)."""

    site: str
    type: str
    records: list[dict[str, Any]]


def parse_page(
    page: RecordPage, mapping: RecordMapping, source: str, scope: str, time: datetime
) -> Parsed:
    """The observations of a page.

    Never ``full``: a tool archives and hides records, so that what it does not show is not gone.
    """
    work = _Page(page, mapping, source, time)
    for record in page.records:
        work.add(record)
    return Parsed(scope, tuple(work.observations), full=False, notes=tuple(work.told()))


@dataclass(slots=True)
class _Page:
    page: RecordPage
    mapping: RecordMapping
    source: str
    time: datetime
    observations: list[Observation] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)

    def told(self) -> Iterator[str]:
        """The notes, and the first flaws with the number of the rest."""
        yield from self.notes
        yield from self.flaws[:MOST_FLAWS]
        if (more := len(self.flaws) - MOST_FLAWS) > 0:
            yield f"… and {more} more like these on one page."

    def add(self, record: Fields) -> None:
        kind = self._type(record)
        if kind is None:
            return
        own = filled(kind.id, record)
        key = self._key(own or "")
        if own is None or key is None:
            self.flaws.append(
                f"A record of type {kind.name} has no id ({kind.id}); it is left out."
            )
            return
        if kind.kind is not None:
            self.observations.append(self._item(kind, record, own, key))
        self.observations.extend(self._links(kind, record, key))

    def _type(self, record: Fields) -> RecordType | None:
        if self.page.type:
            kind = self.mapping.type(self.page.type)
            return kind if _fits(kind.when, record) else None
        for kind in self.mapping.types:
            if _fits(kind.when, record):
                return kind
        asked = dict.fromkeys(path for kind in self.mapping.types for path in kind.when)
        said = ", ".join(f"{path} is {first(path, record)!r}" for path in asked)
        self.notes[f"Records whose {said} fit no type of {self.mapping.file}: left out."] = None
        return None

    def _key(self, own: str) -> str | None:
        try:
            return (
                normalise(f"key:{self.source}/{self.page.site}/{own}", builtin()) if own else None
            )
        except InvalidInput:
            return None

    def _item(self, kind: RecordType, record: Fields, own: str, key: str) -> ItemObservation:
        number = filled(kind.number, record) if kind.number else None
        called = number or own
        properties: dict[str, Value | None] = {"name": called, "number": called}
        declared = builtin().kind(kind.kind or "").properties
        if "correlation_id" in declared:
            properties["correlation_id"] = own
        for name in kind.properties:
            value = self._value(kind, name, record, called)
            if value is not _UNSEEN:
                properties[name] = value  # type: ignore[assignment]  # a value or None by now
        return ItemObservation(
            kind=kind.kind or "",
            identifiers=tuple(filter(None, dict.fromkeys((key, self._key(called))))),
            source=self.source,
            time=self.time,
            properties=properties,
            scope=self.page.site,
            complete=self.mapping.complete(kind),
        )

    def _value(self, kind: RecordType, name: str, record: Fields, called: str) -> object:
        """A property's value, None where it has none now, _UNSEEN where nothing tells."""
        prop = builtin().kind(kind.kind or "").properties[name]
        paths = kind.properties[name]
        said = [v for path in paths for v in walk(path, record) if v not in (None, "", [], {})]
        if not said:
            return None if any(is_told(path, record) for path in paths) else _UNSEEN
        value: object = said if prop.type.value == "strings" else said[0]
        if name in kind.values:
            table = kind.values[name]
            known = next((str(one) for one in said if str(one) in table), ANY)
            if known not in table:
                self.notes[
                    f"{kind.kind} {name}: {self.mapping.file} says nothing of {said[0]!r} "
                    f"([{kind.name}.values.{name}]); such records come without it."
                ] = None
                return None
            value = table[known]
        try:
            return typed(prop, value)
        except ValueError as error:
            self.flaws.append(f"{called}: {name} {error}; it comes without it.")
            return None

    def _links(self, kind: RecordType, record: Fields, key: str) -> Iterator[LinkObservation]:
        seen: set[tuple[str, object]] = set()
        for rule in kind.links:
            for row in _rows(rule.each, record):
                if not _fits(rule.when, row):
                    continue
                link = self._link(rule, row, key)
                if (
                    link is not None
                    and (mark := (link.relation, link.to_any or link.to_key)) not in seen
                ):
                    seen.add(mark)
                    yield link

    def _link(self, rule: LinkRule, row: Fields, key: str) -> LinkObservation | None:
        if rule.record:
            end = self._key(filled(rule.record, row) or "")
            if end is None or end == key:
                return None
            return LinkObservation(
                rule.relation, key, end, self.source, self.time, scope=self.page.site
            )
        called = [text for template in rule.to if (text := filled(template, row)) is not None]
        leads_to = [self.mapping.items[text] for text in called if text in self.mapping.items]
        candidates = tuple(dict.fromkeys((*leads_to, *called)))
        if not candidates:
            return None
        return LinkObservation(
            rule.relation,
            key,
            _identifier(candidates),
            self.source,
            self.time,
            scope=self.page.site,
            to_any=candidates,
        )


_UNSEEN = object()


def _identifier(texts: Sequence[str]) -> str:
    """The first that is an identifier; empty where there are names only."""
    for text in texts:
        if ":" in text and namespace_of(text) in builtin().namespaces:
            try:
                return normalise(text, builtin())
            except InvalidInput:
                continue
    return ""


def _rows(each: str, record: Fields) -> Iterator[Fields]:
    """What a link rule's fields are of: the record, or every entry of a list in it."""
    if not each:
        yield record
        return
    for entry in walk(each, record):
        if entry is not None:
            yield entry if isinstance(entry, Mapping) else {"value": entry}


def _fits(when: When, record: Fields) -> bool:
    return all(
        any(str(value) in allowed for value in walk(path, record)) for path, allowed in when.items()
    )


def filled(template: str, record: Fields) -> str | None:
    """A template with the record's values in it; None where one of them is missing or empty.

    >>> filled("fqdn:{ci.fqdn}", {"ci": {"fqdn": "web1.example.org"}})
    'fqdn:web1.example.org'
    """
    values = {path: first(path, record) for path in FIELD.findall(template)}
    if any(value is None for value in values.values()):
        return None
    return FIELD.sub(lambda match: values[match[1]] or "", template).strip() or None


def first(path: str, record: Fields) -> str | None:
    """The first value at a path that is no object and not empty, as text."""
    for value in walk(path, record):
        if value not in (None, "") and not isinstance(value, Mapping):
            return str(value).strip() or None
    return None


def walk(path: str, value: object) -> Iterator[Any]:
    """Every value at a path; entries of lists count each. Nothing where the path leads nowhere.

    A key may have dots in it, as dot-walked fields do; the longest that is there holds.

    >>> list(walk("who.name", {"who": [{"name": "Ada"}, {"name": "Bob"}]}))
    ['Ada', 'Bob']
    >>> list(walk("ci.ip.value", {"ci": {"value": "7"}, "ci.ip": {"value": "192.0.2.1"}}))
    ['192.0.2.1']
    """
    if isinstance(value, list):
        for entry in value:
            yield from walk(path, entry)
        return
    if not path:
        yield value
        return
    if not isinstance(value, Mapping):
        return
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in value:
            yield from walk(".".join(parts[length:]), value[key])
            return


def only(record: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """What of a record is at paths: for tools that give more than they are asked for.

    >>> only({"id": 1, "who": [{"name": "Ada", "key": "secret"}], "key": "s"}, ["id", "who.name"])
    {'id': 1, 'who': [{'name': 'Ada'}]}
    """
    return _only(record, [tuple(path.split(".")) for path in paths])  # type: ignore[no-any-return]  # an object stays one


def _only(value: Any, paths: Sequence[tuple[str, ...]]) -> Any:
    if isinstance(value, list):
        return [_only(entry, paths) for entry in value]
    if not isinstance(value, Mapping):
        return value
    found = {}
    for name, inner in value.items():
        below = [path[1:] for path in paths if path[0] == name]
        if below:
            found[name] = inner if () in below else _only(inner, below)
    return found


def is_told(path: str, value: object) -> bool:
    """Whether a record says something of a path, be it that there is nothing.

    >>> is_told("who.name", {"who": None}), is_told("who.name", {})
    (True, False)
    """
    if value in (None, "", []) or not path:
        return True
    if isinstance(value, list):
        return any(is_told(path, entry) for entry in value)
    if not isinstance(value, Mapping):
        return False
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in value:
            return is_told(".".join(parts[length:]), value[key])
    return False
