"""When a service is agreed to be up: its service hours, less the maintenance that was agreed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from cmdb.changes.windows import read_window
from cmdb.errors import InvalidInput
from cmdb.items import Item
from cmdb.reports.desk import Desk
from cmdb.times import time_zone

Spans = list[tuple[datetime, datetime]]
"""Spans of time, each from its start until before its end, in order and apart from each other."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = ("24x7", "24/7")
_RULE = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d:\d\d)-(\d\d:\d\d)")
_EXAMPLE = "24x7, or Mon-Fri 08:00-18:00, Sat 09:00-13:00 Europe/Berlin"


def service_hours(text: str, since: datetime, until: datetime) -> Spans:
    """The spans of service hours between two times.

    They are written as ``24x7``, or as days and times on the clocks of a zone (UTC where none is
    named), separated by commas; hours that end before they start end on the next day. Raises
    :class:`~cmdb.errors.InvalidInput` for what can't be read.

    >>> day = datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)
    >>> [(str(a.time()), str(b.time())) for a, b in service_hours("Fri 22:00-02:00", *day)]
    [('22:00:00', '00:00:00')]
    """
    if text.strip().casefold() in ALWAYS:
        return [(since, until)]
    words, _, last = text.strip().rpartition(" ")
    named = "/" in last or last == "UTC"
    zone = time_zone(last if named else "UTC")
    rules = [_rule(part.strip()) for part in (words if named else text).split(",")]
    found: Spans = []
    day = since.astimezone(zone).date() - timedelta(days=1)
    while day <= until.astimezone(zone).date():
        for days, start, lasts in rules:
            if day.weekday() in days:
                begin = datetime.combine(day, start)
                found.append(
                    (
                        begin.replace(tzinfo=zone).astimezone(UTC),
                        (begin + lasts).replace(tzinfo=zone).astimezone(UTC),
                    )
                )
        day += timedelta(days=1)
    return meet(union(found), [(since, until)])


def _rule(text: str) -> tuple[frozenset[int], time, timedelta]:
    found = _RULE.fullmatch(text.casefold())
    if found is None:
        raise InvalidInput(f"Service hours can't be read at {text!r}; write {_EXAMPLE}.")
    first, last, start, end = found.groups()
    named = [day for day in (first, last) if day is not None]
    for day in named:
        if day not in DAYS:
            raise InvalidInput(f"{day.title()!r} is no day of service hours; write {_EXAMPLE}.")
    lasts = _clock(end) - _clock(start)
    if lasts <= timedelta():
        lasts += timedelta(days=1)
    at = (datetime.combine(date.min, time()) + _clock(start) % timedelta(days=1)).time()
    if not named:
        return frozenset(range(7)), at, lasts
    low, high = DAYS.index(named[0]), DAYS.index(named[-1])
    days = range(low, high + 1) if low <= high else (*range(low, 7), *range(high + 1))
    return frozenset(days), at, lasts


def _clock(text: str) -> timedelta:
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes > 59 or hours > 24 or (hours == 24 and minutes):
        raise InvalidInput(f"{text} is no time of day in service hours; write {_EXAMPLE}.")
    return timedelta(hours=hours, minutes=minutes)


def agreed_time(desk: Desk, service: Item) -> tuple[Spans, tuple[str, ...]]:
    """When a service was agreed to be up in the report's window, and what of that can't be read.

    Its hours are those of the offerings that it contributes to, together; all of the window where
    none has any. Maintenance windows of the service, of these offerings and of everything are
    taken off, as they stand at the report's revision.
    """
    offerings = desk.ends(service, "CONTRIBUTES_TO")
    whole = [(desk.since, desk.until)]
    spans: Spans = []
    complaints: list[str] = []
    for offering in offerings:
        hours = offering.properties.get("service_hours")
        if isinstance(hours, str):
            try:
                spans += service_hours(hours, desk.since, desk.until)
            except InvalidInput as error:
                complaints.append(f"{offering.name}: {error}")
    agreed = union(spans) if spans and not complaints else whole
    return minus(agreed, _maintenance(desk, {service.id, *(o.id for o in offerings)})), tuple(
        complaints
    )


def _maintenance(desk: Desk, concerned: set[str]) -> Spans:
    found: Spans = []
    for record in desk.by_kind.get("MaintenanceWindow", ()):
        scope = frozenset(end.id for end in desk.ends(record, "AFFECTS"))
        window = read_window(record, scope)
        if window is not None and window.type == "maintenance" and window.holds_for(concerned):
            found += [
                (w.start, w.end) for w in window.recurrence.occurrences(desk.since, desk.until)
            ]
    return union(found)


def union(spans: Sequence[tuple[datetime, datetime]]) -> Spans:
    """The times that are in at least one of the spans. O(n log n).

    >>> at = lambda hour: datetime(2026, 1, 1, hour, tzinfo=UTC)
    >>> hours(union([(at(1), at(3)), (at(2), at(4)), (at(6), at(7))]))
    4.0
    """
    found: Spans = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def meet(one: Spans, other: Spans) -> Spans:
    """The times that are in both. O(n + m)."""
    found: Spans = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def minus(one: Spans, other: Spans) -> Spans:
    """The times that are in the first and not in the second. O(n + m)."""
    if not one:
        return []
    edges = [one[0][0], *(edge for span in other for edge in span), one[-1][1]]
    outside = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    return meet(one, outside)


def hours(spans: Spans) -> float:
    """How many hours the spans are together."""
    return sum((end - start for start, end in spans), timedelta()) / timedelta(hours=1)
