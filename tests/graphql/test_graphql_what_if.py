"""What-if and comparisons over GraphQL are those of the product."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmdb.analysis import analyse_failure, compare_impact
from cmdb.service import Cmdb
from cmdb.viewpoint import Viewpoint
from cmdb.what_if import WhatIf
from cmdb_graphql.schema import Schema
from impact.compare import Comparison
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served

SWITCH = "dc1-r03-acc-sw1"
LINES = "\n".join(
    json.dumps(record)
    for record in (
        {"remove": {"link": {"relation": "LINKED_TO", "from": "dc1-hv05", "to": SWITCH}}},
        {"item": {"kind": "Server", "identifiers": ["serial:NEW1"], "properties": {"name": "n1"}}},
    )
)


async def test_impact_of_what_is_supposed(cmdb: Cmdb, ask: Ask) -> None:
    data = await ask(
        """query($items: [String!]!, $lines: String) {
            impact(items: $items, whatIf: $lines) { revision counts { down degraded atRisk }
                affected { name } }
            plain: impact(items: ["dc1-r03-acc-sw1"]) { counts { down } }
            explain(items: $items, item: "n1", whatIf: $lines) { state } }""",
        items=[SWITCH, "serial:NEW1"],
        lines=LINES,
    )
    analysis = await analyse_failure(
        cmdb, [SWITCH, "n1"], view=Viewpoint(what_if=WhatIf(LINES.encode()))
    )
    assert sum(data["impact"]["counts"].values()) == len(analysis.states)
    assert data["impact"]["revision"] == await cmdb.revision()
    names = {row["name"] for row in data["impact"]["affected"]}
    assert "n1" in names
    assert "dc1-hv05" not in names
    assert data["plain"]["counts"]["down"] > data["impact"]["counts"]["down"]
    assert data["explain"]["state"] == "down"


async def test_dependencies_of_what_is_supposed(ask: Ask) -> None:
    query = """query($lines: String) {
        dependencies(item: "dc1-hv05", depth: 1, whatIf: $lines) { items { name } }
        dependents(item: "dc1-r03-acc-sw1", depth: 1, whatIf: $lines) { items { name } } }"""
    supposed = await ask(query, lines=LINES)
    stored = await ask(query, lines=None)
    for root, name in (("dependencies", SWITCH), ("dependents", "dc1-hv05")):
        assert name in {row["name"] for row in stored[root]["items"]}
        assert name not in {row["name"] for row in supposed[root]["items"]}


@pytest.mark.parametrize(("since", "lines"), [("1", None), ("now", LINES), ("1", LINES)])
async def test_a_comparison_is_that_of_the_product(
    cmdb: Cmdb, ask: Ask, since: str, lines: str | None
) -> None:
    data = await ask(
        f"""query($since: String!, $lines: String) {{
            impactComparison(items: ["{SWITCH}"], since: $since, whatIf: $lines, limit: 7)
            {selection(Comparison, {"as_of"})} }}""",
        since=since,
        lines=lines,
    )
    view = Viewpoint(what_if=WhatIf(lines.encode()) if lines else None)
    found = await compare_impact(cmdb, [SWITCH], since, view=view, limit=7)
    assert data["impactComparison"] == served(found, {"as_of"})
    assert found.changes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('items: ["dc1-hv05"], whatIf: "nonsense"', "whatIf"),
        ('items: ["dc1-hv05"], whatIf: ""', "nothing to suppose"),
        ('items: ["dc1-hv05"], at: "1", whatIf: "{}"', "latest revision"),
        ('items: [], whatIf: "{}"', "at least one item"),
    ],
)
async def test_what_can_not_be_supposed_is_said(
    ask_wrongly: Any, schema: Schema, arguments: str, said: str
) -> None:
    error = await ask_wrongly(f"{{ impact({arguments}) {{ revision }} }}")
    text = json.dumps(error)
    assert said in text
    assert error["extensions"]["code"] == "invalid_input"
