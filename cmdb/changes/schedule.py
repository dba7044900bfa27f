"""The change calendar: changes and windows between two times."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cmdb.changes.conflicts import changes_in, items_of, window_of
from cmdb.changes.view import CalendarEntry, ChangeCalendar
from cmdb.changes.windows import KnownWindow, known_windows, occurrences
from cmdb.errors import InvalidInput
from cmdb.service import Cmdb
from impact.window import Window, window

USUAL = timedelta(days=14)
MOST_ENTRIES = 500
LONGEST = timedelta(days=366 * 2)
SHOWN_STATES = ("new", "assess", "authorize", "scheduled", "implement", "review", "closed")
_SHOWN_ITEMS = 5


async def change_calendar(
    cmdb: Cmdb,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    limit: int = MOST_ENTRIES,
) -> ChangeCalendar:
    """The changes and windows between two times (now and two weeks later, unless told), in order.

    Raises :class:`~cmdb.errors.InvalidInput` where the end is not after the start, or more than two
    years are asked for.
    """
    first = start or datetime.now(UTC)
    span = window(first, end or first + USUAL)
    if span.end - span.start > LONGEST:
        raise InvalidInput("A calendar shows two years at most; ask for less.")
    rows = [*await _changes(cmdb, span), *await _windows(cmdb, span, limit)]
    found = heapq.nsmallest(limit + 1, rows, key=lambda row: (row.start, row.type, row.number))
    return ChangeCalendar(span.start, span.end, tuple(found[:limit]), len(found) > limit)


async def _changes(cmdb: Cmdb, span: Window) -> list[CalendarEntry]:
    rows = [(c, window_of(c.properties)) for c in await changes_in(cmdb, SHOWN_STATES)]
    near = [(change, w) for change, w in rows if w is not None and w.overlaps(span)]
    items = await items_of(cmdb, [change.id for change, _ in near])
    return [
        CalendarEntry(
            type="change",
            number=change.name,
            about=str(change.properties.get("short_description", "")),
            start=when.start,
            end=when.end,
            state=_text(change.properties.get("state")),
            risk=_text(change.properties.get("risk")),
            items=_names(item.name for item in items.get(change.id, ())),
        )
        for change, when in near
    ]


async def _windows(cmdb: Cmdb, span: Window, limit: int) -> list[CalendarEntry]:
    known = await known_windows(cmdb)
    scopes = await cmdb.store.items({item for w in known for item in w.scope})
    return [
        _entry(found, when, _names(scopes[i].name for i in found.scope if i in scopes))
        for found in known
        for when in occurrences(found, span.start, span.end, limit + 1)
    ]


def _entry(found: KnownWindow, when: Window, names: tuple[str, ...]) -> CalendarEntry:
    about = _text(found.item.properties.get("description")) or ""
    return CalendarEntry(
        found.type, found.item.name, about, when.start, when.end, None, None, names
    )


def _names(names: Iterable[str]) -> tuple[str, ...]:
    found = sorted(names)
    if len(found) > _SHOWN_ITEMS:
        return (*found[:_SHOWN_ITEMS], f"{len(found) - _SHOWN_ITEMS} more")
    return tuple(found)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
