"""Records on both stores: numbers, edits, conflicts, links, and what the log says of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from cmdb.errors import IllegalTransition, InvalidInput, RecordChanged, Refused
from cmdb.ingest import new_run
from cmdb.items import Item, ItemObservation, LinkObservation
from cmdb.records.records import Edit, edit_record, find_record, linked_items, open_record
from cmdb.service import Cmdb
from tests.records.conftest import ADA

NOW = datetime(2026, 11, 25, 3, 12, tzinfo=UTC)


async def server(cmdb: Cmdb, name: str) -> Item:
    seen = ItemObservation("Server", (f"serial:{name.upper()}",), "scan", NOW, {"name": name})
    await cmdb.load([seen], [], new_run("scan"), reason="scan")
    return await cmdb.find(f"serial:{name.upper()}")


async def incident(cmdb: Cmdb, about: str = "It is slow", **link: str) -> Item:
    return await open_record(
        cmdb, "Incident", {"short_description": about}, ADA, link=list(link.items())
    )


async def test_a_record_is_opened_with_a_number_and_says_who_from_where(cmdb: Cmdb) -> None:
    made = await incident(cmdb)
    assert made.name == "INC0000001"
    assert made.properties["state"] == "new"
    assert made.properties["opened_by"] == "ada"
    (entry,) = await cmdb.history(made)
    assert (entry.actor, entry.address, entry.source) == ("ada", "192.0.2.7", "operator")
    assert (await find_record(cmdb, "INC0000001")).id == made.id
    assert (await find_record(cmdb, "name:Incident/INC0000001")).id == made.id


async def test_many_who_open_at_once_get_a_number_each(cmdb: Cmdb) -> None:
    made = await asyncio.gather(*(incident(cmdb, f"Number {n}") for n in range(8)))
    assert sorted(item.name for item in made) == [f"INC000000{n}" for n in range(1, 9)]
    assert len({item.id for item in made}) == 8
    abouts = {str(item.properties["short_description"]) for item in made}
    assert abouts == {f"Number {n}" for n in range(8)}


async def test_numbers_go_on_after_imported_ones_of_the_same_shape_only(cmdb: Cmdb) -> None:
    seen = [
        ItemObservation("Incident", (f"key:servicenow/{n}",), "servicenow", NOW, {"name": n})
        for n in ("INC0010004", "INC-17", "INCIDENT", "IM0000009")
    ]
    await cmdb.load(seen, [], new_run("servicenow"), reason="import")
    assert (await incident(cmdb)).name == "INC0010005"


async def test_an_edit_is_one_revision_and_the_same_again_is_none(cmdb: Cmdb) -> None:
    made = await incident(cmdb)
    before = await cmdb.revision()
    edit = Edit(to="In Progress", values={"assigned_to": "grace"}, note="Looking at it.")
    after = await edit_record(cmdb, made.id, edit, ADA)
    assert await cmdb.revision() == before + 1
    assert after.properties["state"] == "in_progress"
    assert after.properties["work_notes"] == ["Looking at it."]
    assert after.properties["acknowledged_at"]
    await edit_record(cmdb, made.id, Edit(values={"assigned_to": "grace"}), ADA)
    assert await cmdb.revision() == before + 1


@pytest.mark.parametrize(
    ("edit", "error", "said"),
    [
        (Edit(to="closed"), IllegalTransition, "it can go to in_progress, on_hold, resolved"),
        (Edit(to="resolved"), InvalidInput, "lacks close_code, close_notes"),
        (Edit(to="nowhere"), InvalidInput, "has no state 'nowhere'"),
        (Edit(values={"colour": "red"}), InvalidInput, "no property 'colour'"),
        (Edit(values={"urgency": "soon"}), InvalidInput, "must be a whole number"),
        (Edit(values={"hold_reason": "tea"}), InvalidInput, "must be one of caller, problem"),
        (Edit(link=[("AFFECTS", "nobody")]), InvalidInput, "no item with the id 'nobody'"),
        (Edit(note="Yes", expected=0), RecordChanged, "was changed by ada after you read it"),
    ],
)
async def test_what_is_wrong_is_refused_and_changes_nothing(
    cmdb: Cmdb, edit: Edit, error: type[Exception], said: str
) -> None:
    made = await incident(cmdb)
    before = await cmdb.revision()
    with pytest.raises(error, match=said):
        await edit_record(cmdb, made.id, edit, ADA)
    assert await cmdb.revision() == before
    assert (await cmdb.store.items([made.id]))[made.id] == made


async def test_of_two_who_move_the_same_record_the_later_is_told_what_changed(cmdb: Cmdb) -> None:
    made = await incident(cmdb)
    edits = [
        Edit(to="in_progress", values={"assigned_to": who}, expected=made.revision)
        for who in ("ada", "grace")
    ]
    done = await asyncio.gather(
        *(edit_record(cmdb, made.id, edit, ADA) for edit in edits), return_exceptions=True
    )
    (first,) = [d for d in done if isinstance(d, Item)]
    (second,) = [d for d in done if isinstance(d, RecordChanged)]
    assert second.revision == first.revision
    assert ("state", "new", "in_progress") in second.changes
    assert (await cmdb.store.items([made.id]))[made.id] == first


async def test_links_come_and_go_and_only_who_said_so_takes_them_back(cmdb: Cmdb) -> None:
    web, db = await server(cmdb, "web"), await server(cmdb, "db")
    made = await incident(cmdb, AFFECTS=web.id)
    assert [i.name for i in await linked_items(cmdb, made.id, "AFFECTS")] == ["web"]
    edit = Edit(link=[("AFFECTS", db.id)], unlink=[("AFFECTS", web.id)])
    await edit_record(cmdb, made.id, edit, ADA)
    assert [i.name for i in await linked_items(cmdb, made.id, "AFFECTS")] == ["db"]
    await edit_record(cmdb, made.id, Edit(link=[("AFFECTS", web.id)]), ADA)
    found = await linked_items(cmdb, made.id, "AFFECTS")
    assert [i.name for i in found] == ["db", "web"]
    with pytest.raises(InvalidInput, match="no CAUSED_BY link"):
        await edit_record(cmdb, made.id, Edit(unlink=[("CAUSED_BY", web.id)]), ADA)
    seen = LinkObservation("CAUSED_BY", made.identifiers[0], "serial:WEB", "tool", NOW)
    await cmdb.load([], [seen], new_run("tool"), reason="tool")
    with pytest.raises(Refused, match="tool reports"):
        await edit_record(cmdb, made.id, Edit(unlink=[("CAUSED_BY", web.id)]), ADA)


async def test_a_link_that_can_t_be_is_refused(cmdb: Cmdb) -> None:
    web = await server(cmdb, "web")
    with pytest.raises(InvalidInput, match="can't lead to a Server"):
        await incident(cmdb, CHILD_OF=web.id)
    assert (await incident(cmdb)).name == "INC0000001"


async def test_a_record_of_another_kind_is_not_found_in_its_place(cmdb: Cmdb) -> None:
    made = await incident(cmdb)
    with pytest.raises(InvalidInput, match="INC0000001 is a Incident, not a Change"):
        await find_record(cmdb, made.id, "Change")
