"""Baselines on both stores: each difference is tied to a change, or is a finding."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cmdb.configuration.baselines import record_verification, take_baseline, verify_baseline
from cmdb.errors import InvalidInput, UnknownKind
from cmdb.ingest import new_run
from cmdb.items import ItemObservation
from cmdb.items.value import format_time
from cmdb.records.records import open_record
from cmdb.service import Cmdb
from tests.incidents.conftest import item, link
from tests.records.conftest import ADA


async def scan(cmdb: Cmdb, *seen: ItemObservation) -> None:
    later = [
        ItemObservation(o.kind, o.identifiers, o.source, datetime.now(UTC), o.properties)
        for o in seen
    ]
    await cmdb.load(later, [], new_run("scan"), reason="scan")


async def work(cmdb: Cmdb, on: str, start: timedelta, end: timedelta | None) -> str:
    now = datetime.now(UTC)
    values = {"short_description": "Work", "work_start": format_time(now + start)}
    if end is not None:
        values["work_end"] = format_time(now + end)
    found = await cmdb.find(on)
    made = await open_record(cmdb, "Change", values, ADA, link=[("CHANGES", found.id)])
    return made.name


async def rows(cmdb: Cmdb, baseline: str) -> list[tuple[str, str, object, object, bool, int]]:
    found = await verify_baseline(cmdb, baseline)
    return [
        (d.name, d.field, d.before, d.after, d.controlled, len(d.changes))
        for d in found.differences
    ]


async def test_what_differs_is_a_finding_unless_a_change_was_under_way(shop: Cmdb) -> None:
    made = await take_baseline(shop, ADA, "Servers", kinds=["Server"])
    assert await rows(shop, made.id) == []
    await scan(shop, item("Server", "web", operating_system_version="12", kernel="6"))
    assert await rows(shop, made.name) == [
        ("web", "kernel", None, "6", False, 0),
        ("web", "operating_system_version", None, "12", True, 0),
    ]
    assert (await verify_baseline(shop, made.id)).findings == 1
    hour = timedelta(hours=1)
    await work(shop, "web", -2 * hour, -hour)
    await work(shop, "web", hour, None)
    await work(shop, "db", -hour, None)
    assert (await verify_baseline(shop, made.id)).findings == 1
    number = await work(shop, "web", -hour, None)
    found = await verify_baseline(shop, made.id)
    assert found.findings == 0
    assert {d.changes for d in found.differences} == {(number,)}


async def test_what_is_as_it_was_again_is_no_difference(shop: Cmdb) -> None:
    await scan(shop, item("Server", "web", operating_system_version="12"))
    made = await take_baseline(shop, ADA, "Web", items=["web"])
    await scan(shop, item("Server", "web", operating_system_version="13"))
    await scan(shop, item("Server", "web", operating_system_version="12"))
    assert await rows(shop, made.id) == []


async def test_links_of_members_count_and_those_of_records_do_not(shop: Cmdb) -> None:
    made = await take_baseline(shop, ADA, "Web", items=["web"])
    await shop.load([], [link("DEPENDS_ON", "wiki", "web")], new_run("scan"), reason="scan")
    web = await shop.find("web")
    await open_record(shop, "Incident", {"short_description": "X"}, ADA, link=[("AFFECTS", web.id)])
    assert await rows(shop, made.id) == [
        ("web", "DEPENDS_ON", None, "DEPENDS_ON wiki -> web", True, 0)
    ]


async def test_a_baseline_may_be_of_the_past_and_keeps_its_audit(shop: Cmdb) -> None:
    before = await shop.revision()
    await scan(shop, item("Server", "db", operating_system_version="12"))
    made = await take_baseline(shop, ADA, "Then", items=["db"], at=before)
    found = await verify_baseline(shop, made.id)
    assert (found.baseline_revision, found.findings) == (before, 1)
    kept = await record_verification(shop, found, ADA)
    assert kept.properties["findings"] == 1
    assert kept.properties["verified_at"]
    assert kept.properties["baseline_revision"] == before


async def test_a_baseline_needs_items_that_are_there(shop: Cmdb) -> None:
    with pytest.raises(InvalidInput, match="at least one item"):
        await take_baseline(shop, ADA, "Nothing", kinds=["Hypervisor"])
    with pytest.raises(InvalidInput, match="Incident is a record"):
        await take_baseline(shop, ADA, "Records", kinds=["Incident"])
    with pytest.raises(UnknownKind, match="did you mean Server"):
        await take_baseline(shop, ADA, "Odd", kinds=["Sever"])
