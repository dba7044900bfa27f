"""One estate seen by many sources is one graph, whichever of them came first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.catalogue import builtin
from cmdb.configuration.drift import drift
from cmdb.items import Item, ItemObservation, LinkObservation, Observation
from cmdb.reconcile.items import Rules
from cmdb.reconcile.policy import Policy
from cmdb.revisions import Run
from cmdb.service import Cmdb
from cmdb.settings import Settings
from cmdb.store.port import Store
from cmdb.store.sqlite import SqliteStore
from tests.discovery.one_estate.sources import BALANCER_NAME, INSTANCE, READERS, seen_at
from tests.reconcile.estate import everything, load, shape

RULES = Rules(builtin(), Policy(Settings().source_precedence, touch_after=timedelta(0)))
_FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Order = Sequence[tuple[str, datetime]]
_KNOWN: list[tuple[object, ...]] = []


@cache
def _observations(source: str, time: datetime) -> tuple[Observation, ...]:
    return READERS[source](time)


def _times(*sources: str) -> Order:
    """The sources in this order, each with its own time, whatever the order is."""
    return [(source, seen_at(source)) for source in sources]


async def _load(store: Store, source: str, seen: Sequence[Observation]) -> None:
    items = [o for o in seen if isinstance(o, ItemObservation)]
    links = [o for o in seen if isinstance(o, LinkObservation)]
    loaded = await load(store, items, links, source=source, rules=RULES)
    assert loaded.rejected == []


async def _estate(runs: Order) -> Store:
    store = await SqliteStore.open(":memory:")
    for source, time in runs:
        await _load(store, source, _observations(source, time))
    return store


async def _whole() -> Store:
    return await _estate(_times(*READERS))


async def _truth() -> tuple[object, ...]:
    """The shape of the graph, whatever the order is; made once."""
    if not _KNOWN:
        store = await _whole()
        _KNOWN.append(await shape(store))
        await store.close()
    return _KNOWN[0]


async def _one(store: Store, key: str) -> Item:
    (item,) = [i for i in (await everything(store))[0] if key in i.identifiers]
    return item


def _sources(item: Item) -> set[str]:
    return {report.source for report in item.reports}


@_FEW
@given(st.permutations(sorted(READERS)))
async def test_in_any_order_the_graph_is_the_same(order: list[str]) -> None:
    store = await _estate(_times(*order))
    assert await shape(store) == await _truth()
    await store.close()


async def _structure(store: Store) -> tuple[object, object]:
    """What is one with what, and what leads where, without the values that win."""
    items, links, _ = await everything(store)
    told = {i.id: (i.kind, tuple((r.source, r.identifiers) for r in i.reports)) for i in items}
    ends = [(k.relation, *sorted((told[k.from_id], told[k.to_id]))) for k in links]
    return sorted(told.values()), sorted(ends)


@_FEW
@given(st.permutations(sorted(READERS)))
async def test_whoever_looked_first_nothing_is_one_thing_more_or_less(order: list[str]) -> None:
    times = [seen_at(source) for source in READERS]
    one, other = await _whole(), await _estate([*zip(order, times, strict=True)])
    assert await _structure(other) == await _structure(one)
    await one.close()
    await other.close()


@_FEW
@given(st.permutations(sorted(READERS)), st.data())
async def test_what_a_source_sees_in_parts_becomes_the_same(
    order: list[str], data: st.DataObject
) -> None:
    store = await SqliteStore.open(":memory:")
    for source, time in _times(*order):
        seen = _observations(source, time)
        part = data.draw(st.sets(st.sampled_from(range(len(seen)))), label=f"{source} at first")
        await _load(store, source, [seen[at] for at in sorted(part)])
    for source, time in _times(*order):
        await _load(store, source, _observations(source, time))
    assert await shape(store) == await _truth()
    await store.close()


@_FEW
@given(st.permutations(sorted(READERS)))
async def test_a_second_round_in_another_order_writes_nothing(order: list[str]) -> None:
    store = await _whole()
    before = (await store.info()).revision
    for source, time in _times(*order):
        await _load(store, source, _observations(source, time))
    assert (await store.info()).revision == before
    await store.close()


async def test_a_thing_that_many_sources_see_is_one_with_every_value_kept() -> None:
    store = await _whole()
    host = await _one(store, "ip:default/10.99.0.11")
    assert _sources(host) == {"netbox", "network", "snmp", "spreadsheet", "ssh"}
    assert host.name == "web1"
    node = await _one(store, f"cloud:{INSTANCE}")
    assert _sources(node) == {"aws", "kubernetes", "ssh", "terraform"}
    assert {r.source: r.values.get("instance_type") for r in node.reports} == {
        "aws": "t3.small", "kubernetes": None, "ssh": None, "terraform": "t3.large",
    }  # fmt: skip
    balancer = await _one(store, f"fqdn:{BALANCER_NAME}")
    assert _sources(balancer) == {"aws", "kubernetes", "terraform"}
    await store.close()


async def test_an_instance_is_known_from_within_and_from_its_cloud_without_anything_between() -> (
    None
):
    store = await _estate(_times("aws", "ssh"))
    assert _sources(await _one(store, f"cloud:{INSTANCE}")) == {"aws", "ssh"}
    await store.close()


async def test_clones_and_a_proxy_with_what_is_behind_it_stay_apart() -> None:
    store = await _whole()
    hosts = [await _one(store, f"ip:default/10.99.0.{n}") for n in (11, 12, 13)]
    assert len({host.id for host in hosts}) == 3
    proxy = await _one(store, "endpoint:default/tcp/10.99.0.11:80")
    behind = await _one(store, "endpoint:default/tcp/10.99.0.12:8080")
    assert proxy.id != behind.id
    assert (proxy.properties["product"], behind.properties["product"]) == ("haproxy", "nginx")
    await store.close()


async def test_what_is_seen_from_outside_names_nothing_that_has_a_name() -> None:
    store = await _whole()
    names = {item.name for item in (await everything(store))[0]}
    assert not any("10.99.0." in name for name in names)
    assert {"sw1", "sw2", "sw3", "haproxy on web1", "nginx:8080 on app1"} <= names
    await store.close()


async def test_a_cable_that_is_declared_and_seen_is_one_and_a_wrong_one_shows() -> None:
    cmdb = await Cmdb.open(Settings(store="sqlite://:memory:"))
    for source, time in _times("snmp", "netbox"):
        seen = _observations(source, time)
        items = [o for o in seen if isinstance(o, ItemObservation)]
        links = [o for o in seen if isinstance(o, LinkObservation)]
        await cmdb.load(items, links, Run(source, source, time), reason="test")
    found = await drift(cmdb)
    names = {i.id: i.name for i in (await everything(cmdb.store))[0]}
    cables = {
        (frozenset((one.start.name, one.end.name)), one.drift)
        for one in found.links
        if one.relation == "LINKED_TO"
    }
    assert (frozenset(("sw1", "app1")), "never_seen") in cables
    assert (frozenset(("sw2", "app1")), "never_declared") in cables
    assert not any(pair == frozenset(("sw2", "web1")) for pair, _ in cables)
    (link,) = [
        k
        for k in (await everything(cmdb.store))[1]
        if k.relation == "LINKED_TO" and {names[k.from_id], names[k.to_id]} == {"sw2", "web1"}
    ]
    assert {report.source for report in link.reports} == {"netbox", "snmp"}
    await cmdb.close()
