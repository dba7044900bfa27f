"""Changes on both stores: from open to closed, and every check on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmdb.changes import analysis as analysed
from cmdb.changes.approvals import approvals_of, state
from cmdb.changes.changes import (
    assess_change,
    close_change,
    decide_change,
    edit_change,
    finish_change,
    open_change,
    schedule_change,
    start_change,
    submit_change,
    waive_change,
)
from cmdb.changes.show import show_change
from cmdb.changes.steps import add_step, move_step
from cmdb.changes.windows import add_window
from cmdb.errors import IllegalTransition, InvalidInput, RecordChanged, Refused
from cmdb.incidents.incidents import open_incident
from cmdb.ingest import new_run
from cmdb.items import Item, ItemObservation
from cmdb.items.value import format_time
from cmdb.records.records import Edit
from cmdb.service import Cmdb
from cmdb.suspects import suspects
from tests.changes.conftest import ASKER, BOARD, MAKER, MANAGER, OWNER, PEER, planned
from tests.incidents.conftest import link


async def approve(cmdb: Cmdb, change: Item) -> None:
    """Everybody agrees who must."""
    names = {"peer": PEER, "owner": OWNER, "cab": BOARD}
    for approval in await approvals_of(cmdb, change.id):
        if state(approval) == "requested":
            name = str(approval.properties["authority"])
            await decide_change(cmdb, change.id, names[name], approve=True, authority=name)


def around(minutes: int = 5) -> dict[str, Any]:
    """A window that began some minutes ago and ends in an hour."""
    now = datetime.now(UTC)
    return {
        "start_date": format_time(now - timedelta(minutes=minutes)),
        "end_date": format_time(now + timedelta(hours=1)),
    }


async def started(cmdb: Cmdb, *items: str, **values: Any) -> Item:
    """A change that is under way."""
    made = await planned(cmdb, *items, **{**around(), **values})
    made = await submit_change(cmdb, made.id, ASKER)
    await approve(cmdb, made)
    return await start_change(cmdb, made.id, MAKER)


async def test_a_change_goes_from_open_to_closed(shop: Cmdb) -> None:
    made = await planned(shop, "db")
    assert made.name == "CHG0000001"
    assert made.properties["change_type"] == "normal"
    made = await submit_change(shop, made.id, ASKER)
    assert made.properties["state"] == "authorize"
    view = await show_change(shop, made.id)
    assert view.analysis is not None
    assert {(s.name, s.state) for s in view.analysis.services} == {
        ("shop", "down"),
        ("wiki", "down"),
    }
    assert view.properties["risk"] == view.analysis.risk
    with pytest.raises(Refused, match="not approved yet"):
        await schedule_change(shop, made.id, ASKER)
    await approve(shop, made)
    made = await schedule_change(shop, made.id, ASKER)
    assert made.properties["state"] == "scheduled"
    made = await start_change(shop, made.id, MAKER)
    assert made.properties["work_start"]
    made = await finish_change(shop, made.id, MAKER, "successful")
    assert made.properties["review_status"] == "pending"
    with pytest.raises(InvalidInput, match="lacks review_notes"):
        await close_change(shop, made.id, ASKER, " ")
    made = await close_change(shop, made.id, ASKER, "Went well.")
    assert made.properties["state"] == "closed"
    assert made.properties["review_status"] == "done"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"end_date": "2030-03-03T01:00:00Z"}, "would end before it starts"),
        ({"end_date": "2030-03-02T01:00:00Z"}, "would end before it starts"),
        ({"end_date": None}, "half a window"),
        ({"risk": "low"}, "Not every value can be set"),
        ({"assessment": "{}"}, "Not every value can be set"),
        ({"state": "closed"}, "Not every value can be set"),
        ({"waiver": "me"}, "Not every value can be set"),
        ({"unauthorized": False}, "Not every value can be set"),
        ({"change_type": "odd"}, "A change is standard, normal, emergency"),
        ({"change_type": "standard"}, "needs a model"),
        ({"change_model": "odd"}, "no model of changes 'odd'"),
        ({"change_model": "normal", "change_type": "emergency"}, "one of normal changes"),
        ({"colour": "red"}, "no property 'colour'"),
    ],
)
async def test_what_is_wrong_opens_nothing(shop: Cmdb, values: dict[str, Any], said: str) -> None:
    before = await shop.revision()
    with pytest.raises(InvalidInput, match=said):
        await planned(shop, "db", **values)
    with pytest.raises(InvalidInput, match="no action 'explode'"):
        await open_change(shop, ASKER, "Bad", [("db", "explode")])
    with pytest.raises(InvalidInput, match="in a line"):
        await open_change(shop, ASKER, "  ")
    assert await shop.revision() == before


async def test_submission_wants_items_and_scheduling_wants_plans_and_a_window(shop: Cmdb) -> None:
    bare = await open_change(shop, ASKER, "Nothing")
    with pytest.raises(Refused, match="works on nothing yet"):
        await submit_change(shop, bare.id, ASKER)
    made = await open_change(shop, ASKER, "Look", [("spare", "inspect")])
    made = await submit_change(shop, made.id, ASKER)
    assert made.properties["risk"] == "low"
    assert made.properties["conflict_status"] == "not_run"
    with pytest.raises(InvalidInput) as refused:
        await schedule_change(shop, made.id, ASKER)
    assert {p.field for p in refused.value.problems} == {
        "start_date", "end_date", "implementation_plan", "backout_plan", "test_plan"
    }  # fmt: skip


async def test_a_low_risk_is_the_policys_to_approve_and_the_ruling_is_kept(shop: Cmdb) -> None:
    made = await submit_change(shop, (await planned(shop, "spare")).id, ASKER)
    (approval,) = await approvals_of(shop, made.id)
    assert (approval.properties["authority"], state(approval)) == ("policy", "approved")
    found = analysed.read(made.properties["assessment"])
    assert found is not None
    assert (found.ruling.ruling, found.ruling.rule) == ("approved", "low")
    assert found.ruling.services_down == 0
    assert (await schedule_change(shop, made.id, ASKER)).properties["state"] == "scheduled"


async def test_an_emergency_starts_at_once_and_is_agreed_to_before_it_closes(shop: Cmdb) -> None:
    made = await planned(shop, "db", change_type="emergency")
    await add_window(shop, BOARD, "freeze", "2020-01-01T00:00", "2035-01-01T00:00")
    made = await submit_change(shop, made.id, ASKER)
    made = await start_change(shop, made.id, MAKER)
    made = await finish_change(shop, made.id, MAKER, "successful")
    with pytest.raises(Refused, match=r"waits for owner \(Olga Owner\)"):
        await close_change(shop, made.id, ASKER, "Fine.")
    await decide_change(shop, made.id, OWNER, approve=True)
    assert (await close_change(shop, made.id, ASKER, "Fine.")).properties["state"] == "closed"


async def test_a_standard_change_keeps_to_its_model(shop: Cmdb) -> None:
    model: dict[str, Any] = {"change_model": "restart-one-server"}
    made = await submit_change(shop, (await planned(shop, "spare", **model)).id, ASKER)
    assert made.properties["state"] == "scheduled"
    assert made.properties["implementation_plan"] == "Do it."
    for items, action, said in (
        (("spare", "a"), "restart", "works on 2 items, above 1"),
        (("spare",), "upgrade", "gets a upgrade, not a restart or patch"),
        (("wiki",), "restart", "is a ServiceInstance, not a Host"),
        (("db",), "restart", r"leaves shop \(critical\) down"),
    ):
        other = await planned(shop, *items, action=action, **model,
                              start_date="2031-03-02T01:00:00Z",
                              end_date="2031-03-02T02:00:00Z")  # fmt: skip
        with pytest.raises(Refused, match=said):
            await submit_change(shop, other.id, ASKER)


async def test_a_model_gives_the_plans_that_are_not_given(shop: Cmdb) -> None:
    made = await open_change(
        shop, ASKER, "Restart", [("spare", "restart")], change_model="restart-one-server"
    )
    assert str(made.properties["backout_plan"]).startswith("Start the previous kernel")
    assert made.properties["change_type"] == "standard"


async def test_a_freeze_stops_all_but_emergencies_and_waivers(shop: Cmdb) -> None:
    made = await submit_change(shop, (await planned(shop, "spare", **around())).id, ASKER)
    made = await schedule_change(shop, made.id, ASKER)
    now = datetime.now(UTC)
    await add_window(
        shop,
        BOARD,
        "freeze",
        format_time(now - timedelta(hours=1)),
        format_time(now + timedelta(hours=1)),
        description="The sale",
    )
    with pytest.raises(Refused, match=r"MWN0000001 \(The sale\)"):
        await start_change(shop, made.id, MAKER)
    for nobody in (MAKER, ASKER, PEER):
        with pytest.raises(Refused, match="Max Manager"):
            await waive_change(shop, made.id, nobody, "Please.")
    made = await waive_change(shop, made.id, MANAGER, "The sale is called off.")
    assert made.properties["waiver"] == "max: The sale is called off."
    await approve(shop, made)
    made = await start_change(shop, made.id, MAKER)
    assert made.properties["state"] == "implement"


async def test_what_was_agreed_to_stands(shop: Cmdb) -> None:
    made = await submit_change(shop, (await planned(shop, "spare")).id, ASKER)
    late: dict[str, Any] = {"end_date": "2030-03-03T05:00:00Z"}
    with pytest.raises(Refused, match="send it back to new first"):
        await edit_change(shop, made.id, Edit(values=late), ASKER)
    with pytest.raises(Refused, match="what it works on"):
        await edit_change(shop, made.id, Edit(), ASKER, items=[("db", "replace")])
    made = await edit_change(shop, made.id, Edit("new"), ASKER)
    assert {state(a) for a in await approvals_of(shop, made.id)} == {"not_required"}
    made = await edit_change(shop, made.id, Edit(values=late), ASKER, items=[("db", "replace")])
    made = await submit_change(shop, made.id, ASKER)
    asked = [a for a in await approvals_of(shop, made.id) if state(a) == "requested"]
    assert asked, "what is riskier now is to be agreed to"


async def test_items_can_be_taken_away_and_done_otherwise(shop: Cmdb) -> None:
    made = await planned(shop, "spare", "db")
    made = await edit_change(
        shop, made.id, Edit(), ASKER, items=[("spare", "inspect")], no_items=["db"]
    )
    view = await show_change(shop, made.id)
    assert [(i.name, i.action, i.state) for i in view.items] == [("spare", "inspect", "up")]


async def test_an_illegal_step_is_refused_with_what_is_allowed(shop: Cmdb) -> None:
    made = await planned(shop, "spare")
    with pytest.raises(IllegalTransition, match="it can go to assess, canceled"):
        await finish_change(shop, made.id, MAKER, "successful")
    with pytest.raises(RecordChanged):
        await submit_change(shop, made.id, ASKER, made.revision - 1)


@pytest.mark.parametrize("outcome", ["successful_issues", "failed", "backed_out"])
async def test_an_outcome_that_is_no_success_needs_a_word(shop: Cmdb, outcome: str) -> None:
    made = await started(shop, "spare")
    with pytest.raises(InvalidInput, match="Say in a note"):
        await finish_change(shop, made.id, MAKER, outcome)
    with pytest.raises(InvalidInput, match="ends as one of"):
        await finish_change(shop, made.id, MAKER, "splendid", notes="Yes.")
    made = await finish_change(shop, made.id, MAKER, outcome, notes="It did not come up.")
    assert made.properties["close_code"] == outcome


async def test_steps_go_in_order_and_a_failed_canary_ends_the_change(shop: Cmdb) -> None:
    made = await started(shop, "spare")
    canary = await add_step(shop, made.id, ASKER, "Canary: one of twelve")
    rest = await add_step(shop, made.id, ASKER, "The other eleven")
    with pytest.raises(Refused, match="comes after STP0000001"):
        await move_step(shop, rest.id, "in_progress", MAKER)
    await move_step(shop, canary.id, "in_progress", MAKER)
    with pytest.raises(Refused, match="has a step to be done"):
        await finish_change(shop, made.id, MAKER, "successful")
    await move_step(shop, canary.id, "closed_incomplete", MAKER, notes="Errors at 3 %.")
    with pytest.raises(Refused, match="STP0000001 failed"):
        await move_step(shop, rest.id, "in_progress", MAKER)
    made = await finish_change(shop, made.id, MAKER, "backed_out", notes="Rolled back.")
    view = await show_change(shop, made.id)
    assert [s.state for s in view.steps] == ["closed_incomplete", "closed_skipped"]


async def test_actual_times_are_past_and_in_order(shop: Cmdb) -> None:
    made = await started(shop, "spare")
    future = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(InvalidInput, match="can't be in the future"):
        await finish_change(shop, made.id, MAKER, "successful", at=future)
    with pytest.raises(InvalidInput, match="would end before it starts"):
        await finish_change(
            shop, made.id, MAKER, "successful", at=datetime.now(UTC) - timedelta(days=1)
        )


async def test_the_approver_sees_what_moved(shop: Cmdb) -> None:
    made = await submit_change(shop, (await planned(shop, "spare")).id, ASKER)
    await shop.load([], [link("DEPENDS_ON", "shop", "spare")], new_run("scan"), reason="scan")
    view = await show_change(shop, made.id)
    assert view.moved_since is not None
    assert view.moved_since.services_gained == ("ServiceInstance shop down",)
    assert view.moved_since.risk_after > view.moved_since.risk_before
    again = await assess_change(shop, made.id, ASKER)
    view = await show_change(shop, made.id)
    assert view.moved_since is None
    assert view.analysis is not None
    assert view.analysis.moved is not None
    assert view.analysis.moved.class_before == "low"
    assert again.properties["risk"] == view.analysis.moved.class_after != "low"
    asked = {a.authority for a in view.approvals if a.state == "requested"}
    assert asked == set(view.analysis.ruling.authorities)
    with pytest.raises(Refused, match="not approved yet"):
        await schedule_change(shop, made.id, ASKER)
    revision = await shop.revision()
    assert (await assess_change(shop, made.id, ASKER)).revision == again.revision
    assert await shop.revision() == revision


async def test_a_risk_that_rose_after_scheduling_is_asked_for_at_the_start(shop: Cmdb) -> None:
    made = await submit_change(shop, (await planned(shop, "spare", **around())).id, ASKER)
    made = await schedule_change(shop, made.id, ASKER)
    await shop.load([], [link("DEPENDS_ON", "shop", "spare")], new_run("scan"), reason="scan")
    with pytest.raises(Refused, match="Its risk went from low to"):
        await start_change(shop, made.id, MAKER)
    asked = [a for a in await approvals_of(shop, made.id) if state(a) == "requested"]
    assert asked, "they are asked for although the start was refused"
    await approve(shop, made)
    assert (await start_change(shop, made.id, MAKER)).properties["state"] == "implement"


async def test_the_review_is_filled_with_what_followed(shop: Cmdb) -> None:
    made = await started(shop, "db")
    found = await shop.find("db")
    await shop.load([_seen("db", hostname="db2")], [], new_run("scan"), reason="scan")
    made = await finish_change(shop, made.id, MAKER, "successful")
    await shop.load([_seen("db", hostname="db3")], [], new_run("scan"), reason="scan")
    await open_incident(shop, PEER, "The shop is slow", ["shop"])
    await open_incident(shop, PEER, "Elsewhere", ["spare"])
    view = await show_change(shop, made.id)
    assert view.review is not None
    assert [(r.item, r.is_inside) for r in view.review.revisions] == [
        (found.id, True),
        (found.id, False),
    ]
    assert [i.short_description for i in view.review.incidents] == ["The shop is slow"]


async def test_the_change_that_was_made_just_before_is_a_suspect(shop: Cmdb) -> None:
    made = await started(shop, "db")
    found = await suspects(shop, ["shop"])
    (mine,) = (s for s in found.suspects if s.kind == "change")
    assert mine.summary.startswith(f"{made.name}: Work on db")
    assert [i.name for i in mine.items] == ["db"]
    assert mine.actor == "maker"
    assert found.suspects[0] == mine
    later = await suspects(shop, ["shop"], since=datetime.now(UTC))
    assert not [s for s in later.suspects if s.kind == "change"]


def _seen(name: str, **properties: str) -> ItemObservation:
    now = datetime.now(UTC)
    return ItemObservation("Server", (f"key:scan/{name}",), "scan", now,
                           {"name": name, **properties})  # fmt: skip
