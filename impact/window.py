"""Windows: when a planned failure begins and ends, and how much of it is in business hours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

from cmdb.errors import InvalidInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(rf"({'|'.join(DAYS)})-({'|'.join(DAYS)}) (\d\d):(\d\d)-(\d\d):(\d\d)")


class Window(msgspec.Struct, frozen=True):
    """From ``start`` until before ``end``, both in UTC."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start) / timedelta(hours=1)

    def overlaps(self, other: Window) -> bool:
        """Whether some moment is in both; windows that only touch have none."""
        return self.start < other.end and other.start < self.end


def window(start: datetime, end: datetime) -> Window:
    """The window between two times; a time without an offset is taken as UTC.

    Raises :class:`~cmdb.errors.InvalidInput` where it does not end after it starts.
    """
    first, last = _utc(start), _utc(end)
    if last <= first:
        raise InvalidInput(
            f"A window must end after it starts; this one goes from {first.isoformat()} "
            f"to {last.isoformat()}."
        )
    return Window(first, last)


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


class BusinessHours(msgspec.Struct, frozen=True):
    """The hours in UTC, on certain days of the week (0: Monday), in which people work.

    ``start`` and ``end`` count from midnight; ``text`` is how it was given.
    """

    days: frozenset[int]
    start: timedelta
    end: timedelta
    text: str

    def hours_in(self, window: Window) -> float:
        """How many business hours a window has. The cost does not depend on how long it is."""
        weeks = (window.end - window.start) // timedelta(weeks=1)
        whole = len(self.days) * (self.end - self.start) * weeks
        rest = window.start + weeks * timedelta(weeks=1)
        day = rest.replace(hour=0, minute=0, second=0, microsecond=0)
        found = timedelta()
        while True:
            if day.weekday() in self.days:
                begins, ends = max(rest, day + self.start), min(window.end, day + self.end)
                found += max(ends - begins, timedelta())
            if window.end - day <= timedelta(days=1):
                return (whole + found) / timedelta(hours=1)
            day += timedelta(days=1)


def business_hours(text: str) -> BusinessHours:
    """The hours that a text such as ``mon-fri 08:00-18:00`` means; days may go over Sunday.

    Raises :class:`~cmdb.errors.InvalidInput` for any other text.
    """
    match = _HOURS.fullmatch(text.strip().casefold())
    if match is None:
        raise InvalidInput(f"Business hours are written like mon-fri 08:00-18:00, not {text!r}.")
    first, last = DAYS.index(match[1]), DAYS.index(match[2])
    start, end = (timedelta(hours=int(match[at]), minutes=int(match[at + 1])) for at in (3, 5))
    if not start < end <= timedelta(days=1) or int(match[4]) > 59 or int(match[6]) > 59:
        raise InvalidInput(f"Business hours must end after they start, before 24:00: {text!r}.")
    days = frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))
    return BusinessHours(days, start, end, match[0])
