"""When a window recurs: RFC 5545 rules on the clocks of an IANA time zone.

An occurrence begins at the same time on the wall clock and lasts exactly as long as the first one.
One that would begin at a time that the clocks skip is left out and is not counted, and one that
would begin at a time that comes twice begins at the first, as RFC 5545 (3.3.5, 3.3.10, 3.8.5.3)
has it. What is expanded is bounded: rules recur daily at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec
from dateutil.rrule import rrulestr

from cmdb.errors import InvalidInput
from cmdb.times import time_zone
from impact.window import Window

FIRST_YEAR = 1970
MOST_OCCURRENCES = 10_000
"""Occurrences that are counted through, at most."""
_LONGEST = MappingProxyType(
    {
        "DAILY": timedelta(days=1),
        "WEEKLY": timedelta(weeks=1),
        "MONTHLY": timedelta(days=31),
        "YEARLY": timedelta(days=366),
    }
)
FREQUENCIES = tuple(_LONGEST)
_USUAL = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY")
_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "DAILY": (*_USUAL, "BYMONTHDAY"),
        "WEEKLY": (*_USUAL, "BYSETPOS"),
        "MONTHLY": (*_USUAL, "BYMONTHDAY", "BYSETPOS"),
        "YEARLY": (*_USUAL, "BYMONTHDAY", "BYSETPOS", "BYYEARDAY", "BYWEEKNO"),
    }
)
"""What a rule may say, by its frequency. Times of day are those of the first occurrence."""
_DAYS_IN = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EXAMPLE = "FREQ=WEEKLY;BYDAY=SA"


class Recurrence(msgspec.Struct, frozen=True):
    """A span of time, in UTC, that recurs on the clocks of a zone; ``rule`` None: it does not."""

    start: datetime
    end: datetime
    zone: str
    rule: str | None = None

    def occurrences(self, since: datetime, until: datetime) -> Iterator[Window]:
        """Those that overlap the time from ``since`` until before ``until``, the first first."""
        lasts = self.end - self.start
        for start in self._starts(until):
            if start + lasts > since:
                yield Window(start, start + lasts)

    def _starts(self, until: datetime) -> Iterator[datetime]:
        if self.start >= until:
            return
        yield self.start
        if self.rule is None:
            return
        rule, count = _ruled(self)
        zone, found = time_zone(self.zone), 1
        first = self.start.astimezone(zone).replace(tzinfo=None, fold=0)
        for wall in rule:
            if wall <= first:
                continue
            start = wall.replace(tzinfo=zone).astimezone(UTC)
            if start >= until or found >= count:
                return
            if start.astimezone(zone).replace(tzinfo=None) != wall:
                continue  # the clocks skip it
            found += 1
            yield start


def recurrence(start: datetime, end: datetime, zone: str, rule: str | None = None) -> Recurrence:
    """A recurring span, checked.

    Raises :class:`~cmdb.errors.InvalidInput` for one that ends before it starts, an unknown zone,
    a rule that can't be read or never comes true, and one whose occurrences would run into each
    other.
    """
    time_zone(zone)
    if end <= start:
        raise InvalidInput(
            f"A window must end after it starts; this one goes from {start.isoformat()} to "
            f"{end.isoformat()}."
        )
    if start.year < FIRST_YEAR:
        raise InvalidInput(f"A window can't start before {FIRST_YEAR}, as in {start.isoformat()}.")
    if rule is None:
        return Recurrence(start, end, zone)
    made = Recurrence(start, end, zone, normal_rule(rule))
    _check_overlap(made)
    return made


def _check_overlap(made: Recurrence) -> None:
    previous: Window | None = None
    far = min(made.start + timedelta(days=366 * 5), datetime.max.replace(tzinfo=UTC))
    for number, found in enumerate(made.occurrences(made.start, far)):
        if previous is not None and found.start < previous.end:
            raise InvalidInput(
                f"The window lasts {made.end - made.start}, and recurs {found.start.isoformat()} "
                f"before that of {previous.start.isoformat()} has ended: {made.rule}."
            )
        previous = found
        if number >= 400:
            break


def normal_rule(text: str) -> str:
    """The rule as it is kept: upper case, without ``RRULE:``.

    Raises :class:`~cmdb.errors.InvalidInput` with what it may say.
    """
    rule = text.strip().upper().removeprefix("RRULE:").strip(";")
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise InvalidInput(f"{part!r} is no part of a rule such as {_EXAMPLE}: {text!r}.")
        if name in parts:
            raise InvalidInput(f"The rule says {name} twice: {text!r}.")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in _PARTS:
        raise InvalidInput(
            f"A window recurs {', '.join(FREQUENCIES)} (FREQ), not "
            f"{frequency or 'without a frequency'}: {text!r}."
        )
    for name in parts:
        if name not in _PARTS[frequency]:
            known = ", ".join(_PARTS[frequency])
            raise InvalidInput(f"A {frequency} rule can't say {name}; it can say {known}.")
    _check_numbers(parts, text)
    _check_days(parts, frequency, text)
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidInput(f"A rule has a COUNT or an UNTIL, not both: {text!r}.")
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _check_numbers(parts: Mapping[str, str], text: str) -> None:
    for name, most in (("INTERVAL", 1000), ("COUNT", MOST_OCCURRENCES)):
        value = parts.get(name, "1")
        if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:9]) <= most:
            raise InvalidInput(f"{name} is a number from 1 to {most}, not {value}: {text!r}.")
    limits = (
        ("BYMONTH", 1, 12),
        ("BYMONTHDAY", -31, 31),
        ("BYYEARDAY", -366, 366),
        ("BYWEEKNO", -53, 53),
        ("BYSETPOS", -366, 366),
    )
    for name, least, most in limits:
        for value in parts[name].split(",") if name in parts else ():
            number = _number(value)
            if number is None or not least <= number <= most or number == 0:
                span = f"from {least} to {most}" + (", not 0" if least < 0 else "")
                raise InvalidInput(f"{name} has numbers {span}, not {value}: {text!r}.")


def _number(text: str) -> int | None:
    digits = text[1:] if text[:1] in ("+", "-") else text
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 5 else None


def _check_days(parts: Mapping[str, str], frequency: str, text: str) -> None:
    for value in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        place, day = value[:-2], value[-2:]
        if day not in ("MO", "TU", "WE", "TH", "FR", "SA", "SU"):
            raise InvalidInput(f"BYDAY has days such as MO or -1SU, not {value}: {text!r}.")
        if place and (frequency not in ("MONTHLY", "YEARLY") or not _number(place)):
            raise InvalidInput(f"A {frequency} rule can't have the day {value}: {text!r}.")
    if "BYMONTH" in parts and "BYMONTHDAY" in parts:
        longest = max(_DAYS_IN[int(month) - 1] for month in parts["BYMONTH"].split(","))
        if all(abs(int(day)) > longest for day in parts["BYMONTHDAY"].split(",")):
            raise InvalidInput(f"No month of the rule has such a day: {text!r}.")


def _ruled(made: Recurrence) -> tuple[Iterator[datetime], int]:
    """The rule's times on the wall clock, and how many occurrences there are at most."""
    assert made.rule is not None
    zone, parts = time_zone(made.zone), dict(p.split("=", 1) for p in made.rule.split(";"))
    count = int(parts.pop("COUNT", 10**9))
    if "UNTIL" in parts:
        parts["UNTIL"] = _until(parts["UNTIL"], zone)
    first = made.start.astimezone(zone).replace(tzinfo=None, fold=0)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        return iter(rrulestr(text, dtstart=first)), count
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"The rule {made.rule!r} can't be read: {error}.") from None


def _until(text: str, zone: ZoneInfo) -> str:
    """UNTIL on the wall clock: it is a date, or a time in UTC where it ends in Z."""
    for shape in ("%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ"):
        try:
            read = datetime.strptime(text, shape)  # noqa: DTZ007 - made aware below where it is UTC
        except ValueError:
            continue
        if shape == "%Y%m%d":
            read = read.replace(hour=23, minute=59, second=59)
        if shape.endswith("Z"):
            read = read.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        return read.strftime("%Y%m%dT%H%M%S")
    raise InvalidInput(f"UNTIL is a date or time such as 20261231 or 20261231T220000Z, not {text}.")
