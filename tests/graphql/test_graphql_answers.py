"""Answers over GraphQL are those of the product, and lead on into the graph."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.analysis import analyse_failure, find_dependencies, find_ways
from cmdb.catalogue import builtin
from cmdb.catalogue.reference import kind_data, relation_data
from cmdb.revisions import Revision, Run
from cmdb.service import Cmdb
from cmdb.store.port import StoreInfo
from cmdb.viewpoint import Viewpoint
from cmdb.views import FieldChange, HistoryEntry, field_changes
from cmdb_graphql.names import camel
from cmdb_graphql.roots.history import WaitingLinks
from impact import BlastRadius, State, answer
from impact.answer import WithoutWeakEvidence
from impact.dependencies import Dependencies
from impact.explain import Explanation, explain
from impact.path import Paths
from impact.picture import Box, BoxEdge, picture
from impact.render import reason, sentence
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served

APART = {"as_of", "without_weak_evidence"}
"""What differs from call to call, and what costs a second run."""

FAILURES = [["dc1-r03-acc-sw1"], ["dc1-core-sw1", "dc1-core-sw2"], ["orders-db-1"], ["dc2-ups-a"]]


@pytest.mark.parametrize("failed", FAILURES)
@pytest.mark.parametrize("limit", [1000, 5, 0])
async def test_impact_is_the_blast_radius(
    cmdb: Cmdb, ask: Ask, failed: list[str], limit: int
) -> None:
    data = await ask(
        f"""query($items: [String!]!, $limit: Int!) {{
            impact(items: $items, limit: $limit) {selection(BlastRadius, APART)} }}""",
        items=failed,
        limit=limit,
    )
    assert data["impact"] == served(answer(await analyse_failure(cmdb, failed), limit=limit), APART)


async def test_impact_comes_in_pages(cmdb: Cmdb, ask: Ask) -> None:
    analysis = await analyse_failure(cmdb, ["dc1-r03-acc-sw1"])
    for offset in (0, 100, 5000):
        data = await ask(
            f"""query($offset: Int!) {{ impact(items: ["dc1-r03-acc-sw1"], limit: 100,
                offset: $offset) {{ sentence {selection(BlastRadius, APART)[1:]} }}""",
            offset=offset,
        )
        assert data["impact"].pop("sentence") == sentence(answer(analysis))
        page = answer(analysis, limit=100, offset=offset)
        assert data["impact"] == served(page, APART)


async def test_items_can_fail_by_degrees_and_in_the_past(cmdb: Cmdb, ask: Ask) -> None:
    shape = selection(BlastRadius, APART)
    query = f"""query($state: FailureState!, $at: String) {{
        impact(items: ["dc1-hv03"], state: $state, at: $at) {shape} }}"""
    degraded = answer(await analyse_failure(cmdb, ["dc1-hv03"], State.DEGRADED))
    assert (await ask(query, state="degraded"))["impact"] == served(degraded, APART)
    before = answer(await analyse_failure(cmdb, ["dc1-hv03"], view=Viewpoint(1)))
    assert (await ask(query, state="down", at="1"))["impact"] == served(before, APART)
    assert before.counts != degraded.counts


async def test_an_answer_speaks_and_leads_into_the_graph(cmdb: Cmdb, ask: Ask) -> None:
    data = await ask(
        """{ impact(items: ["dc1-r03-acc-sw1"]) { sentence
            affected { id name kind reason because { link relation } item { id name kind } }
            owners { id item { id kind } } } }"""
    )
    found = answer(await analyse_failure(cmdb, ["dc1-r03-acc-sw1"]))
    assert data["impact"]["sentence"] == sentence(found)
    for row, affected in zip(data["impact"]["affected"], found.affected, strict=True):
        assert row["item"] == {"id": row["id"], "name": row["name"], "kind": row["kind"]}
        assert row["reason"] == reason(affected)
        if row["because"]:
            assert row["because"]["link"].startswith(f"{row['because']['relation']}:")
    assert {owner["item"]["kind"] for owner in data["impact"]["owners"]} <= {"Team", "Person"}
    assert data["impact"]["owners"]


async def test_the_sentence_does_not_depend_on_how_many_rows_are_asked_for(ask: Ask) -> None:
    query = 'query($limit: Int!) { impact(items: ["dc1-r03-acc-sw1"], limit: $limit) { sentence } }'
    assert await ask(query, limit=0) == await ask(query, limit=1000)


@pytest.mark.parametrize("failed", FAILURES)
async def test_the_picture_is_served_with_its_members(
    cmdb: Cmdb, ask: Ask, failed: list[str]
) -> None:
    query = f"""query($items: [String!]!, $open: [String!]) {{ impact(items: $items) {{
        picture(open: $open) {{
            boxes {{ {selection(Box, {"members"})[1:-1]} members(first: 1000) {{ id }} }}
            edges {selection(BoxEdge)} }} }} }}"""
    analysis = await analyse_failure(cmdb, failed)
    drawn = picture(analysis)
    data = await ask(query, items=failed)
    boxes = data["impact"]["picture"]["boxes"]
    members = [[member["id"] for member in box.pop("members")] for box in boxes]
    assert boxes == served(drawn.boxes, {"members"})
    assert members == [list(box.members) for box in drawn.boxes]
    assert data["impact"]["picture"]["edges"] == served(drawn.edges)
    stacks = [box.id for box in drawn.boxes if box.count > 1]
    opened = await ask(query, items=failed, open=stacks[:1])
    shown = opened["impact"]["picture"]["boxes"]
    assert [box["id"] for box in shown] == [
        box.id for box in picture(analysis, opened=stacks[:1]).boxes
    ]


async def test_explain_is_the_proof(cmdb: Cmdb, ask: Ask) -> None:
    query = """query { explain(items: ["dc1-hv03"], item: "search@production") %s }"""
    data = await ask(query % selection(Explanation))
    proof = explain(
        await analyse_failure(cmdb, ["dc1-hv03"]), (await cmdb.find("search@production")).id
    )
    assert data["explain"] == served(proof)
    assert len(proof.steps) > 3


async def test_dependencies_dependents_and_paths(cmdb: Cmdb, ask: Ask) -> None:
    tree, ways = selection(Dependencies), selection(Paths)
    data = await ask(
        f"""{{ dependencies(item: "checkout@production", depth: 3, limit: 10) {tree}
            dependents(item: "dc1-hv03") {tree}
            path(from: "checkout@production", to: "dc1-core-sw1", limit: 2) {ways} }}"""
    )
    below = await find_dependencies(cmdb, "checkout@production", depth=3, limit=10)
    assert data["dependencies"] == served(below)
    assert below.truncated
    above = await find_dependencies(cmdb, "dc1-hv03", reverse=True)
    assert data["dependents"] == served(above)
    assert above.total > 10
    ways_found = await find_ways(cmdb, "checkout@production", "dc1-core-sw1", limit=2)
    assert data["path"] == served(ways_found)
    assert len(ways_found.paths) == 2


async def test_history_and_differences(cmdb: Cmdb, ask: Ask) -> None:
    shape, change = selection(HistoryEntry), selection(FieldChange)
    data = await ask(
        f"""{{ history(key: "dc1-core-sw1", limit: 5) {shape}
            none: history(key: "dc1-core-sw1", before: 1) {shape}
            diff(from: "0", to: "2", limit: 7) {{
                total truncated differences {{ id name before after changes {change} }} }} }}"""
    )
    assert data["history"] == served(await cmdb.history(await cmdb.find("dc1-core-sw1"), 5))
    assert data["none"] == []
    found = await cmdb.difference("0", "2")
    assert data["diff"]["total"] == len(found)
    assert data["diff"]["truncated"]
    for row, expected in zip(data["diff"]["differences"], found[:7], strict=True):
        assert row["id"] == expected.id
        assert row["before"] is None
        assert row["after"]["id"] == expected.id
        assert row["changes"] == served(field_changes(expected.before, expected.after))


async def test_revisions_are_paged_from_the_newest(cmdb: Cmdb, ask: Ask) -> None:
    shape = selection(Revision)
    data = await ask(
        f"""{{ revisions {shape} one: revisions(limit: 1) {shape}
            older: revisions(limit: 1, before: 5) {shape} none: revisions(before: 1) {shape}
            revision(number: 5) {shape} missing: revision(number: 99) {shape} }}"""
    )
    newest = served(await cmdb.store.revisions(newest_first=True))
    assert [r["number"] for r in newest] == [5, 4, 3, 2, 1]
    assert data["revisions"] == newest
    assert data["one"] == newest[:1]
    assert data["older"] == newest[1:2]
    assert data["none"] == []
    assert data["revision"] == newest[0]
    assert data["missing"] is None


async def test_runs_waiting_links_and_the_store(cmdb: Cmdb, ask: Ask) -> None:
    shape = selection(Run)
    data = await ask(
        f"""{{ runs {shape} demo: runs(source: "demo") {shape} none: runs(source: "x") {shape}
            waitingLinks {selection(WaitingLinks)} info {{ {selection(StoreInfo)[1:-1]} version }}
        }}"""
    )
    assert data["runs"] == served(await cmdb.store.runs())
    assert data["demo"] == served(await cmdb.store.runs(source="demo"))
    assert [run["source"] for run in data["runs"]] == ["servicedesk", "demo"]
    assert data["none"] == []
    waiting = await cmdb.store.waiting()
    assert data["waitingLinks"] == {"waiting": served(waiting), "total": len(waiting)}
    assert waiting
    assert data["info"].pop("version")
    assert data["info"] == served(await cmdb.store.info())


async def test_the_catalogue_describes_itself(ask: Ask) -> None:
    data = await ask(
        """{ kinds { name plural description parent lineage category abstract layer identifiedBy
                staleAfter retireAfter graphqlType connection
                properties { name type description unit choices controlled expected field } }
            kind(name: "Cluster") { graphqlType connection }
            relations { name phrase inverse description from to impact effect gated symmetric } }"""
    )

    def camelled(row: dict[str, Any]) -> dict[str, Any]:
        return {camel(key): value for key, value in row.items()}

    for row, name in zip(data["kinds"], builtin().kinds, strict=True):
        described = camelled(kind_data(builtin(), name))
        assert row.pop("connection") == described["plural"]
        assert row.pop("graphqlType") == name
        for prop in row["properties"]:
            assert prop.pop("field") == camel(prop["name"])
        assert row == described
    relations = [camelled(relation_data(r)) for r in builtin().relations.values()]
    assert data["relations"] == relations
    assert data["kind"] == {"graphqlType": "Cluster", "connection": "clusters"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ impact(items: []) { failed } }", "invalid_input"),
        ('{ impact(items: ["nobody"]) { failed } }', "unknown_item"),
        ('{ impact(items: ["dc1-hv03"], limit: -1) { failed } }', "invalid_input"),
        ('{ impact(items: ["dc1-hv03"], limit: 10001) { failed } }', "invalid_input"),
        ('{ impact(items: ["dc1-hv03"], at: "yesterday") { failed } }', "unknown_revision"),
        ('{ impact(items: ["dc1-hv03"], at: "99") { failed } }', "unknown_revision"),
        ('{ impact(items: ["dc1-hv03"]) { picture(boxes: 3) { boxes { id } } } }', "invalid_input"),
        ('{ dependencies(item: "dc1-hv03", depth: -1) { total } }', "invalid_input"),
        ('{ path(from: "dc1-hv03", to: "dc1-hv01", limit: 101) { length } }', "invalid_input"),
        ('{ path(from: "dc1-hv03", to: "dc1-hv01", limit: 0) { length } }', "invalid_input"),
        ('{ diff(from: "2", to: "1") { total } }', "unknown_revision"),
        ("{ revision(number: 0) { number } }", "unknown_revision"),
        ('{ kind(name: "Sever") { name } }', "unknown_kind"),
        ("{ runs(limit: 0) { id } }", "invalid_input"),
    ],
)
async def test_wrong_questions_say_what_is_wrong(ask_wrongly: Ask, query: str, code: str) -> None:
    assert (await ask_wrongly(query))["extensions"]["code"] == code


async def test_one_root_that_fails_leaves_the_others(cmdb: Cmdb, schema: Any) -> None:
    from cmdb_graphql.context import Context

    query = '{ bad: impact(items: ["nobody"]) { failed } good: item(key: "dc1-hv03") { name } }'
    result = await schema.execute(query, context_value=Context(cmdb))
    assert result.data == {"bad": None, "good": {"name": "dc1-hv03"}}
    assert [error.path for error in result.errors] == [["bad"]]


async def test_an_answer_says_whether_it_would_differ_without_its_weak_evidence(
    cmdb: Cmdb, ask: Ask
) -> None:
    data = await ask(
        f"""{{ impact(items: ["dc1-r03-acc-sw1"], limit: 0) {{
            withoutWeakEvidence {selection(WithoutWeakEvidence)} }}
            quiet: impact(items: ["dc1-fax-gateway"]) {{ withoutWeakEvidence {{ differs }} }} }}"""
    )
    analysis = await analyse_failure(cmdb, ["dc1-r03-acc-sw1"])
    found = answer(analysis, second_run=True).without_weak_evidence
    assert found is not None
    assert found.differs
    assert data["impact"]["withoutWeakEvidence"] == served(found)
    assert data["quiet"]["withoutWeakEvidence"] is None
