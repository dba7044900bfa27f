"""A plan is held against recorded changes as a change is."""

from __future__ import annotations

from typing import Any

import msgspec

from cmdb.change_assessment import ChangeAssessment, assess_plan, compare_assessment_since
from cmdb.changes.changes import submit_change
from cmdb.collisions import GivenPlan
from cmdb.incidents.incidents import open_incident
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.plans import Plan, read_plan
from cmdb.service import Cmdb
from tests.changes.conftest import ASKER, SUNDAY, planned

START, END = (parse_time(SUNDAY[name]) for name in ("start_date", "end_date"))
SPAN: dict[str, Any] = {"start": START, "end": END}


def deleting(name: str, action: str = "delete") -> Plan:
    """A Terraform plan that does so to one server."""
    values = {"name": name}
    made = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "resource_changes": [
            {
                "address": f"aws_instance.{name}",
                "type": "aws_instance",
                "mode": "managed",
                "name": name,
                "change": {"actions": [action], "before": values, "after": values},
            }
        ],
    }
    return read_plan(msgspec.json.encode(made), "plan.json")


async def submitted(cmdb: Cmdb, *items: str) -> Item:
    made = await planned(cmdb, *items, assigned_to=None)
    return await submit_change(cmdb, made.id, ASKER)


def met(found: ChangeAssessment) -> set[tuple[str, str]]:
    return {(c.type, c.other) for c in found.conflicts}


def collisions_in(found: ChangeAssessment) -> float:
    assert found.risk is not None
    (value,) = (f.value for f in found.risk.factors if f.factor == "collisions")
    return value


async def test_a_recorded_change_that_takes_the_other_half_of_a_pair(shop: Cmdb) -> None:
    change = await submitted(shop, "b")
    alone = await assess_plan(shop, deleting("a"))
    assert (met(alone), collisions_in(alone)) == (set(), 0)
    found = await assess_plan(shop, deleting("a"), **SPAN)
    assert met(found) == {("redundancy", change.name)}
    assert collisions_in(found) == 0.5
    assert found.total_conflicts == 1
    other = await assess_plan(shop, deleting("spare"), **SPAN)
    assert (met(other), collisions_in(other)) == (set(), 0)


async def test_what_is_merely_edited_is_shared_and_open_incidents_are_seen(shop: Cmdb) -> None:
    change = await submitted(shop, "spare")
    incident = await open_incident(shop, ASKER, "It smells of smoke", ["spare"])
    found = await assess_plan(shop, deleting("spare", "update"), **SPAN)
    assert met(found) == {("shared_item", change.name), ("open_incident", incident.name)}
    assert found.risk is None
    page = await assess_plan(shop, deleting("spare", "update"), **SPAN, limit=1, offset=1)
    assert (page.conflicts, page.total_conflicts) == (found.conflicts[1:], 2)
    assert page.truncated


async def test_a_planned_failure_stands_for_the_change_of_its_name(shop: Cmdb) -> None:
    change = await submitted(shop, "b")
    assert change.name is not None
    elsewhere = GivenPlan(change.name, ("spare",), START, END)
    found = await assess_plan(shop, deleting("a"), **SPAN, planned=[elsewhere])
    assert met(found) == set()
    another = GivenPlan("CHG-X", ("b",), START, END)
    both = await assess_plan(shop, deleting("a"), **SPAN, planned=[another])
    assert met(both) == {("redundancy", change.name), ("redundancy", "CHG-X")}
    assert collisions_in(both) == 0.75


async def test_a_collision_that_was_none_at_another_point(shop: Cmdb) -> None:
    change = await submitted(shop, "b")
    found = await compare_assessment_since(shop, deleting("a"), "0", **SPAN)
    assert [(c.type, c.other) for c in found.new_conflicts] == [("redundancy", change.name)]
    assert found.gone_conflicts == ()
    assert found.risk is not None
    (row,) = (f for f in found.risk.factors if f.factor == "collisions")
    assert (row.before, row.after) == (0, 5)
    assert found.impact is not None
    assert (found.impact.appeared, found.before_revision) == (len(found.impact.changes), 0)
