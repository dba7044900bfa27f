"""The three things to try do what they promise, through reconciliation and impact analysis."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from cmdb.catalogue import builtin
from cmdb.demo import demo_observations, highlights
from cmdb.ingest import Ingest
from cmdb.items import Item, ItemObservation, Link, LinkObservation
from cmdb.reconcile.items import Rules
from cmdb.revisions import Run
from cmdb.store.sqlite import SqliteStore
from impact import Estate, State, analyse

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def estate() -> Estate:
    return asyncio.run(_loaded())


async def _loaded() -> Estate:
    store = await SqliteStore.open(":memory:")
    try:
        seen = list(demo_observations(now=NOW))
        loaded = await Ingest(store, Rules(builtin()), "test").load(
            [o for o in seen if isinstance(o, ItemObservation)],
            [o for o in seen if isinstance(o, LinkObservation)],
            Run("run", "demo", NOW),
            reason="test",
        )
        assert loaded.rejected == []
        everything = [value async for value in store.stream()]
    finally:
        await store.close()
    items = [value for value in everything if isinstance(value, Item)]
    links = [value for value in everything if isinstance(value, Link)]
    return Estate.build(items, links, builtin(), now=NOW)


def states(estate: Estate, *failed: str) -> dict[str, State]:
    """The states of all services, offerings and databases by name, when these items are down."""
    ids = {item.name: item.id for item in estate.items}
    analysis = analyse(estate, [ids[name] for name in failed])
    wanted = ("ServiceInstance", "DatabaseInstance", "BusinessService")
    return {i.name: analysis.state(n) for n, i in enumerate(estate.items) if i.kind in wanted}


def test_nothing_is_wrong_with_the_estate_as_such(estate: Estate) -> None:
    assert estate.findings == ()


def test_the_switch_takes_payments_and_checkout_down_and_not_the_shop(estate: Estate) -> None:
    after = states(estate, highlights()[0].item)
    for name in ("ledger-db-1", "payments@production", "checkout@production", "Store Sales"):
        assert after[name] is State.DOWN, name
    assert after["webshop@production"] is State.DEGRADED
    assert after["orders@production"] < State.DEGRADED


def test_search_survives_either_machine_but_not_their_hypervisor(estate: Estate) -> None:
    service = highlights()[1].item
    for machine in ("dc1-search-1", "dc1-search-2"):
        assert states(estate, machine)[service] is State.AT_RISK
    assert states(estate, "dc1-hv03")[service] is State.DOWN


def test_the_standby_keeps_orders_up_until_it_fails_as_well(estate: Estate) -> None:
    database = highlights()[2].item
    assert states(estate, database)["orders@production"] is State.AT_RISK
    assert states(estate, database)["checkout@production"] is State.AT_RISK
    assert states(estate, database, "orders-db-2")["orders@production"] is State.DOWN


@pytest.mark.parametrize("spared", ["dc1-core-sw1", "dc1-dist-sw1", "dc1-r01-acc-sw1", "dc1-ups-a"])
def test_what_is_redundant_takes_no_business_service_down(estate: Estate, spared: str) -> None:
    if spared == "dc1-dist-sw1":  # the lone uplink of rack dc1-r03 ends there
        assert states(estate, spared)["Store Sales"] is State.DOWN
        spared = "dc1-dist-sw2"
    after = states(estate, spared)
    assert State.DOWN not in after.values()
