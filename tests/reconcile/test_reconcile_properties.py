"""Reconciliation as a function of what the sources said: whatever the order, whatever the mess."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.items import ItemObservation
from cmdb.operations import merge_items, unmerge_item
from cmdb.revisions.views import snapshot
from cmdb.store.port import Store
from cmdb.store.sqlite import SqliteStore
from tests.reconcile.estate import RULES, everything, host, load, shape, uses

_KEYS = st.one_of(
    st.sampled_from(["serial:S1", "serial:S2", "serial:S3"]),
    st.sampled_from(["mac:52:54:00:00:00:01", "mac:52:54:00:00:00:02"]),
    st.sampled_from(["machine-id:" + "ab" * 16, "machine-id:" + "cd" * 16]),
    st.sampled_from(["fqdn:a.example.org", "fqdn:b.example.org"]),
    st.sampled_from(["ip:default/10.0.0.1", "ip:default/10.0.0.2"]),
)
_HOSTS = st.builds(
    lambda keys, model, day: (tuple(keys), model, day),
    st.lists(_KEYS, min_size=1, max_size=4, unique=True),
    st.sampled_from(["X", "Y", "Z"]),
    st.integers(0, 3),
)
_SOURCES = st.lists(st.lists(_HOSTS, min_size=1, max_size=4), min_size=2, max_size=3)
_QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _runs(
    sources: Sequence[Sequence[tuple[tuple[str, ...], str, int]]],
) -> list[list[ItemObservation]]:
    return [
        [
            host(*keys, source=f"source{n}", day=n * 0.1 + day, model=model)
            for keys, model, day in sorted(seen, key=lambda s: s[2])
        ]
        for n, seen in enumerate(sources)
    ]


async def _fresh() -> Store:
    return await SqliteStore.open(":memory:")


@_QUICK
@given(_SOURCES, st.randoms(use_true_random=False))
async def test_the_order_of_sources_does_not_matter(
    sources: list[list[tuple[tuple[str, ...], str, int]]], random: object
) -> None:
    runs = _runs(sources)
    shapes = []
    for order in itertools.islice(itertools.permutations(runs), 3):
        store = await _fresh()
        for seen in order:
            await load(store, seen, source=seen[0].source)
        for seen in order:  # a source that lost a key to a later one says so again
            await load(store, seen, source=seen[0].source)
        shapes.append(await shape(store))
        await store.close()
    assert all(s == shapes[0] for s in shapes)


@_QUICK
@given(_SOURCES)
async def test_the_same_observations_twice_change_nothing(
    sources: list[list[tuple[tuple[str, ...], str, int]]],
) -> None:
    store = await _fresh()
    seen = [observation for run in _runs(sources) for observation in run]
    links = [
        uses(a.identifiers[0], b.identifiers[0], source=a.source)
        for a, b in itertools.pairwise(seen)
        if a.identifiers[0] != b.identifiers[0]
    ]
    await load(store, seen, links)
    before = await shape(store)
    again = await load(store, seen, links)
    assert again.revisions == []
    assert await shape(store) == before
    await store.close()


@_QUICK
@given(_SOURCES)
async def test_no_observation_is_lost(
    sources: list[list[tuple[tuple[str, ...], str, int]]],
) -> None:
    store = await _fresh()
    instant = [[(keys, model, 0) for keys, model, _ in seen] for seen in sources]
    seen = [observation for run in _runs(instant) for observation in run]
    loaded = await load(store, seen)
    items, _, _ = await everything(store)
    reported = {(r.source, key) for item in items for r in item.reports for key in r.identifiers}
    rejected = {
        (r.observation.source, k) for r in loaded.rejected for k in r.observation.identifiers
    }
    said = {(o.source, key) for o in seen for key in o.identifiers}
    assert said == reported | rejected
    await store.close()


@_QUICK
@given(_SOURCES)
async def test_each_identifier_belongs_to_one_item_and_is_reported_by_it(
    sources: list[list[tuple[tuple[str, ...], str, int]]],
) -> None:
    store = await _fresh()
    for seen in _runs(sources):
        await load(store, seen, source=seen[0].source)
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
async def test_a_past_view_is_what_was_there(
    sources: list[list[tuple[tuple[str, ...], str, int]]],
) -> None:
    store = await _fresh()
    then: dict[int, object] = {}
    for seen in _runs(sources):
        links = [
            uses(a.identifiers[0], b.identifiers[-1], source=a.source, day=9)
            for a, b in itertools.pairwise(seen)
            if a.identifiers[0] != b.identifiers[-1]
        ]
        await load(store, seen, links, source=seen[0].source)
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
