"""The records that a report is computed from: all of them as they were at a revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean, median

from cmdb.catalogue import Catalogue, Category
from cmdb.items import Item, ItemStatus, Link
from cmdb.items.value import parse_time
from cmdb.reports.report import Measure
from cmdb.revisions.views import snapshot
from cmdb.store.port import Store

SHOWN = 20
"""Numbers of records that a figure names; n counts all."""


@dataclass
class Desk:
    """The records and configuration items at a revision, and the window of the report."""

    catalogue: Catalogue
    since: datetime
    until: datetime
    items: dict[str, Item] = field(default_factory=dict)
    by_kind: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))
    outgoing: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))
    incoming: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    async def read(
        cls, store: Store, catalogue: Catalogue, revision: int, since: datetime, until: datetime
    ) -> Desk:
        """Everything that is not retired, as it was after ``revision``. O(items + links)."""
        desk = cls(catalogue, since, until)
        async for entity in snapshot(store, revision):
            if isinstance(entity, Item) and entity.status is not ItemStatus.RETIRED:
                desk.items[entity.id] = entity
                desk.by_kind[entity.kind].append(entity)
            elif isinstance(entity, Link) and entity.status != "retired":
                desk.outgoing[entity.from_id].append(entity)
                desk.incoming[entity.to_id].append(entity)
        for records in desk.by_kind.values():
            records.sort(key=lambda item: (item.name, item.id))
        return desk

    @property
    def days(self) -> float:
        """How long the window is."""
        return (self.until - self.since) / timedelta(days=1)

    def within(self, kind: str, time: str) -> list[Item]:
        """The records of a kind whose property ``time`` lies in the window."""
        return [r for r in self.by_kind.get(kind, ()) if self.holds(when(r, time))]

    def holds(self, time: datetime | None) -> bool:
        """Whether a time lies in the window."""
        return time is not None and self.since <= time < self.until

    def cis(self) -> list[Item]:
        """All configuration items."""
        kinds = {r.name for r in self.catalogue.of_category(Category.CI)}
        return [item for kind in sorted(kinds) for item in self.by_kind.get(kind, ())]

    def ends(self, item: Item, *relations: str) -> list[Item]:
        """What the item is linked to by these relations."""
        links = self.outgoing.get(item.id, ())
        found = [self.items.get(k.to_id) for k in links if k.relation in relations]
        return [end for end in found if end is not None]

    def linked_from(self, item: Item, *relations: str) -> list[Item]:
        """What is linked to the item by these relations."""
        links = self.incoming.get(item.id, ())
        found = [self.items.get(k.from_id) for k in links if k.relation in relations]
        return [end for end in found if end is not None]


def when(record: Item, name: str) -> datetime | None:
    """A time that a record has; None where it has none."""
    value = record.properties.get(name)
    return parse_time(value) if isinstance(value, str) else None


def hours(record: Item, start: str, end: str) -> float | None:
    """The hours between two times of a record, where it has both."""
    first, last = when(record, start), when(record, end)
    return None if first is None or last is None else (last - first) / timedelta(hours=1)


def numbers(records: Iterable[Item]) -> tuple[str, ...]:
    """The numbers of the first of these records."""
    return tuple([r.name for r in records][:SHOWN])


def durations(
    name: str, records: Sequence[Item], start: str, end: str, sentence: str
) -> tuple[Measure, Measure]:
    """The mean and the median hours between two times of the records that have both."""
    known = [(h, r) for r in records if (h := hours(r, start, end)) is not None]
    values = [h for h, _ in known]
    shown = numbers(r for _, r in known)
    return (
        _hours(f"{name}, mean", fmean(values) if values else None, len(values), sentence, shown),
        _hours(f"{name}, median", median(values) if values else None, len(values), sentence, shown),
    )


def _hours(
    name: str, value: float | None, n: int, sentence: str, records: tuple[str, ...]
) -> Measure:
    return Measure(name, None if value is None else round(value, 2), "h", n, sentence, records)


def share(
    name: str, records: Sequence[Item], holds: Callable[[Item], bool], sentence: str
) -> Measure:
    """Which percentage of the records it holds for; the records named are those."""
    found = [record for record in records if holds(record)]
    value = round(100 * len(found) / len(records), 1) if records else None
    return Measure(name, value, "%", len(records), sentence, numbers(found))


def count(name: str, records: Sequence[Item], sentence: str) -> Measure:
    """How many records there are."""
    return Measure(name, float(len(records)), "records", len(records), sentence, numbers(records))


def says(name: str, *values: object) -> Callable[[Item], bool]:
    """Whether a record's property has one of these values; without any, whether it has one."""

    def test(record: Item) -> bool:
        value = record.properties.get(name)
        return value in values if values else value not in (None, "", [])

    return test
