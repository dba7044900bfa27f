"""Reconciliation as a function of what the sources said: whatever the order, whatever the mess."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.items import ItemObservation, LinkObservation
from cmdb.operations import merge_items, unmerge_item
from cmdb.revisions.views import snapshot
from cmdb.store.port import Store
from cmdb.store.sqlite import SqliteStore
from tests.reconcile.estate import RULES, everything, host, load, shape, uses

_KEYS: st.SearchStrategy[str] = st.sampled_from(
    (
        "serial:S1",
        "serial:S2",
        "serial:S3",
        "mac:52:54:00:00:00:01",
        "mac:52:54:00:00:00:02",
        "machine-id:" + "ab" * 16,
        "machine-id:" + "cd" * 16,
        "fqdn:a.example.org",
        "fqdn:b.example.org",
        "ip:default/10.0.0.1",
        "ip:default/10.0.0.2",
    )
)
_Sources = list[list[list[tuple[tuple[str, ...], str]]]]
_QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _anything(runs: int) -> st.SearchStrategy[_Sources]:
    """Sources that contradict themselves and each other in any way."""
    hosts = st.tuples(
        st.lists(_KEYS, min_size=1, max_size=4, unique=True).map(tuple), st.sampled_from("XYZ")
    )
    run = st.lists(hosts, min_size=1, max_size=3)
    return st.lists(st.lists(run, min_size=1, max_size=runs), min_size=2, max_size=3)


def _host(number: int, clone: bool) -> st.SearchStrategy[tuple[tuple[str, ...], str]]:
    """One of the machines that there are, as some source may see it: by some of its identifiers,
    with any address, and with a machine-id that it may share."""
    own = (f"serial:H{number}", f"mac:52:54:00:00:01:0{number}", f"fqdn:h{number}.example.org")
    weak = ["ip:default/10.0.0.1", "ip:default/10.0.0.2", *(["machine-id:" + "ef" * 16] * clone)]
    keys = st.tuples(
        st.lists(st.sampled_from(own), min_size=1, unique=True),
        st.lists(st.sampled_from(weak), max_size=2, unique=True),
    )
    return st.tuples(keys.map(lambda k: (*k[0], *k[1])), st.sampled_from("XYZ"))


def _machines(runs: int, *, clones: bool) -> st.SearchStrategy[_Sources]:
    """Sources that each see some of three machines, each at most once a run."""
    run = st.lists(st.sampled_from([1, 2, 3]), min_size=1, unique=True).flatmap(
        lambda numbers: st.tuples(*(_host(n, clones and n < 3) for n in numbers)).map(list)
    )
    return st.lists(st.lists(run, min_size=1, max_size=runs), min_size=2, max_size=3)


_SOURCES = _anything(runs=3)


def _runs(sources: _Sources) -> list[list[list[ItemObservation]]]:
    """Per source its runs in the order of their times; what one run saw, it saw at one time."""
    return [
        [
            [host(*keys, source=f"source{n}", day=day + n / 10, model=model) for keys, model in run]
            for day, run in enumerate(runs)
        ]
        for n, runs in enumerate(sources)
    ]


def _all_runs(sources: _Sources) -> list[list[ItemObservation]]:
    return [run for runs in _runs(sources) for run in runs]


async def _fresh() -> Store:
    return await SqliteStore.open(":memory:")


@_QUICK
@given(_machines(runs=1, clones=True))
async def test_the_order_of_sources_does_not_matter(sources: _Sources) -> None:
    await _assert_order_does_not_matter(sources)


@_QUICK
@given(_machines(runs=3, clones=False))
async def test_the_order_of_sources_does_not_matter_over_several_runs(sources: _Sources) -> None:
    """Clones stay out of this: once found shared, a machine-id stays shared (ADR 0004)."""
    await _assert_order_does_not_matter(sources)


async def _assert_order_does_not_matter(sources: _Sources) -> None:
    shapes = []
    for order in itertools.islice(itertools.permutations(_runs(sources)), 6):
        store = await _fresh()
        for run in (run for runs in order for run in runs):
            await load(store, run, source=run[0].source)
        shapes.append(await shape(store))
        await store.close()
    assert all(s == shapes[0] for s in shapes)


def _links(run: list[ItemObservation]) -> list[LinkObservation]:
    return [
        uses(a.identifiers[0], b.identifiers[-1], source=a.source, day=9)
        for a, b in itertools.pairwise(run)
        if a.identifiers[0] != b.identifiers[-1]
    ]


@_QUICK
@given(_machines(runs=3, clones=True))
async def test_the_same_observations_twice_change_nothing(sources: _Sources) -> None:
    store = await _fresh()
    for run in _all_runs(sources):
        await load(store, run, _links(run))
        before = await shape(store)
        again = await load(store, run, _links(run))
        assert again.revisions == []
        assert await shape(store) == before
    await store.close()


@_QUICK
@given(_SOURCES)
async def test_no_observation_is_lost(sources: _Sources) -> None:
    store = await _fresh()
    seen = [observation for runs in _runs(sources) for observation in runs[0]]
    loaded = await load(store, seen)
    items, _, _ = await everything(store)
    reported = {(r.source, key) for item in items for r in item.reports for key in r.identifiers}
    rejected = {
        (r.observation.source, k) for r in loaded.rejected for k in r.observation.identifiers
    }
    assert {(o.source, key) for o in seen for key in o.identifiers} == reported | rejected
    await store.close()


@_QUICK
@given(_SOURCES)
async def test_each_identifier_belongs_to_one_item_and_is_reported_by_it(
    sources: _Sources,
) -> None:
    store = await _fresh()
    for run in _all_runs(sources):
        await load(store, run, source=run[0].source)
    items, _, _ = await everything(store)
    owned = [key for item in items for key in item.identifiers]
    assert len(owned) == len(set(owned))
    for item in items:
        assert set(item.identifiers) <= {k for r in item.reports for k in r.identifiers}
        for key, owner in (await store.owners(item.identifiers)).items():
            assert (owner.item_id, owner.state) == (item.id, "live"), key
    await store.close()


@_QUICK
@given(st.sets(_KEYS, min_size=1, max_size=3), st.sets(_KEYS, min_size=1, max_size=3))
async def test_merge_then_unmerge_restores(left: set[str], right: set[str]) -> None:
    store = await _fresh()
    await load(
        store,
        [host(*left, "key:one/1", source="one"), host(*right - left, "key:two/2", source="two")],
    )
    before = {i.id: (i.identifiers, i.properties, i.status) for i in (await everything(store))[0]}
    items = (await everything(store))[0]
    if len(items) == 2:
        merged = await merge_items(store, RULES, items[0], items[1], "tester", "")
        absorbed = next(i for i in items if i.id != merged.id)
        await unmerge_item(store, RULES, absorbed, "tester", "")
        after = {
            i.id: (i.identifiers, i.properties, i.status) for i in (await everything(store))[0]
        }
        assert after == before
    await store.close()


@_QUICK
@given(_SOURCES)
async def test_a_past_view_is_what_was_there(sources: _Sources) -> None:
    store = await _fresh()
    then: dict[int, object] = {}
    for run in _all_runs(sources):
        await load(store, run, _links(run), source=run[0].source)
        number = (await store.info()).revision
        then[number] = [entity async for entity in store.stream()]
    for number, expected in then.items():
        found = [entity async for entity in snapshot(store, number)]
        assert _timeless(found) == _timeless(expected)
    await store.close()


def _timeless(entities: object) -> list[tuple[object, ...]]:
    assert isinstance(entities, list)
    return sorted(
        (
            type(e).__name__,
            e.id,
            e.revision,
            [(r.source, r.first_seen) for r in getattr(e, "reports", ())],
        )
        for e in entities
    )
