"""Reports on both stores: every figure from a handful of records, counted by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cmdb.errors import InvalidInput
from cmdb.ingest import new_run
from cmdb.items import ItemObservation, LinkObservation, Value
from cmdb.items.value import format_time
from cmdb.reports import render
from cmdb.reports.clauses import COBIT, ISO20000
from cmdb.reports.make import REPORTS, make_report
from cmdb.reports.report import Measure, Report, Section
from cmdb.service import Cmdb

START = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = START + timedelta(days=10)


def at(hour: float) -> str:
    return format_time(START + timedelta(hours=hour))


def record(kind: str, name: str, **properties: Value) -> ItemObservation:
    return ItemObservation(kind, (f"key:desk/{name}",), "desk", START, {"name": name, **properties})


def link(relation: str, one: str, other: str) -> LinkObservation:
    return LinkObservation(relation, f"key:desk/{one}", f"key:desk/{other}", "desk", START)


RECORDS = (
    record("ServiceInstance", "shop", criticality="critical"),
    record("ServiceInstance", "wiki"),
    record(
        "Incident",
        "INC0000001",
        state="closed",
        opened_at=at(10),
        acknowledged_at=at(11),
        resolved_at=at(14),
        priority=1,
        reopen_count=1,
        impact=1,
        urgency=1,
        close_notes="So.",
    ),
    record(
        "Incident",
        "INC0000002",
        state="resolved",
        opened_at=at(13),
        acknowledged_at=at(16),
        resolved_at=at(19),
        priority=2,
        major_incident_state="accepted",
    ),
    record(
        "Incident", "INC0000003", state="in_progress", opened_at=at(216), acknowledged_at=at(228)
    ),
    record("Incident", "INC0000004", state="canceled", opened_at=at(20)),
    record("Incident", "INC0000005", state="closed", opened_at=at(-99), resolved_at=at(-90)),
    record("Problem", "PRB0000001", state="assess", opened_at=at(120)),
    record(
        "Change",
        "CHG0000001",
        state="closed",
        change_type="standard",
        opened_at=at(1),
        work_start=at(5),
        work_end=at(9),
        close_code="successful",
        deployment=True,
        committed_at=at(3),
        review_notes="Fine.",
        test_plan="Ping.",
    ),
    record(
        "Change",
        "CHG0000002",
        state="closed",
        change_type="emergency",
        opened_at=at(2),
        work_start=at(100),
        work_end=at(101),
        close_code="backed_out",
        deployment=True,
        committed_at=at(97),
    ),
    record("Change", "CHG0000003", state="implement", opened_at=at(3), work_start=at(216)),
)  # fmt: skip - a table
LINKS = (
    link("AFFECTS", "INC0000001", "shop"),
    link("AFFECTS", "INC0000002", "shop"),
    link("CAUSED_BY", "INC0000001", "CHG0000001"),
    link("CHANGES", "CHG0000001", "shop"),
    link("CHANGES", "CHG0000002", "shop"),
)


@pytest.fixture
async def desk(cmdb: Cmdb) -> Cmdb:
    await cmdb.load(RECORDS, LINKS, new_run("desk"), reason="import")
    return cmdb


def figures(report: Report) -> dict[str, tuple[float | None, int]]:
    return {
        f"{section.title}/{m.name}": (m.value, m.n)
        for section in report.sections
        for m in section.measures
    }


async def made(cmdb: Cmdb, name: str) -> dict[str, tuple[float | None, int]]:
    return figures(await make_report(cmdb, name, since=START, until=UNTIL))


async def test_the_practices_figures_are_those_counted_by_hand(desk: Cmdb) -> None:
    found = await made(desk, "itil")
    expected: dict[str, tuple[float | None, int]] = {
        "Incident management/Incidents opened": (3, 3),
        "Incident management/Major incidents": (1, 1),
        "Incident management/Time to acknowledge, mean": (5.33, 3),
        "Incident management/Time to acknowledge, median": (3, 3),
        "Incident management/Time to restore, mean": (5, 2),
        "Incident management/Time to restore, median": (5, 2),
        "Incident management/Reopened": (50, 2),
        "Incident management/Solved at first contact": (50, 2),
        "Incident management/With a known cause": (50, 2),
        "Problem management/Age of the backlog, mean": (5, 1),
        "Problem management/Major incidents with a problem": (0, 1),
        "Change enablement/Successful": (50, 2),
        "Change enablement/Failed": (50, 2),
        "Change enablement/Emergencies": (33.3, 3),
        "Change enablement/Reviewed": (50, 2),
        # 10:00 to 14:00 and 13:00 to 19:00: nine hours of 240 without the shop.
        "Availability management/Availability of shop": (96.25, 2),
        "Availability management/Time between failures of shop": (115.5, 2),
        "Flow of incidents/Work in progress": (1, 1),
        "Flow of incidents/Throughput": (1.4, 2),
        "Flow of changes/Age, mean": (1, 1),
        "Flow of changes/Cycle time, mean": (2.5, 2),
    }
    assert {name: found[name] for name in expected} == expected


async def test_dora_counts_what_was_deployed_to_a_service(desk: Cmdb) -> None:
    assert await made(desk, "dora") == {
        "shop/Change lead time, median": (5, 2),
        "shop/Deployment frequency": (1.4, 2),
        "shop/Failed deployment recovery time, median": (4, 1),
        "shop/Change fail rate": (100, 2),
        "shop/Rework rate": (50, 2),
    }


async def test_where_there_is_no_data_there_is_no_figure(cmdb: Cmdb) -> None:
    await cmdb.load([record("Server", "web")], [], new_run("desk"), reason="import")
    found = await made(cmdb, "itil")
    assert found["Incident management/Time to restore, mean"] == (None, 0)
    assert found["Change enablement/Successful"] == (None, 0)
    assert found["Incident management/Incidents opened"] == (0, 0)


@pytest.mark.parametrize("name", REPORTS)
async def test_a_revision_gives_the_same_report_again(desk: Cmdb, name: str) -> None:
    revision = await desk.revision()
    before = await make_report(desk, name)
    again = record("Incident", "INC0000009", state="new", opened_at=at(1))
    await desk.load([again], [], new_run("desk"), reason="import")
    assert await make_report(desk, name, at=revision) == before
    later = await make_report(desk, name)
    assert later.revision == revision + 1


async def test_clauses_say_what_is_missing_and_what_a_person_must_attest(desk: Cmdb) -> None:
    report = await make_report(desk, "iso20000", since=START, until=UNTIL)
    assert [s.code for s in report.sections] == [clause.code for clause in ISO20000]
    by_code = {section.code: section for section in report.sections}
    assert "No record for: baselines." in by_code["8.2.6"].missing
    assert by_code["8.5.1"].missing == ("No record for: normal changes with an approval.",)
    assert [len(by_code[code].measures) for code in ("8.7.2", "8.3.4")] == [0, 0]
    assert "continuity plan" in by_code["8.7.2"].attest[0]
    (tested,) = [m for m in by_code["8.5.2"].measures if m.name == "Changes tested"]
    assert (tested.value, tested.records) == (50, ("CHG0000001",))
    cobit = await make_report(desk, "cobit", since=START, until=UNTIL)
    assert [s.code for s in cobit.sections] == [clause.code for clause in COBIT]


def test_a_report_is_a_page_that_can_hold_anything() -> None:
    measure = Measure("<b>|", None, "h", 0, "No | data.\nAt all.", ("A&B",))
    odd = Report("x", "T <i>", 3, START, UNTIL, (Section("1", "S", (measure,)),))
    page, text = render.html(odd), render.markdown(odd)
    assert "&lt;b&gt;" in page
    assert "A&amp;B" in page
    assert "http" not in page
    assert "| <b>\\| | - | 0 | No \\| data. At all. | A&B |" in text


async def test_wrong_questions_are_refused(cmdb: Cmdb) -> None:
    with pytest.raises(InvalidInput, match="did you mean itil"):
        await make_report(cmdb, "itli")
    with pytest.raises(InvalidInput, match="store is empty"):
        await make_report(cmdb, "itil")
    await cmdb.load([record("Server", "web")], [], new_run("desk"), reason="import")
    with pytest.raises(InvalidInput, match="must end after it starts"):
        await make_report(cmdb, "itil", since=UNTIL, until=START)


def test_the_reports_measures_have_names_of_their_own() -> None:
    async def empty() -> list[Report]:
        from cmdb.settings import Settings

        cmdb = await Cmdb.open(Settings(store="sqlite://:memory:", cache_folder=None))
        await cmdb.load(RECORDS, LINKS, new_run("desk"), reason="import")
        found = [await make_report(cmdb, name, since=START, until=UNTIL) for name in REPORTS]
        await cmdb.close()
        return found

    for report in asyncio.run(empty()):
        for section in report.sections:
            names = sorted(m.name for m in section.measures)
            assert all(one != other for one, other in pairwise(names)), section.title
