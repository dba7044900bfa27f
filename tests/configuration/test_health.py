"""Health on both stores: each defect is found, and weighs what rests on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cmdb.configuration.baselines import record_verification, take_baseline, verify_baseline
from cmdb.configuration.health import duplicates, health
from cmdb.ingest import new_run
from cmdb.items import ItemObservation, Value
from cmdb.service import Cmdb
from tests.incidents.conftest import item
from tests.records.conftest import ADA


async def load(cmdb: Cmdb, *seen: ItemObservation, source: str = "scan") -> None:
    await cmdb.load(seen, [], new_run(source), reason="scan")


def old(name: str) -> ItemObservation:
    time = datetime.now(UTC) - timedelta(days=90)
    given: dict[str, Value | None] = {
        "name": name,
        "environment": "test",
        "operating_system": "Linux",
    }
    return ItemObservation("Server", (f"key:scan/{name}",), "scan", time, given)


async def test_defects_weigh_what_rests_on_the_item(shop: Cmdb) -> None:
    await load(shop, old("printer"))
    found = await health(shop)
    by = {(d.defect, d.name): d.services for d in found.defects}
    # Both services rest on db, the shop alone on web, and nothing on the printer.
    assert by["incomplete", "db"] == 2
    assert by["incomplete", "web"] == 1
    assert by["stale", "printer"] == by["orphan", "printer"] == 0
    assert found.defects[0].name == "db"
    scores = {s.part: s for s in found.scores}
    assert (scores["orphan"].defects, scores["orphan"].of) == (1, 5)
    assert scores["orphan"].score == 80.0
    # Weights: shop 2, wiki 2, web 2, db 3, printer 1.
    assert scores["orphan"].weighted == 90.0
    assert scores["stale"].weighted == 90.0


async def test_the_list_is_cut_and_the_counts_are_not(shop: Cmdb) -> None:
    whole = await health(shop)
    cut = await health(shop, limit=1)
    assert cut.truncated
    assert len(cut.defects) == 1
    assert cut.scores == whole.scores
    assert cut.defects_total == whole.defects_total == len(whole.defects)


async def test_the_same_name_from_sources_that_share_nothing_may_be_one_thing(shop: Cmdb) -> None:
    def seen(source: str, name: str) -> ItemObservation:
        return ItemObservation(
            "Server", (f"key:{source}/{name}",), source, datetime.now(UTC), {"name": name}
        )

    await load(shop, seen("one", "Backup.example.org"), source="one")
    await load(shop, seen("two", "backup"), source="two")
    await load(shop, seen("one", "twin"), source="one")
    again = ItemObservation(
        "Server", ("key:one/twin-2",), "one", datetime.now(UTC), {"name": "twin"}
    )
    await load(shop, again, source="one")
    (group,) = await duplicates(shop)
    assert len(group.ids) == 2
    assert "Backup.example.org by one" in group.sentence
    assert "backup by two" in group.sentence


async def test_compliance_is_audits_passed_by_audits_run(shop: Cmdb) -> None:
    passed = await take_baseline(shop, ADA, "Wiki", items=["wiki"])
    failed = await take_baseline(shop, ADA, "Web", items=["web"])
    await take_baseline(shop, ADA, "Never verified", items=["web"])
    await load(shop, item("Server", "web", operating_system_version="13"))
    for baseline in (passed, failed):
        await record_verification(shop, await verify_baseline(shop, baseline.id), ADA)
    scores = {s.part: s for s in (await health(shop)).scores}
    assert (scores["noncompliant"].defects, scores["noncompliant"].of) == (1, 2)
    assert scores["noncompliant"].score == 50.0


async def test_an_empty_database_has_no_score(cmdb: Cmdb) -> None:
    found = await health(cmdb)
    assert found.items == 0
    assert {s.score for s in found.scores} == {None}
