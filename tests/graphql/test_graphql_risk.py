"""Risk over GraphQL is that of the product."""

from __future__ import annotations

from datetime import UTC, datetime

from cmdb.collisions import GivenPlan
from cmdb.risk import assess
from cmdb.service import Cmdb
from impact import State
from impact.risk import Risk
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served


async def test_risk_is_the_product_s(cmdb: Cmdb, ask: Ask) -> None:
    shape = selection(Risk, {"as_of"})
    data = await ask(
        f"""{{ risk(items: ["dc1-hv03"], state: degraded,
                start: "2026-11-24T09:00:00Z", end: "2026-11-24T11:00:00Z") {shape} }}"""
    )
    found = await assess(
        cmdb,
        ["dc1-hv03"],
        state=State.DEGRADED,
        start=datetime(2026, 11, 24, 9, tzinfo=UTC),
        end=datetime(2026, 11, 24, 11, tzinfo=UTC),
    )
    assert data["risk"] == served(found, {"as_of"})
    assert found.total > 0


async def test_half_a_window_is_refused(ask_wrongly: Ask) -> None:
    error = await ask_wrongly(
        '{ risk(items: ["dc1-hv03"], start: "2026-11-24T09:00:00Z") { total } }'
    )
    assert error["extensions"]["code"] == "invalid_input"


async def test_collisions_with_planned_failures_count(cmdb: Cmdb, ask: Ask) -> None:
    start, end = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC)
    times = f'start: "{start:%Y-%m-%dT%H:%M:%SZ}", end: "{end:%Y-%m-%dT%H:%M:%SZ}"'
    data = await ask(
        f"""{{ risk(items: ["orders-db-1"], {times},
                planned: [{{ name: "patch", items: ["orders-db-2"], {times} }}])
                {selection(Risk, {"as_of"})} }}"""
    )
    planned = [GivenPlan("patch", ("orders-db-2",), start, end)]
    found = await assess(cmdb, ["orders-db-1"], start=start, end=end, planned=planned)
    assert data["risk"] == served(found, {"as_of"})
    (counted,) = (f for f in found.factors if f.factor == "collisions")
    assert counted.value == 0.5
