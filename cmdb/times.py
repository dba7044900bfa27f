"""Times as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cmdb.errors import InvalidInput, Problem, did_you_mean, nearest
from cmdb.items.value import parse_time

MAX_DURATION = 1_000_000
"""Units at most, of whichever."""


@overload
def read_time(text: str, what: str) -> datetime: ...
@overload
def read_time(text: None, what: str) -> None: ...


def read_time(text: str | None, what: str) -> datetime | None:
    """The time that an ISO 8601 text means, in UTC; None for None.

    Raises :class:`~cmdb.errors.InvalidInput` that names ``what`` was given.
    """
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise InvalidInput("A time can't be read.", [Problem(str(error), field=what)]) from None


_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def read_duration(text: str) -> timedelta:
    """The length of time that a text such as ``90s``, ``15m``, ``6h``, ``1d`` or ``2w`` means.

    Raises ValueError with what would be right.

    >>> read_duration("1.5h")
    datetime.timedelta(seconds=5400)
    """
    found = _DURATION.match(text.strip())
    if found is None or float(found[1]) > MAX_DURATION:
        raise ValueError(f"must be a length of time such as 90s, 15m, 6h or 1d, not {text!r}")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


@cache
def time_zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name.

    Raises :class:`~cmdb.errors.InvalidInput` with the nearest ones.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = sorted(available_timezones())
        by_name = {zone.casefold(): zone for zone in zones}
        cities = {zone.rsplit("/", 1)[-1].casefold(): zone for zone in zones}
        wanted = name.strip().casefold().replace(" ", "_")
        close = [by_name[z] for z in nearest(wanted, by_name)]
        close += [cities[c] for c in nearest(wanted.rsplit("/", 1)[-1], cities, cutoff=0.75)]
        hint = did_you_mean(tuple(dict.fromkeys(close))[:3])
        raise InvalidInput(
            f"There is no time zone {name!r}{hint} Zones are named as in Europe/Berlin."
        ) from None


def local_time(text: str, zone: str) -> datetime:
    """The time, in UTC, that a text means: one with an offset, or one on the clocks of the zone.

    Raises :class:`~cmdb.errors.InvalidInput` for a time that the clocks skip. One that comes twice
    is the first of both.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"{text!r} is no time; write it like 2026-11-28T22:00, or with an offset."
        ) from None
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    return on_clocks(read, zone)


def on_clocks(read: datetime, zone: str) -> datetime:
    """The moment, in UTC, at which the clocks of a zone show a time.

    Raises :class:`~cmdb.errors.InvalidInput` for a time that the clocks skip. One that comes twice
    is the first of both.
    """
    here = time_zone(zone)
    time = read.replace(tzinfo=here).astimezone(UTC)
    seen = time.astimezone(here)
    if seen.replace(tzinfo=None) != read:
        raise InvalidInput(
            f"{read:%Y-%m-%d %H:%M} does not exist in {zone}: the clocks skip it. The same moment "
            f"would be {seen:%H:%M} there."
        )
    return time
