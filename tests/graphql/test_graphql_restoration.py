"""The restoration order over GraphQL is that of the product."""

from __future__ import annotations

from cmdb.analysis import analyse_failure
from cmdb.service import Cmdb
from impact.restoration import RestorationOrder, restoration_order
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served


async def test_the_order_is_the_product_s(cmdb: Cmdb, ask: Ask) -> None:
    shape = selection(RestorationOrder, {"as_of"})
    data = await ask(f'{{ restorationOrder(items: ["dc1-hv03"], limit: 20) {shape} }}')
    found = restoration_order(await analyse_failure(cmdb, ["dc1-hv03"]), limit=20)
    assert data["restorationOrder"] == served(found, {"as_of"})
    assert found.counts.waves > 1


async def test_a_limit_out_of_range_is_refused(ask_wrongly: Ask) -> None:
    error = await ask_wrongly('{ restorationOrder(items: ["dc1-hv03"], limit: -1) { truncated } }')
    assert error["extensions"]["code"] == "invalid_input"
