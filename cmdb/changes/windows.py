"""Maintenance, blackout and freeze windows: how they are added, and which hold for which items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cmdb.changes.recurrence import Recurrence, recurrence
from cmdb.changes.view import WindowType
from cmdb.errors import InvalidInput
from cmdb.items import Item
from cmdb.items.value import format_time, parse_time
from cmdb.records.actor import Actor
from cmdb.records.lifecycle import Values
from cmdb.records.records import open_record
from cmdb.service import Cmdb
from cmdb.store.port import ItemQuery
from cmdb.times import local_time
from impact.window import Window

KIND = "MaintenanceWindow"
TYPES: tuple[WindowType, ...] = ("maintenance", "blackout", "freeze")
FORBIDS = ("blackout", "freeze")
_PAGE = 200
_AHEAD = timedelta(days=366 * 5)
_PLACES = 8
"""How many steps an item's place is looked for: guest, server, rack, room, floor, site, region."""


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A stored window; ``scope`` has the ids of what it affects (none: everything)."""

    item: Item
    type: WindowType
    recurrence: Recurrence
    scope: frozenset[str]

    @property
    def called(self) -> str:
        """What people call it: its number, with what it is for."""
        about = self.item.properties.get("description")
        return f"{self.item.name} ({about})" if about else self.item.name

    def holds_for(self, places: Iterable[str]) -> bool:
        """Whether it concerns an item that is, or lies in, one of these."""
        return not self.scope or not self.scope.isdisjoint(places)

    def forbids(self, span: Window) -> Window | None:
        """The first occurrence that the span runs into; None where there is none."""
        return next(self.recurrence.occurrences(span.start, span.end), None)

    def allows(self, span: Window) -> bool:
        """Whether one of its occurrences holds the whole span."""
        found = self.recurrence.occurrences(span.start, span.end)
        return any(w.start <= span.start and span.end <= w.end for w in found)


async def add_window(
    cmdb: Cmdb,
    actor: Actor,
    window_type: str,
    start: str,
    end: str,
    *,
    zone: str = "UTC",
    rule: str | None = None,
    description: str = "",
    affects: Sequence[str] = (),
) -> Item:
    """Add a window, and give it back as it is stored.

    Times without an offset are on the clocks of the zone. ``affects`` are ids, identifiers or
    unique names of items, locations or services; none: everything. Raises
    :class:`~cmdb.errors.InvalidInput` for what :func:`~cmdb.changes.recurrence.recurrence` and
    :func:`~cmdb.changes.recurrence.local_time` refuse.
    """
    if window_type not in TYPES:
        raise InvalidInput(f"A window is a {', '.join(TYPES)}, not a {window_type!r}.")
    made = recurrence(local_time(start, zone), local_time(end, zone), zone, rule)
    items = [(await cmdb.find(text)).id for text in affects]
    given: dict[str, str | None] = {
        "window_type": window_type,
        "start_date": format_time(made.start),
        "end_date": format_time(made.end),
        "time_zone": zone,
        "recurrence": made.rule,
        "description": description or None,
    }
    values: Values = {name: value for name, value in given.items() if value is not None}
    link = [("AFFECTS", item) for item in items]
    return await open_record(cmdb, KIND, values, actor, link=link)


async def known_windows(cmdb: Cmdb) -> list[KnownWindow]:
    """All windows that are in force, by number. Two reads per 200 windows.

    One that another source stored and that can't be read holds for nothing.
    """
    items: list[Item] = []
    after: str | None = None
    while True:
        page = await cmdb.store.query(ItemQuery(kinds=(KIND,), limit=_PAGE, after=after))
        items += page.items
        if not page.has_next:
            break
        after = page.cursors[-1]
    links = await cmdb.store.links([i.id for i in items], "out", ["AFFECTS"]) if items else ()
    scopes: dict[str, set[str]] = {}
    for link in links:
        scopes.setdefault(link.from_id, set()).add(link.to_id)
    found = (read_window(item, frozenset(scopes.get(item.id, ()))) for item in items)
    return [window for window in found if window is not None]


def read_window(item: Item, scope: frozenset[str]) -> KnownWindow | None:
    """A window as its record has it; None for a record that can't be read."""
    props = item.properties
    kind, start, end = (props.get(n) for n in ("window_type", "start_date", "end_date"))
    zone, rule = props.get("time_zone", "UTC"), props.get("recurrence")
    if kind not in TYPES or not isinstance(start, str) or not isinstance(end, str):
        return None
    try:
        made = recurrence(
            parse_time(start),
            parse_time(end),
            zone if isinstance(zone, str) else "UTC",
            rule if isinstance(rule, str) else None,
        )
    except (InvalidInput, ValueError):
        return None
    return KnownWindow(item, kind, made, scope)


async def places_of(cmdb: Cmdb, items: Iterable[str]) -> dict[str, set[str]]:
    """For each item (id): itself, what it runs on, and the locations that all of it lies in.

    Two reads for each step up, for all items together.
    """
    found = {item: {item} for item in items}
    edge = {item: {item} for item in found}
    for _ in range(_PLACES):
        at = sorted(set().union(*edge.values()))
        if not at:
            break
        up: dict[str, set[str]] = {}
        for link in await cmdb.store.links(at, "out", ["LOCATED_IN", "HOSTED_ON", "RUNS_ON"]):
            up.setdefault(link.from_id, set()).add(link.to_id)
        for link in await cmdb.store.links(at, "in", ["CONTAINS"]):
            up.setdefault(link.to_id, set()).add(link.from_id)
        for item, places in found.items():
            edge[item] = {p for at in edge[item] for p in up.get(at, ())} - places
            places |= edge[item]
    return found


def occurrences(window: KnownWindow, since: datetime, until: datetime, most: int) -> list[Window]:
    """The first occurrences of a window that overlap a time."""
    found: list[Window] = []
    for occurrence in window.recurrence.occurrences(since, until):
        if len(found) == most:
            break
        found.append(occurrence)
    return found


def next_start(window: KnownWindow) -> datetime | None:
    """When a window begins next, or began if it holds now; None where it is over."""
    now = datetime.now(UTC)
    found = next(window.recurrence.occurrences(now, now + _AHEAD), None)
    return found.start if found is not None else None
