"""Plans over GraphQL are assessed as on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmdb.change_assessment import ChangeAssessment, assess_plan
from cmdb.plans import read_plan
from cmdb.service import Cmdb
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served
from tests.plans.plan_files import every_action

APART = {"as_of", "without_weak_evidence"}
QUERY = f"""query($plan: JSON!, $limit: Int! = 1000) {{
    changeAssessment(plan: $plan, limit: $limit) {selection(ChangeAssessment, APART)} }}"""


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("limit", [1000, 2])
async def test_a_plan_is_assessed(cmdb: Cmdb, ask: Ask, as_text: bool, limit: int) -> None:
    text = json.dumps(every_action())
    data = await ask(QUERY, plan=text if as_text else every_action(), limit=limit)
    found = await assess_plan(cmdb, read_plan(text.encode(), "plan"), limit=limit)
    assert found.failing
    assert data["changeAssessment"] == served(found, APART)


async def test_a_plan_leads_into_the_graph(ask: Ask) -> None:
    data = await ask(
        """query($plan: JSON!) { changeAssessment(plan: $plan) {
            changes { address name item { name } }
            impact { sentence picture { boxes { label } } } } }""",
        plan=every_action(),
    )
    found = data["changeAssessment"]
    for change in found["changes"]:
        assert change["name"] == (change["item"] or {"name": None})["name"]
    assert "CloudResource media-bucket" in found["impact"]["sentence"]
    assert found["impact"]["picture"]["boxes"]


async def test_manifests_come_as_text_or_one_by_one(ask: Ask) -> None:
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}
    for given in (
        manifest,
        [manifest],
        json.dumps(manifest),
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n",
    ):
        data = await ask(
            "query($plan: JSON!) { changeAssessment(plan: $plan) { tool counts { create } "
            "impact { sentence } risk { total } } }",
            plan=given,
        )
        assert data["changeAssessment"] == {
            "tool": "kubernetes",
            "counts": {"create": 1},
            "impact": None,
            "risk": None,
        }


@pytest.mark.parametrize("given", ["", {}, [], 7, {"version": 4, "resources": []}])
async def test_what_is_no_plan_is_said(ask_wrongly: Any, given: Any) -> None:
    error = await ask_wrongly(
        "query($plan: JSON!) { changeAssessment(plan: $plan) { tool } }", plan=given
    )
    assert error["extensions"]["code"] == "invalid_input"
    assert error["message"].startswith("plan is")
