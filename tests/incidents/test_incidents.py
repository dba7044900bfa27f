"""Incidents on both stores: what the graph makes of them, and the rules they keep."""

from __future__ import annotations

import pytest

from cmdb.errors import InvalidInput, Refused
from cmdb.incidents.analysis import read
from cmdb.incidents.incidents import (
    edit_incident,
    open_incident,
    refresh_incident,
    show_incident,
)
from cmdb.incidents.timeline import incident_timeline
from cmdb.ingest import new_run
from cmdb.items import Item
from cmdb.records.records import Edit, open_record
from cmdb.service import Cmdb
from impact import State
from tests.incidents.conftest import ADA, GRACE, item, link

DONE = {"close_code": "fixed", "close_notes": "Mended."}


async def test_what_is_affected_decides_impact_and_priority(shop: Cmdb) -> None:
    made = await open_incident(shop, ADA, "The shop is gone", ["web"])
    assert made.properties["impact_computed"] == made.properties["impact"] == 1
    assert (made.properties["urgency"], made.properties["priority"]) == (2, 2)
    slow = await open_incident(shop, ADA, "Slow", ["web"], state=State.DEGRADED)
    assert slow.properties["impact"] == 2
    wiki = await open_incident(shop, ADA, "No wiki", ["wiki"], values={"urgency": 1})
    assert (wiki.properties["impact"], wiki.properties["priority"]) == (3, 3)
    nothing = await open_incident(shop, ADA, "Somebody called")
    assert nothing.properties["impact"] == 3
    assert "analysis" not in nothing.properties


async def test_a_person_s_impact_wins_and_stays_apart(shop: Cmdb) -> None:
    made = await open_incident(shop, ADA, "The shop is gone", ["web"], values={"impact": 3})
    assert made.properties["impact"] == made.properties["impact_manual"] == 3
    assert made.properties["impact_computed"] == 1
    after = await edit_incident(shop, made.id, Edit(values={"impact": None}), ADA)
    assert after.properties["impact"] == 1
    assert after.properties["priority"] == 2


@pytest.mark.parametrize(
    "values", [{"priority": 1}, {"impact": 4}, {"urgency": 0}, {"impact_computed": 1}]
)
async def test_levels_that_can_t_be_are_refused(shop: Cmdb, values: dict[str, int]) -> None:
    before = await shop.revision()
    with pytest.raises(InvalidInput):
        await open_incident(shop, ADA, "Odd", ["web"], values=values)
    assert await shop.revision() == before


async def test_the_analysis_names_services_causes_and_whom_to_call(shop: Cmdb) -> None:
    made = await open_incident(shop, ADA, "Both are gone", ["shop", "wiki"])
    analysis = read(made.properties["analysis"])
    assert analysis is not None
    assert [(s.name, s.state) for s in analysis.services] == [("shop", "down"), ("wiki", "down")]
    assert analysis.causes[0].items[0].name == "db"
    assert [(c.name, c.on_call or c.phone) for c in analysis.call] == [
        ("Server team", "555-2"),
        ("Shop team", "555-1"),
    ]
    assert "the likeliest cause" in analysis.call[0].why


async def test_suspects_are_what_changed_before(shop: Cmdb) -> None:
    again = item("Server", "db", operating_system_version="13")
    await shop.load([again], [], new_run("scan"), reason="upgrade", actor="mallory")
    made = await open_incident(shop, ADA, "The shop is gone", ["shop"])
    analysis = read(made.properties["analysis"])
    assert analysis is not None
    first = analysis.suspects[0]
    assert (first.items[0].name, first.actor) == ("db", "mallory")


async def test_similar_incidents_and_known_errors_are_found(shop: Cmdb) -> None:
    old = await open_incident(shop, ADA, "Baskets are empty in the shop", ["shop"])
    await edit_incident(shop, old.id, Edit("resolved", DONE), ADA)
    await open_incident(shop, ADA, "The printer is on fire", ["wiki"])
    problem = await open_record(
        shop,
        "Problem",
        {"short_description": "Baskets", "known_error": True, "workaround": "Restart."},
        ADA,
        link=[("AFFECTS", (await shop.find("shop")).id)],
    )
    made = await open_incident(shop, ADA, "Baskets are empty again", ["shop"])
    analysis = read(made.properties["analysis"])
    assert analysis is not None
    assert [s.number for s in analysis.similar] == [old.name]
    assert analysis.similar[0].close_notes == "Mended."
    (error,) = analysis.known_errors
    assert (error.number, error.workaround) == (problem.name, "Restart.")


async def test_what_was_to_blame_before_is_named(shop: Cmdb) -> None:
    for _ in range(2):
        old = await open_incident(shop, ADA, "Gone", ["shop"], caused_by=["db"])
        await edit_incident(shop, old.id, Edit("resolved", DONE), ADA)
    await open_incident(shop, ADA, "Not resolved, so not known", ["shop"], caused_by=["web"])
    made = await open_incident(shop, ADA, "Gone again", ["shop"])
    analysis = read(made.properties["analysis"])
    assert analysis is not None
    assert [(row.name, row.times) for row in analysis.precedents] == [("db", 2)]


async def test_a_refresh_follows_the_estate_and_writes_nothing_where_it_stands_still(
    shop: Cmdb,
) -> None:
    made = await open_incident(shop, ADA, "No wiki", ["wiki"])
    before = await shop.revision()
    assert await refresh_incident(shop, made.id, ADA) == made
    assert await shop.revision() == before
    critical = item("BusinessService", "knowledge", criticality="critical")
    await shop.load(
        [critical], [link("CONTRIBUTES_TO", "wiki", "knowledge")], new_run("scan"), reason="scan"
    )
    after = await refresh_incident(shop, made.id, ADA)
    assert after.properties["impact"] == 1
    await edit_incident(shop, made.id, Edit("resolved", DONE), ADA)
    with pytest.raises(Refused, match="its analysis stays"):
        await refresh_incident(shop, made.id, ADA)


async def test_a_parent_takes_its_children_along(shop: Cmdb) -> None:
    parent = await open_incident(shop, ADA, "The shop is gone", ["shop"])
    child = await open_incident(shop, GRACE, "No basket", ["web"], parent=parent.name)
    over = await open_incident(shop, GRACE, "Never mind", ["web"], parent=parent.name)
    await edit_incident(shop, over.id, Edit("canceled", {"close_notes": "Mistaken."}), GRACE)
    await edit_incident(shop, parent.id, Edit("resolved", DONE), ADA)
    states = {i.name: i.properties["state"] for i in await all_of(shop, parent, child, over)}
    assert states == {parent.name: "resolved", child.name: "resolved", over.name: "canceled"}
    await edit_incident(shop, parent.id, Edit("closed"), ADA)
    (kept,) = await all_of(shop, child)
    assert kept.properties["state"] == "closed"
    assert kept.properties["close_notes"] == "Mended."


async def all_of(cmdb: Cmdb, *items: Item) -> list[Item]:
    found = await cmdb.store.items([i.id for i in items])
    return [found[i.id] for i in items]


async def test_reopening_and_reassigning_are_counted(shop: Cmdb) -> None:
    made = await open_incident(shop, ADA, "Gone", ["web"], values={"assignment_group": "One"})
    await edit_incident(shop, made.id, Edit(values={"assignment_group": "Two"}), ADA)
    await edit_incident(shop, made.id, Edit(values={"assignment_group": "Two"}), ADA)
    await edit_incident(shop, made.id, Edit("resolved", DONE), ADA)
    after = await edit_incident(shop, made.id, Edit("in_progress", note="Again."), GRACE)
    assert after.properties["reassignment_count"] == 1
    assert after.properties["reopen_count"] == 1
    assert "resolved_at" not in after.properties
    assert "close_code" not in after.properties


async def test_a_major_incident_keeps_its_rules(shop: Cmdb) -> None:
    made = await open_incident(shop, ADA, "All is gone", ["db"])

    async def say(**values: str) -> Item:
        return await edit_incident(shop, made.id, Edit(values=values), ADA)

    with pytest.raises(Refused, match="before it is proposed"):
        await say(major_incident_state="accepted")
    await say(major_incident_state="proposed")
    with pytest.raises(InvalidInput, match="needs a major_incident_owner"):
        await say(major_incident_state="accepted")
    await say(major_incident_state="accepted", major_incident_owner="grace")
    await edit_incident(shop, made.id, Edit("resolved", DONE), ADA)
    with pytest.raises(Refused, match="once its review is written"):
        await edit_incident(shop, made.id, Edit("closed"), ADA)
    await say(review="We learnt.")
    closed = await edit_incident(shop, made.id, Edit("closed"), ADA)
    assert closed.properties["state"] == "closed"


async def test_the_view_and_the_timeline_tell_all_of_it(shop: Cmdb) -> None:
    again = item("Server", "db", operating_system_version="13")
    await shop.load([again], [], new_run("scan"), reason="upgrade", actor="mallory")
    made = await open_incident(shop, ADA, "The shop is gone", ["shop"], caused_by=["db"])
    await edit_incident(shop, made.id, Edit("in_progress", note="On it."), GRACE)
    view = await show_incident(shop, made.name)
    assert (view.state, view.next_states) == ("in_progress", ("on_hold", "resolved", "canceled"))
    assert [row.name for row in view.affected] == ["shop"]
    assert [row.name for row in view.caused_by] == ["db"]
    told: list[tuple[str, str, str | None]] = [
        (row.type, row.sentence, row.actor) for row in await incident_timeline(shop, made.id)
    ]
    upgrade = ("revision", "Server db: changed: operating_system_version", "mallory")
    opened = ("record", "Opened: The shop is gone.", "ada")
    begun = ("record", "new -> in_progress", "grace")
    assert told.index(upgrade) < told.index(opened) < told.index(begun)
    assert ("note", "On it.", "grace") in told


async def test_an_incident_needs_a_line_about_it(shop: Cmdb) -> None:
    with pytest.raises(InvalidInput, match="in a line"):
        await open_incident(shop, ADA, "  ", ["web"])
