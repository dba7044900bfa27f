"""Weak points over GraphQL are those of the product."""

from __future__ import annotations

from cmdb.service import Cmdb
from cmdb.weak_points import find_weak_points
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
