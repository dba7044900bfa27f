"""Everything can be read in bounded memory, whatever there is and whoever writes."""

from __future__ import annotations

import tracemalloc

from cmdb.items import Item, Link, WaitingLink
from cmdb.revisions.views import snapshot
from cmdb.store.port import Store
from tests.store.making import COMMIT, created, item, link, waiting

ITEMS = 100_000
BATCH = 10_000


async def test_100_000_items_in_bounded_memory(store: Store) -> None:
    """The measure: reading all may take a tenth of what holding all takes."""
    for _ in range(ITEMS // BATCH):
        await store.apply(
            created(*(item("web", properties={}, reports=()) for _ in range(BATCH))), COMMIT
        )
    held_bytes = await peak_of_holding(store)
    tracemalloc.start()
    count = 0
    async for _ in store.stream():
        count += 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == ITEMS
    assert peak < held_bytes / 10


async def peak_of_holding(store: Store) -> float:
    """Bytes that all items take, from a tenth of them."""
    tracemalloc.start()
    held = []
    stream = store.stream()
    async for entity in stream:
        held.append(entity)
        if len(held) == ITEMS // 10:
            break
    current, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    await stream.aclose()  # type: ignore[attr-defined]
    return current * 10.0


async def test_items_come_first_then_links_then_waiting_links(store: Store) -> None:
    a, b = item("a"), item("b")
    await store.apply(created(a, b, link(a, b), link(b, a), waiting("k:a", "k:b")), COMMIT)
    await store.apply(created(item("c"), waiting("k:a", "k:c")), COMMIT)
    found = [type(entity) async for entity in store.stream()]
    assert found == [Item] * 3 + [Link] * 2 + [WaitingLink] * 2


async def test_a_snapshot_is_exact_while_others_write(store: Store) -> None:
    first = [item(f"i{number}") for number in range(2500)]
    await store.apply(created(*first), COMMIT)
    seen = []
    async for entity in snapshot(store, 1):
        seen.append(entity.id)
        if len(seen) % 1000 == 1:
            await store.apply(created(item("late")), COMMIT)
    assert sorted(seen) == sorted(entry.id for entry in first)


async def test_a_stream_that_is_left_early_holds_nothing_up(store: Store) -> None:
    await store.apply(created(*(item(f"i{number}") for number in range(3000))), COMMIT)
    for _ in range(20):
        stream = store.stream()
        await anext(aiter(stream))
        await stream.aclose()  # type: ignore[attr-defined]
        edits = store.edits(0)
        await anext(aiter(edits))
        await edits.aclose()  # type: ignore[attr-defined]
    revision = await store.apply(created(item("next")), COMMIT)
    assert revision is not None
    assert revision.number == 2
