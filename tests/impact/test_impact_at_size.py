"""Large and deep estates: no recursion, and answers that stay small."""

from __future__ import annotations

import os
from random import Random

import pytest

from bench.following import NOW, item_row, link_rows, read_item
from cmdb.catalogue import builtin
from cmdb.items import Gate, Item, ItemStatus, Link, link_id
from impact.analysis import analyse
from impact.blast_radius import answer
from impact.columns.build import build_version
from impact.columns.draft import Draft
from impact.compare import compare
from impact.dependencies import dependencies
from impact.estate import Estate
from impact.explain import explain
from impact.path import find_paths
from impact.render import proof_tree, tree
from impact.risk import assess_risk
from impact.states import State


def link(relation: str, one: str, other: str, gate: Gate | None = None) -> Link:
    return Link(link_id(relation, one, other), relation, one, other, gate=gate)


def items(kind: str, count: int) -> list[Item]:
    return [Item(f"i{n:06}", kind, f"item {n}", ItemStatus.ACTIVE) for n in range(count)]


@pytest.mark.parametrize(
    ("kind", "relation"), [("Server", "DEPENDS_ON"), ("NetworkDevice", "LINKED_TO")]
)
def test_a_chain_of_20_000_items(kind: str, relation: str) -> None:
    chain = items(kind, 20_000)
    first, last = chain[0].id, chain[-1].id
    chain[0].properties["network_role"] = "core"
    pairs = zip(chain[1:], chain, strict=False)
    estate = Estate.build(chain, [link(relation, a.id, b.id) for a, b in pairs], builtin())
    analysis = analyse(estate, [first])
    found = answer(analysis, limit=10)
    assert (found.counts.down, found.truncated) == (20_000, True)
    assert analysis.reasons[estate.position(last)].distance == 19_999
    assert len(analysis.path(estate.position(last))) == 20_000
    proof = explain(analysis, last, limit=None)
    assert len(proof.steps) == (20_000 if relation == "DEPENDS_ON" else 2)
    assert proof_tree(proof).id == last
    assert tree(answer(analysis, limit=2000))[0].id == first
    assert dependencies(estate, last, limit=3).total == 19_999
    assert find_paths(estate, last, first).length == 19_999


def test_10_000_items_with_50_000_links() -> None:
    random = Random(1)
    population = items("Server", 10_000)
    relations = ("DEPENDS_ON", "CONNECTS_TO", "RUNS_ON")
    rings = [population[n : n + 3] for n in range(0, 1500, 3)]
    standbys = [(a, b) for x, y, z in rings for a, b in ((x, y), (y, z), (z, x))]
    made = [link("FAILS_OVER_TO", one.id, other.id) for one, other in standbys]
    links = {each.id: each for each in made}
    while len(links) < 50_000:
        one, other = random.sample(population, 2)
        gate = Gate(random.choice("abc"), "50%") if random.random() < 0.5 else None
        drawn = link(random.choice(relations), one.id, other.id, gate)
        links[drawn.id] = drawn
    estate = Estate.build(population, links.values(), builtin())
    found = answer(analyse(estate, [item.id for item in population[:100]]))
    counts = found.counts
    assert counts.down + counts.degraded + counts.at_risk > 5_000
    assert found.truncated
    assert found.totals is not None
    assert found.totals.affected == counts.down + counts.degraded + counts.at_risk
    assert len(found.affected) == 1000


def test_a_gate_of_20_000_members_that_all_fail() -> None:
    population = items("Server", 20_000)
    cluster = Item("cluster", "Cluster", "cluster", ItemStatus.ACTIVE, properties={"min_up": "50%"})
    links = [link("MEMBER_OF", item.id, cluster.id) for item in population]
    estate = Estate.build([*population, cluster], links, builtin())
    half = analyse(estate, [item.id for item in population[:10_000]])
    assert half.state(estate.position("cluster")).label == "at_risk"
    more = analyse(estate, [item.id for item in population[:10_001]])
    assert more.state(estate.position("cluster")).label == "down"


FAILED = int(os.environ.get("CMDB_TEST_FAILED", "20000"))
"""Items of an estate in columns that all fail at once; a million take about four minutes."""


def test_all_of_a_large_estate_fails_at_once() -> None:
    """In columns, as large estates are: counts of everything, pages of the rest."""
    draft = Draft()
    for number in range(FAILED):
        draft.item(item_row(number, FAILED))
    draft.settle_items()
    for row in link_rows(FAILED):
        draft.link(row)
    estate = build_version(draft, builtin(), read_item, revision=1, as_of=NOW).estate
    ids = [estate.label_of(at)[2] for at in range(len(estate.items))]
    analysis = analyse(estate, ids)
    found = answer(analysis, limit=10)
    assert (found.counts.down, found.counts.degraded, found.counts.at_risk) == (FAILED, 0, 0)
    assert found.totals is not None
    assert (found.totals.affected, found.totals.gates_held) == (FAILED, 0)
    assert {row.distance for row in found.affected} == {0}
    last = answer(analysis, limit=10, offset=FAILED - 3)
    assert (len(last.affected), last.counts) == (3, found.counts)
    risk = assess_risk(analysis)
    assert (risk.affected, risk.state) == (FAILED, "down")
    same = compare(estate, estate, dict.fromkeys(ids, State.DOWN), limit=10)
    assert (same.changes, same.after.counts) == ((), found.counts)
