"""When services are agreed to be up, against counts hour by hour and minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput
from cmdb.ingest import new_run
from cmdb.reports.agreed import DAYS, Spans, hours, meet, minus, service_hours, union
from cmdb.reports.make import make_report
from cmdb.service import Cmdb
from tests.reports.test_reports import LINKS, RECORDS, START, UNTIL, at, figures, link, record

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted), max_size=8)


def real(spans: list[list[int]]) -> Spans:
    return union([(START + timedelta(hours=a), START + timedelta(hours=b)) for a, b in spans])


def held(spans: Spans) -> set[int]:
    zero = [
        (int((a - START) / timedelta(hours=1)), int((b - START) / timedelta(hours=1)))
        for a, b in spans
    ]
    return {hour for start, end in zero for hour in range(start, end)}


@given(SPANS, SPANS)
def test_spans_are_sets_of_hours(one: list[list[int]], other: list[list[int]]) -> None:
    first, second = real(one), real(other)
    assert held(first) == {hour for a, b in one for hour in range(a, b)}
    assert held(meet(first, second)) == held(first) & held(second)
    assert held(minus(first, second)) == held(first) - held(second)
    assert hours(first) == len(held(first))


@given(
    st.sampled_from(DAYS),
    st.sampled_from(DAYS),
    st.integers(0, 23),
    st.integers(0, 24),
    st.sampled_from(["UTC", "Europe/London", "America/New_York"]),
    st.sampled_from([datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)]),
)
def test_service_hours_are_those_of_a_count_quarter_by_quarter(
    first: str, last: str, start: int, end: int, zone: str, since: datetime
) -> None:
    # The nights in which London's clocks are put forward and back, and some days beside them.
    until = since + timedelta(days=5)
    text = f"{first.title()}-{last.title()} {start:02}:00-{end:02}:00 {zone}"
    low, high = DAYS.index(first), DAYS.index(last)
    days = {(low + i) % 7 for i in range((high - low) % 7 + 1)}
    expected = 0
    moment = since
    while moment < until:
        here = moment.astimezone(ZoneInfo(zone))
        # Before 1:00 and after 3:00 no clock is put; the hours between are left to the others.
        yesterday = (here - timedelta(days=1)).weekday() if here.hour < end else None
        if end > start:
            inside = here.weekday() in days and start <= here.hour < end
        else:
            inside = (here.weekday() in days and here.hour >= start) or yesterday in days
        expected += inside
        moment += timedelta(minutes=15)
    assert hours(service_hours(text, since, until)) == expected / 4


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("office hours", "can't be read at 'office hours'"),
        ("Mon-Fri 8-18", "can't be read at 'Mon-Fri 8-18'"),
        ("Mon-Fry 08:00-18:00", "'Fry' is no day"),
        ("Mon 08:00-25:00", "25:00 is no time of day"),
        ("Mon 08:00-18:00 Europe/Berlim", "did you mean Europe/Berlin"),
    ],
)
def test_hours_that_cannot_be_read_say_where(text: str, part: str) -> None:
    with pytest.raises(InvalidInput, match=part):
        service_hours(text, START, UNTIL)


async def test_availability_is_of_service_hours_less_agreed_maintenance(cmdb: Cmdb) -> None:
    # 10:00 to 19:00 without the shop (two incidents); it is open from 08:00 to 18:00, and
    # maintained from 10:00 to 12:00 on the first day: 98 agreed hours, of which 12:00 to 18:00 were
    # lost.
    more = (
        record("ServiceOffering", "gold", service_hours="08:00-18:00", availability_target=99.5),
        record(
            "MaintenanceWindow",
            "MWN0000001",
            window_type="maintenance",
            start_date=at(10),
            end_date=at(12),
            time_zone="UTC",
        ),
    )
    links = (link("CONTRIBUTES_TO", "shop", "gold"), link("AFFECTS", "MWN0000001", "shop"))
    await cmdb.load((*RECORDS, *more), (*LINKS, *links), new_run("desk"), reason="import")
    report = await make_report(cmdb, "itil", since=START, until=UNTIL)
    expected: dict[str, tuple[float | None, int]] = {
        "Availability management/Availability of shop": (round(100 * 92 / 98, 3), 2),
        "Availability management/Time between failures of shop": (46, 2),
    }
    assert expected.items() <= figures(report).items()
    said = [m.sentence for s in report.sections for m in s.measures if "of shop" in m.name]
    assert "98 agreed hours" in said[0]
    assert "gold 99.5 %" in said[0]
