"""Rows of a store become columns: each is read as far as an analysis needs it, and once."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, TypeVar

import msgspec

from cmdb.items import Gate, Item, ItemStatus, Link

Seen = Mapping[int, int]
"""When a source last saw a thing (microseconds since 1970), by the position of its report."""

STATUSES = tuple(ItemStatus)

NEVER = -1
"""The time at which what nobody reports was last seen."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

K = TypeVar("K", bound=Hashable)


class _Report(msgspec.Struct, frozen=True, gc=False):
    source: str
    last_seen: str


class _ItemRow(msgspec.Struct, frozen=True, gc=False):
    id: str
    kind: str
    name: str
    status: str
    reports: tuple[_Report, ...] = ()


class _LinkRow(msgspec.Struct, frozen=True, gc=False):
    relation: str
    from_id: str
    to_id: str
    status: Literal["active", "missing", "retired"] = "active"
    strength: Literal["hard", "soft"] = "hard"
    gate: Gate | None = None
    weight: float = 1.0
    confidence: float = 1.0
    reports: tuple[_Report, ...] = ()


_item_row = msgspec.json.Decoder(_ItemRow)
_link_row = msgspec.json.Decoder(_LinkRow)


class Terms(NamedTuple):
    """What a link says beyond its relation, ends and times; few links say it alone."""

    status: Literal["active", "missing", "retired"]
    strength: Literal["hard", "soft"]
    gate: Gate | None
    weight: float
    confidence: float
    sources: tuple[str, ...]


class Codes(dict[K, int]):
    """Numbers from 0 for whatever is asked for, in the order in which it first was."""

    def __missing__(self, key: K) -> int:
        number = self[key] = len(self)
        return number


class _Times(dict[str, int]):
    """Microseconds since 1970 by ISO 8601 text; many things were seen at the same time."""

    def __missing__(self, text: str) -> int:
        number = self[text] = micros(datetime.fromisoformat(text))
        return number


def micros(time: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (time - _EPOCH) // _MICROSECOND


def time_of(number: int) -> datetime | None:
    """The time of :func:`micros`; None for NEVER."""
    return None if number == NEVER else _EPOCH + timedelta(microseconds=number)


@dataclass(slots=True)
class Draft:
    """Columns that grow by one row at a time: first all items, then all links.

    Items get their final places, sorted by id, with the first link. A link that is retired, or that
    has an end which is not among the items, is left out.
    """

    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    bodies: list[str | Item] = field(default_factory=list)
    touched: dict[int, Seen] = field(default_factory=dict)
    kinds: array[int] = field(default_factory=lambda: array("H"))
    statuses: array[int] = field(default_factory=lambda: array("B"))
    item_seen: array[int] = field(default_factory=lambda: array("q"))
    kind_codes: Codes[str] = field(default_factory=Codes)
    place: dict[str, int] = field(default_factory=dict)

    relations: array[int] = field(default_factory=lambda: array("H"))
    starts: array[int] = field(default_factory=lambda: array("I"))
    ends: array[int] = field(default_factory=lambda: array("I"))
    terms: array[int] = field(default_factory=lambda: array("I"))
    link_seen: array[int] = field(default_factory=lambda: array("q"))
    relation_codes: Codes[str] = field(default_factory=Codes)
    term_codes: Codes[Terms] = field(default_factory=Codes)

    _status_codes: dict[str, int] = field(
        default_factory=lambda: {status.value: n for n, status in enumerate(STATUSES)}
    )
    _times: _Times = field(default_factory=_Times)
    _sources: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def item(self, body: str, seen: Seen | None = None) -> None:
        """Add an item, given as its JSON and what touched it since.

        Raises :class:`msgspec.DecodeError` where it is not JSON, and adds nothing then.
        """
        row = _item_row.decode(body)
        if seen:
            self.touched[len(self.ids)] = seen
        self._add_item(row, body, self._last_seen(row.reports, seen))

    def whole_item(self, item: Item) -> None:
        """Add an item that is there already."""
        last_seen = item.last_seen
        self._add_item(item, item, NEVER if last_seen is None else micros(last_seen))

    def link(self, body: str, seen: Seen | None = None) -> None:
        """Add a link, given as its JSON and what touched it since. Raises as :meth:`item`."""
        row = _link_row.decode(body)
        self._add_link(row, self._sources_of(row.reports), self._last_seen(row.reports, seen))

    def whole_link(self, link: Link) -> None:
        """Add a link that is there already."""
        last_seen = link.last_seen
        self._add_link(link, link.sources, NEVER if last_seen is None else micros(last_seen))

    def settle_items(self) -> None:
        """Give the items their places. Done once, before the first link."""
        if any(one > other for one, other in zip(self.ids, self.ids[1:], strict=False)):
            order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
            back = {old: new for new, old in enumerate(order)}
            self.touched = {back[at]: seen for at, seen in self.touched.items()}
            self.ids = [self.ids[at] for at in order]
            self.names = [self.names[at] for at in order]
            self.bodies = [self.bodies[at] for at in order]
            for column in (self.kinds, self.statuses, self.item_seen):
                column[:] = array(column.typecode, [column[at] for at in order])
        self.place = {item: at for at, item in enumerate(self.ids)}

    def _add_item(self, row: _ItemRow | Item, body: str | Item, last_seen: int) -> None:
        self.ids.append(row.id)
        self.names.append(row.name)
        self.bodies.append(body)
        self.kinds.append(self.kind_codes[row.kind])
        self.statuses.append(self._status_codes[row.status])
        self.item_seen.append(last_seen)

    def _add_link(self, row: _LinkRow | Link, sources: tuple[str, ...], last_seen: int) -> None:
        if not self.place:
            self.settle_items()
        start, end = self.place.get(row.from_id), self.place.get(row.to_id)
        if row.status == "retired" or start is None or end is None:
            return
        terms = Terms(row.status, row.strength, row.gate, row.weight, row.confidence, sources)
        self.relations.append(self.relation_codes[row.relation])
        self.starts.append(start)
        self.ends.append(end)
        self.terms.append(self.term_codes[terms])
        self.link_seen.append(last_seen)

    def _last_seen(self, reports: Sequence[_Report], seen: Seen | None) -> int:
        if len(reports) == 1 and not seen:
            return self._times[reports[0].last_seen]
        found = max((self._times[report.last_seen] for report in reports), default=NEVER)
        return max((found, *(at for n, at in (seen or {}).items() if n < len(reports))))

    def _sources_of(self, reports: Sequence[_Report]) -> tuple[str, ...]:
        if len(reports) != 1:
            return tuple(sorted({report.source for report in reports}))
        source = reports[0].source
        found = self._sources.get(source)
        if found is None:
            found = self._sources[source] = (source,)
        return found
