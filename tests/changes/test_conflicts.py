"""What is in a change's way, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.changes import analysis as analysed
from cmdb.changes.changes import (
    assess_change,
    decide_change,
    edit_change,
    schedule_change,
    submit_change,
    waive_change,
)
from cmdb.changes.schedule import change_calendar
from cmdb.changes.windows import add_window
from cmdb.errors import InvalidInput, Refused
from cmdb.incidents.incidents import edit_incident, open_incident
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.records.records import Edit
from cmdb.service import Cmdb
from tests.changes.conftest import ASKER, BOARD, MANAGER, OWNER, PEER, planned

LATER: dict[str, Any] = {
    "start_date": "2030-03-10T01:00:00Z",
    "end_date": "2030-03-10T02:00:00Z",
}


async def found(cmdb: Cmdb, change: Item) -> set[tuple[str, str]]:
    made = await assess_change(cmdb, change.id, ASKER)
    analysis = analysed.read(made.properties["assessment"])
    assert analysis is not None
    status = made.properties["conflict_status"]
    assert status == ("conflict" if analysis.conflicts else "no_conflict")
    return {(c.type, c.other) for c in analysis.conflicts}


async def submitted(cmdb: Cmdb, *items: str, **values: Any) -> Item:
    values.setdefault("assigned_to", None)
    made = await planned(cmdb, *items, **values)
    return await submit_change(cmdb, made.id, ASKER)


async def test_the_same_item_at_the_same_time(shop: Cmdb) -> None:
    one, other = await submitted(shop, "spare"), await submitted(shop, "spare")
    assert await found(shop, other) == {("shared_item", one.name)}
    assert await found(shop, one) == {("shared_item", other.name)}
    looking = await planned(shop, "spare", action="inspect", assigned_to=None)
    assert await found(shop, looking) == {("shared_item", one.name), ("shared_item", other.name)}


async def test_other_times_drafts_and_what_is_over_are_in_nobodys_way(shop: Cmdb) -> None:
    await planned(shop, "spare", assigned_to=None)
    await submitted(shop, "spare", **LATER)
    gone = await submitted(shop, "spare")
    await edit_change(shop, gone.id, Edit("canceled", {"close_notes": "No."}), ASKER)
    touching = await submitted(
        shop, "spare", start_date="2030-03-03T02:00:00Z", end_date="2030-03-03T03:00:00Z"
    )
    assert touching.properties["conflict_status"] == "no_conflict"
    mine = await submitted(shop, "spare")
    assert await found(shop, mine) == set()


async def test_one_inside_the_others_radius(shop: Cmdb) -> None:
    under, over = await submitted(shop, "db"), await submitted(shop, "web")
    assert await found(shop, over) == {("inside_radius", under.name)}
    assert await found(shop, under) == {("inside_radius", over.name)}


async def test_two_that_take_both_halves_of_a_pair(shop: Cmdb) -> None:
    one, other = await submitted(shop, "a"), await submitted(shop, "b")
    assert await found(shop, one) == {("redundancy", other.name)}
    again = (await shop.store.items([one.id]))[one.id]
    analysis = analysed.read(again.properties["assessment"])
    assert analysis is not None
    assert "together" in analysis.conflicts[0].sentence
    assert any(f.factor == "collisions" and f.points for f in analysis.risk_factors)


async def test_who_makes_two_at_once(shop: Cmdb) -> None:
    one = await submitted(shop, "spare", assigned_to="maker")
    other = await submitted(shop, "a", assigned_to="Maker")
    assert await found(shop, other) == {("same_implementer", one.name)}


async def test_an_open_incident_on_what_it_works_on(shop: Cmdb) -> None:
    made = await submitted(shop, "spare")
    incident = await open_incident(shop, PEER, "Broken", ["spare"])
    assert await found(shop, made) == {("open_incident", incident.name)}
    over: dict[str, Any] = {"close_code": "fixed", "close_notes": "Done."}
    await edit_incident(shop, incident.id, Edit("resolved", over), PEER)
    assert await found(shop, made) == set()


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ("2030-03-03T00:30Z", "2030-03-03T01:30Z", True),
        ("2030-03-02T23:00Z", "2030-03-03T03:00Z", True),
        ("2030-03-02T22:59Z", "2030-03-03T01:00Z", False),
        ("2030-03-03T02:30Z", "2030-03-03T03:30Z", False),
        ("2030-03-04T01:00Z", "2030-03-04T02:00Z", False),
        ("2030-07-06T22:00Z", "2030-07-07T02:00Z", True),
        ("2030-07-06T23:00Z", "2030-07-07T03:00Z", False),
    ],
)
async def test_maintenance_windows_hold_the_whole_change_on_local_clocks(
    shop: Cmdb, start: str, end: str, inside: bool
) -> None:
    await add_window(
        shop,
        BOARD,
        "maintenance",
        "2030-01-06T00:00",
        "2030-01-06T04:00",
        zone="Europe/Berlin",
        rule="FREQ=WEEKLY",
        affects=["spare"],
    )
    made = await submitted(shop, "spare", start_date=start, end_date=end)
    expected = set() if inside else {("outside_maintenance_window", "MWN0000001")}
    assert await found(shop, made) == expected
    other = await submitted(shop, "a", start_date=start, end_date=end)
    assert await found(shop, other) == set()


@pytest.mark.parametrize("kind", ["blackout", "freeze"])
@pytest.mark.parametrize(
    ("scope", "item", "hit"),
    [
        ([], "spare", True),
        (["spare"], "spare", True),
        (["hall"], "a", True),
        (["hall"], "b", False),
        (["shop"], "db", True),
        (["wiki"], "web", False),
    ],
)
async def test_blackouts_and_freezes_hold_for_items_places_and_services(
    shop: Cmdb, kind: str, scope: list[str], item: str, hit: bool
) -> None:
    await add_window(shop, BOARD, kind, "2030-03-03T00:00", "2030-03-04T00:00", affects=scope)
    made = await submitted(shop, item)
    assert await found(shop, made) == ({(kind, "MWN0000001")} if hit else set())


async def test_what_is_scheduled_blocks_and_what_is_planned_does_not(shop: Cmdb) -> None:
    one, other = await submitted(shop, "spare"), await submitted(shop, "spare")
    for change in (one, other):
        await assess_change(shop, change.id, ASKER)
        await decide_change(shop, change.id, PEER, approve=True)
    await schedule_change(shop, one.id, ASKER)
    with pytest.raises(Refused, match=f"{one.name} .scheduled. works on Server spare"):
        await schedule_change(shop, other.id, ASKER)
    await waive_change(shop, other.id, MANAGER, "They are one job.")
    assert (await schedule_change(shop, other.id, ASKER)).properties["state"] == "scheduled"


async def test_the_calendar_has_changes_and_windows_in_order(shop: Cmdb) -> None:
    made = await submitted(shop, "spare")
    await add_window(
        shop, BOARD, "maintenance", "2030-03-02T23:00", "2030-03-03T05:00",
        rule="FREQ=DAILY", affects=["spare"],
    )  # fmt: skip
    start, end = parse_time("2030-03-02T00:00Z"), parse_time("2030-03-04T00:00Z")
    rows = (await change_calendar(shop, start, end)).entries
    assert [(r.type, r.number, r.items) for r in rows] == [
        ("maintenance", "MWN0000001", ("spare",)),
        ("change", made.name, ("spare",)),
        ("maintenance", "MWN0000001", ("spare",)),
    ]
    cut = await change_calendar(shop, start, end, limit=2)
    assert (len(cut.entries), cut.truncated) == (2, True)
    with pytest.raises(InvalidInput, match="must end after"):
        await change_calendar(shop, end, start)
    with pytest.raises(InvalidInput, match="two years"):
        await change_calendar(shop, start, parse_time("2040-01-01T00:00Z"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"zone": "Europe/Berlni"}, "did you mean Europe/Berlin"),
        ({"end": "2030-03-02T00:00"}, "must end after it starts"),
        ({"rule": "FREQ=SECONDLY"}, "recurs DAILY"),
        ({"start": "tomorrow"}, "is no time"),
        ({"window_type": "party"}, "maintenance, blackout, freeze"),
        ({"affects": ["nobody"]}, "no item"),
        (
            {"zone": "Europe/Berlin", "start": "2030-03-31T02:30", "end": "2030-03-31T04:00"},
            "does not exist",
        ),
    ],
)
async def test_a_window_that_is_wrong_is_not_added(
    shop: Cmdb, given: dict[str, Any], said: str
) -> None:
    before = await shop.revision()
    usual: dict[str, Any] = {
        "window_type": "freeze",
        "start": "2030-03-03T00:00",
        "end": "2030-03-04T00:00",
    }
    with pytest.raises(InvalidInput, match=said):
        await add_window(shop, OWNER, **{**usual, **given})
    assert await shop.revision() == before
