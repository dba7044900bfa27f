"""Recurrences against a brute force by days, and the clocks that jump."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.changes.recurrence import normal_rule, recurrence
from cmdb.errors import InvalidInput
from cmdb.times import local_time, time_zone

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
HOUR = timedelta(hours=1)


def starts(
    start: str, zone: str, rule: str, *, lasts: timedelta = HOUR, most: int = 6
) -> list[str]:
    first = local_time(start, zone)
    made = recurrence(first, first + lasts, zone, rule)
    found = made.occurrences(first, first + timedelta(days=4000))
    here = ZoneInfo(zone)
    return [f"{w.start.astimezone(here):%Y-%m-%d %H:%M}" for w in islice(found, most)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=SA", ["2027-03-06", "2027-03-13", "2027-03-20"]),
        ("RRULE:FREQ=MONTHLY;BYDAY=-1SA", ["2027-03-06", "2027-03-27", "2027-04-24"]),
        ("freq=daily;interval=2;count=2", ["2027-03-06", "2027-03-08"]),
        ("FREQ=DAILY;UNTIL=20270307T230000Z", ["2027-03-06", "2027-03-07"]),
        ("FREQ=DAILY;UNTIL=20270307", ["2027-03-06", "2027-03-07"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2027-03-06", "2028-02-29", "2032-02-29"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=-1", ["2027-03-06", "2027-03-31", "2027-04-28"]),
    ],
)
def test_a_rule_gives_the_days_that_rfc_5545_has(rule: str, expected: list[str]) -> None:
    found = starts("2027-03-06T22:00", "Europe/Berlin", rule, most=3)
    assert found == [f"{day} 22:00" for day in expected]


def test_an_occurrence_keeps_its_hour_on_the_wall_and_its_length_in_hours() -> None:
    first = local_time("2027-03-20T22:00", "Europe/Berlin")
    made = recurrence(first, first + 8 * HOUR, "Europe/Berlin", "FREQ=WEEKLY")
    before, after = islice(made.occurrences(first, first + timedelta(days=30)), 2)
    assert (before.start.hour, after.start.hour) == (21, 21)
    third = list(made.occurrences(first, first + timedelta(days=16)))[2]
    assert third.start.hour == 20
    assert {w.end - w.start for w in (before, after, third)} == {8 * HOUR}
    assert after.end == datetime(2027, 3, 28, 5, tzinfo=UTC)  # 07:00 on clocks that went forward


def test_a_time_that_the_clocks_skip_is_left_out_and_not_counted() -> None:
    found = starts("2027-03-27T02:30", "Europe/Berlin", "FREQ=DAILY;COUNT=3")
    assert found == ["2027-03-27 02:30", "2027-03-29 02:30", "2027-03-30 02:30"]


def test_a_time_that_comes_twice_is_the_first() -> None:
    first = local_time("2027-10-30T02:30", "Europe/Berlin")
    made = recurrence(first, first + HOUR, "Europe/Berlin", "FREQ=DAILY;COUNT=3")
    found = [w.start for w in made.occurrences(first, first + timedelta(days=5))]
    assert [t.day for t in found] == [30, 31, 1]
    assert [t.hour for t in found] == [0, 0, 1]


def test_local_times_in_a_gap_are_refused_and_in_a_fold_are_the_first() -> None:
    with pytest.raises(InvalidInput, match=r"02:30 does not exist .* would be 03:30"):
        local_time("2027-03-28T02:30", "Europe/Berlin")
    fold = local_time("2027-10-31T02:30", "Europe/Berlin")
    assert fold == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    second = local_time("2027-10-31T02:30+01:00", "Europe/Berlin")
    assert second == fold + HOUR
    made = recurrence(second, second + HOUR, "Europe/Berlin", "FREQ=DAILY;COUNT=2")
    assert next(made.occurrences(second, second + HOUR)).start == second


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=SECONDLY", "recurs DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("FREQ=HOURLY;INTERVAL=2", "recurs DAILY"),
        ("BYDAY=SA", "without a frequency"),
        ("every saturday", "is no part of a rule"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "can't say BYHOUR"),
        ("FREQ=DAILY;BYSETPOS=2", "can't say BYSETPOS"),
        ("FREQ=DAILY;COUNT=0", "COUNT is a number from 1"),
        ("FREQ=DAILY;COUNT=99999999999999999999", "COUNT is a number from 1"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL is a number"),
        ("FREQ=DAILY;INTERVAL=²", "INTERVAL is a number"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;FREQ=WEEKLY", "says FREQ twice"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY has days"),
        ("FREQ=WEEKLY;BYDAY=1SA", "can't have the day 1SA"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH has numbers"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "No month of the rule"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30,31", "No month of the rule"),
        ("FREQ=DAILY;UNTIL=soon", "UNTIL is a date"),
    ],
)
def test_rules_that_are_wrong_or_too_fine_are_refused(rule: str, said: str) -> None:
    first = datetime(2027, 3, 6, tzinfo=UTC)
    with pytest.raises(InvalidInput, match=said):
        recurrence(first, first + HOUR, "UTC", rule)


@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=DAILY;COUNT=2"])
def test_occurrences_that_run_into_each_other_are_refused(rule: str) -> None:
    first = datetime(2027, 3, 1, 22, tzinfo=UTC)
    with pytest.raises(InvalidInput, match=r"before that of .* has ended"):
        recurrence(first, first + 25 * HOUR, "UTC", rule)
    assert recurrence(first, first + 24 * HOUR, "UTC", rule).rule == rule


def test_what_ends_before_it_starts_and_unknown_zones_are_refused() -> None:
    first = datetime(2027, 3, 1, 22, tzinfo=UTC)
    for end in (first, first - HOUR):
        with pytest.raises(InvalidInput, match="must end after it starts"):
            recurrence(first, end, "UTC")
    with pytest.raises(InvalidInput, match="did you mean Europe/Berlin"):
        time_zone("Europe/Berlni")
    with pytest.raises(InvalidInput, match="Europe/Berlin"):
        time_zone("berlin")
    for bad in ("", "../../etc/passwd", "/etc/localtime", "Mars/Olympus"):
        with pytest.raises(InvalidInput, match="no time zone"):
            time_zone(bad)


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    return any(
        wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        == wall
        for fold in (0, 1)
    )


def matches(day: date, first: date, rule: dict[str, str]) -> bool:
    """Whether a rule has a day, by the words of RFC 5545, weeks beginning on Monday."""
    every = int(rule.get("INTERVAL", "1"))
    if rule["FREQ"] == "DAILY":
        return (day - first).days % every == 0 and _day(day, rule)
    if rule["FREQ"] == "WEEKLY":
        monday = [d - timedelta(days=d.weekday()) for d in (day, first)]
        weeks = (monday[0] - monday[1]).days // 7
        days = rule.get("BYDAY", DAYS[first.weekday()])
        return weeks % every == 0 and DAYS[day.weekday()] in days.split(",")
    months = (day.year - first.year) * 12 + day.month - first.month
    if months % every:
        return False
    if "BYDAY" in rule or "BYMONTHDAY" in rule:
        return _day(day, rule)
    return day.day == first.day


def _day(day: date, rule: dict[str, str]) -> bool:
    if "BYMONTH" in rule and str(day.month) not in rule["BYMONTH"].split(","):
        return False
    last = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    if "BYMONTHDAY" in rule:
        days = {int(d) if int(d) > 0 else last + 1 + int(d) for d in rule["BYMONTHDAY"].split(",")}
        if day.day not in days:
            return False
    if "BYDAY" not in rule:
        return True
    name, place = DAYS[day.weekday()], (day.day - 1) // 7 + 1
    from_end = -((last - day.day) // 7 + 1)
    return any(n in rule["BYDAY"].split(",") for n in (name, f"{place}{name}", f"{from_end}{name}"))


def brute_force(
    start: datetime, zone: ZoneInfo, rule: dict[str, str], until: datetime
) -> list[datetime]:
    """Every day from the first on, one by one."""
    wall, found = start.astimezone(zone).replace(tzinfo=None, fold=0), [start]
    count = int(rule.get("COUNT", 10**9))
    day = wall.date() + timedelta(days=1)
    while day <= until.date() + timedelta(days=1) and len(found) < count:
        here = datetime.combine(day, wall.time())
        if matches(day, wall.date(), rule) and exists(here, zone):
            found.append(here.replace(tzinfo=zone, fold=0).astimezone(UTC))
        day += timedelta(days=1)
    return [time for time in found if time < until]


frequencies = st.one_of(
    st.fixed_dictionaries(
        {"FREQ": st.just("DAILY")},
        optional={"BYMONTH": st.sampled_from(["1", "3,10", "2,4,11"]),
                  "BYDAY": st.sampled_from(["MO", "SA,SU"])},
    ),
    st.fixed_dictionaries(
        {"FREQ": st.just("WEEKLY")},
        optional={"BYDAY": st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(",".join)},
    ),
    st.fixed_dictionaries(
        {"FREQ": st.just("MONTHLY")},
        optional={"BYMONTHDAY": st.sampled_from(["1", "31", "-1", "15,-2"])},
    ),
    st.fixed_dictionaries(
        {"FREQ": st.just("MONTHLY"), "BYDAY": st.sampled_from(["1SU", "-1SU", "2TU", "SU", "5SA"])}
    ),
)  # fmt: skip
rules = st.tuples(
    frequencies,
    st.fixed_dictionaries(
        {},
        optional={
            "INTERVAL": st.integers(1, 4).map(str),
            "COUNT": st.integers(1, 40).map(str),
        },
    ),
).map(lambda parts: {**parts[0], **parts[1]})


@settings(max_examples=300, deadline=None)
@given(
    start=st.integers(0, 2 * 366 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    zone=st.sampled_from(ZONES),
    rule=rules,
    skip=st.integers(0, 400),
    days=st.integers(1, 500),
)
def test_a_rule_says_what_a_brute_force_by_days_says(
    start: datetime, zone: str, rule: dict[str, str], skip: int, days: int
) -> None:
    text = ";".join(f"{name}={value}" for name, value in rule.items())
    made = recurrence(start, start + HOUR, zone, text)
    since = start + timedelta(days=skip)
    until = since + timedelta(days=days)
    expected = [t for t in brute_force(start, ZoneInfo(zone), rule, until) if t + HOUR > since]
    assert [w.start for w in made.occurrences(since, until)] == expected


def test_a_rule_is_kept_in_one_form() -> None:
    assert normal_rule(" rrule:freq=weekly;byday=sa; ") == "FREQ=WEEKLY;BYDAY=SA"
