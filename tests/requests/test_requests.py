"""Requests on both stores: forms, approvals, steps, and fulfilment by what discovery sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput, Refused
from cmdb.ingest import new_run
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.records.records import Edit, find_record, linked_items
from cmdb.requests.catalogue import checked_form, offer_of, request_catalogue
from cmdb.requests.requests import (
    decide_request,
    edit_request,
    expiring,
    fulfil_requests,
    open_request,
)
from cmdb.service import Cmdb
from tests.requests.conftest import ASKER, HELPER, OTHER, seen

FORM = {"name": "vm1", "cpu_count": "4"}


async def children(cmdb: Cmdb, request: Item, kind: str) -> list[Item]:
    found = await linked_items(cmdb, request.id, "CHILD_OF", incoming=True)
    return [item for item in found if item.kind == kind]


async def test_a_request_comes_with_its_approval_and_steps_in_one_revision(desk: Cmdb) -> None:
    before = await desk.revision()
    made = await open_request(desk, ASKER, "virtual-machine", FORM)
    assert await desk.revision() == before + 1
    assert made.properties["state"] == "requested"
    assert made.properties["form"] == '{"name": "vm1", "cpu_count": 4}'
    (approval,) = await children(desk, made, "Approval")
    assert approval.properties["approver"] == "Platform"
    steps = await children(desk, made, "Step")
    assert [(s.name, s.properties["order"]) for s in steps] == [
        ("STP0000001", 1),
        ("STP0000002", 2),
    ]
    again = await open_request(desk, ASKER, "software", {"product": "Drawbridge"})
    assert again.properties["state"] == "in_process"
    assert await children(desk, again, "Approval") == []


async def test_only_the_team_decides_and_never_who_asked(desk: Cmdb) -> None:
    made = await open_request(desk, ASKER, "virtual-machine", FORM)
    with pytest.raises(Refused, match="their own request"):
        await decide_request(desk, ASKER, made.name, approve=True)
    for_her = await open_request(desk, OTHER, "virtual-machine", FORM, requested_for="grace")
    with pytest.raises(Refused, match="their own request"):
        await decide_request(desk, HELPER, for_her.name, approve=True)
    with pytest.raises(Refused, match="belongs to the team Platform"):
        await decide_request(desk, OTHER, made.name, approve=True)
    with pytest.raises(Refused, match="not approved yet: Platform must agree"):
        await edit_request(desk, made.name, Edit("in_process"), OTHER)
    after = await decide_request(desk, HELPER, made.name, approve=True, comment="Fine.")
    assert after.properties["state"] == "in_process"
    (approval,) = await children(desk, made, "Approval")
    assert approval.properties["decided_by"] == "grace"
    assert approval.properties["decided_at"]
    with pytest.raises(Refused, match="nobody's approval"):
        await decide_request(desk, HELPER, made.name, approve=False, comment="No.")


async def test_a_rejection_says_why_and_ends_it(desk: Cmdb) -> None:
    made = await open_request(desk, ASKER, "access", {"target": "ledger"})
    with pytest.raises(InvalidInput, match="comments"):
        await decide_request(desk, HELPER, made.name, approve=False)
    after = await decide_request(desk, HELPER, made.name, approve=False, comment="Why?")
    assert (after.properties["state"], after.properties["close_notes"]) == (
        "closed_rejected",
        "Why?",
    )


async def test_steps_are_done_in_order_and_all_before_the_end(desk: Cmdb) -> None:
    made = await open_request(desk, ASKER, "virtual-machine", FORM)
    await decide_request(desk, HELPER, made.name, approve=True)
    with pytest.raises(Refused, match="STP0000002 comes after STP0000001"):
        await edit_request(desk, "STP0000002", Edit("in_progress"), HELPER)
    with pytest.raises(Refused, match="steps to be done: STP0000001, STP0000002"):
        await edit_request(desk, made.name, Edit("closed_complete"), HELPER)
    for step in ("STP0000001", "STP0000002"):
        await edit_request(desk, step, Edit("closed_complete"), HELPER)
    with pytest.raises(Refused, match="once a VirtualMachine called 'vm1' is seen"):
        await edit_request(desk, made.name, Edit("closed_complete"), HELPER)


async def test_discovery_fulfils_a_request_and_a_second_scan_changes_nothing(desk: Cmdb) -> None:
    made = await open_request(desk, ASKER, "virtual-machine", FORM)
    machine = seen("VirtualMachine", "vm1")
    await desk.load([machine], [], new_run("vcenter"), reason="scan")
    assert (await find_record(desk, made.name)).properties["state"] == "requested"
    await decide_request(desk, HELPER, made.name, approve=True)
    other = await open_request(desk, ASKER, "virtual-machine", {"name": "vm2"})
    await decide_request(desk, HELPER, other.name, approve=True)
    await desk.load([seen("Server", "rack1")], [], new_run("netbox"), reason="scan")
    done = await find_record(desk, made.name)
    assert done.properties["state"] == "closed_complete"
    assert done.properties["fulfilled_at"]
    assert [i.name for i in await linked_items(desk, done.id, "RELATES_TO")] == ["vm1"]
    steps = await children(desk, done, "Step")
    assert [s.properties["state"] for s in steps] == ["closed_complete"] * 2
    assert (await find_record(desk, other.name)).properties["state"] == "in_process"
    before = await desk.revision()
    assert await fulfil_requests(desk, HELPER) == []
    await desk.load([machine], [], new_run("vcenter"), reason="scan")
    assert await desk.revision() == before


async def test_access_ends_and_is_listed_before(desk: Cmdb) -> None:
    made = await open_request(desk, ASKER, "access", {"target": "ledger"})
    await decide_request(desk, HELPER, made.name, approve=True)
    done = await edit_request(desk, made.name, Edit("closed_complete"), HELPER)
    until = parse_time(str(done.properties["until"]))
    assert timedelta(days=179) < until - datetime.now(UTC) < timedelta(days=181)
    assert await expiring(desk) == []
    assert [r.name for r in await expiring(desk, until + timedelta(days=1))] == [made.name]


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({}, ["name"]),
        ({"name": "vm1", "cpus": 4}, ["cpus"]),
        ({"name": "vm1", "cpu_count": 0}, ["cpu_count"]),
        ({"name": "vm1", "cpu_count": "many", "environment": "prod"}, ["cpu_count", "environment"]),
        ({"name": " ", "cpu_count": 65}, ["cpu_count"]),
    ],
)
def test_a_form_that_is_not_in_order_is_refused_whole(
    form: dict[str, object], fields: list[str]
) -> None:
    offer = offer_of(request_catalogue(None, builtin()), "virtual-machine")
    with pytest.raises(InvalidInput) as refused:
        checked_form(offer, form)
    assert [problem.field for problem in refused.value.problems] == fields


def test_a_file_adds_offers_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[desk]\ntitle = "A desk"\nteam = "Facilities"\n')
    assert request_catalogue(path, builtin())["desk"].approval == "none"
    path.write_text(
        '[a]\ntitle = "A"\n[b]\ntitle = "B"\nteam = "T"\n'
        'fulfilled_by = {kind = "Sever", field = "x"}\n'
    )
    with pytest.raises(InvalidInput) as refused:
        request_catalogue(path, builtin())
    said = [(p.file, p.field, p.message) for p in refused.value.problems]
    assert said[0][:2] == (str(path), "a")
    assert "team" in said[0][2]
    assert said[1][1:] == ("b", "There is no kind Sever (did you mean Server?).")
    assert said[2][1:] == ("b", "Its form has no field x.")
    with pytest.raises(InvalidInput, match="did you mean software"):
        offer_of(request_catalogue(None, builtin()), "softwares")
