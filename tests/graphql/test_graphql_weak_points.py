"""Weak points over GraphQL are those of the product."""

from __future__ import annotations

from cmdb.service import Cmdb
from cmdb.weak_points import find_cut_pairs, find_weak_points, rank_weak_points
from impact.weak_points import WeakPoints
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served


async def test_weak_points_are_the_product_s(cmdb: Cmdb, ask: Ask) -> None:
    shape = selection(WeakPoints, {"as_of"})
    data = await ask(f'{{ weakPoints(item: "payments@production", limit: 5) {shape} }}')
    found = await find_weak_points(cmdb, "payments@production", limit=5)
    assert data["weakPoints"] == served(found, {"as_of"})
    assert found.counts.weak_points > 0


async def test_an_unknown_item_and_a_limit_out_of_range_are_refused(ask_wrongly: Ask) -> None:
    error = await ask_wrongly('{ weakPoints(item: "nobody") { id } }')
    assert error["extensions"]["code"] == "unknown_item"
    error = await ask_wrongly('{ weakPoints(item: "payments@production", limit: -1) { id } }')
    assert error["extensions"]["code"] == "invalid_input"


async def test_pairs_the_ranking_and_what_differs(ask: Ask, cmdb: Cmdb) -> None:
    """Each is what the product answers, with the items behind it."""
    asked = await ask(
        """{ weakPointPairs(item: "orders@production", limit: 1) { total pairs { items {
               name item { kind } } } }
             estateWeakPoints(limit: 1) { counts { weakPoints } byServicesDown { name } }
             weakPointsComparison(item: "orders@production", since: "1") {
               item { kind } counts { new kept } } }"""
    )
    pairs = await find_cut_pairs(cmdb, "orders@production", limit=1)
    assert asked["weakPointPairs"]["total"] == pairs.total
    assert [i["name"] for i in asked["weakPointPairs"]["pairs"][0]["items"]] == [
        item.name for item in pairs.pairs[0].items
    ]
    ranked = await rank_weak_points(cmdb, limit=1)
    assert asked["estateWeakPoints"]["counts"]["weakPoints"] == ranked.counts.weak_points
    assert asked["weakPointsComparison"]["item"]["kind"] == "ServiceInstance"
    assert asked["weakPointsComparison"]["counts"]["kept"] == 0
    assert asked["weakPointsComparison"]["counts"]["new"] > 0


async def test_a_hypothesis_shows_in_weak_points(ask: Ask) -> None:
    asked = await ask(
        """query($change: String) { weakPointsComparison(item: "orders@production", since: "now",
             whatIf: $change) { new { name } } }""",
        change='{"remove": {"item": "orders-db-2"}}',
    )
    assert "orders-db-1" in [row["name"] for row in asked["weakPointsComparison"]["new"]]
