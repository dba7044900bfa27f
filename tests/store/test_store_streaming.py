"""Everything can be read in bounded memory, whatever there is and whoever writes."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

import msgspec

from cmdb.catalogue import builtin
from cmdb.items import Item, ItemStatus, Link, WaitingLink
from cmdb.revisions import Delta, Touch
from cmdb.revisions.views import snapshot
from cmdb.store.codec import decode_item, decode_link
from cmdb.store.connect import open_store
from cmdb.store.neo4j import Neo4jStore
from cmdb.store.port import Store
from tests.store.making import COMMIT, created, item, link, waiting

ITEMS, ITEMS_OF_NEO4J = 100_000, 20_000
"""Writing them is what takes the time; the measure is a share, so fewer do where that is slow."""
BATCH = 10_000


async def test_many_items_in_bounded_memory(store: Store) -> None:
    """The measure: reading all may take a tenth of what holding all takes."""
    items = ITEMS_OF_NEO4J if isinstance(store, Neo4jStore) else ITEMS
    for _ in range(items // BATCH):
        await store.apply(
            created(*(item("web", properties={}, reports=()) for _ in range(BATCH))), COMMIT
        )
    held_bytes = await peak_of_holding(store, items)
    tracemalloc.start()
    count = 0
    async for _ in store.stream():
        count += 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == items
    assert peak < held_bytes / 10


async def peak_of_holding(store: Store, items: int) -> float:
    """Bytes that all items take, from a tenth of them."""
    tracemalloc.start()
    held = []
    stream = store.stream()
    async for entity in stream:
        held.append(entity)
        if len(held) == items // 10:
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


async def test_a_scan_gives_the_json_of_what_the_stream_gives(store: Store) -> None:
    a, b, gone = item("a"), item("b"), item("c", status=ItemStatus.RETIRED)
    await store.apply(created(a, b, gone, link(a, b), waiting("k:a", "k:b")), COMMIT)
    later = a.reports[0].last_seen + timedelta(hours=1)
    await store.apply(Delta(touches=(Touch("item", a.id, 0, later),)), COMMIT)
    items: list[Item] = []
    links: list[Link] = []
    assert await store.scan("item", lambda body, seen: items.append(decode_item(body, seen))) == 3
    assert await store.scan("link", lambda body, seen: links.append(decode_link(body, seen))) == 1
    streamed = [entity async for entity in store.stream()]
    assert [*items, *links] == streamed[:4]
    assert later in [report.last_seen for found in items for report in found.reports]


async def test_torn_json_is_given_again(empty_neo4j: str) -> None:
    store = await open_store(empty_neo4j, builtin())
    await store.apply(created(item("a"), item("b")), COMMIT)
    given: list[str] = []

    def read(body: str, _: object) -> None:
        given.append(body)
        if len(given) == 1:
            raise msgspec.DecodeError("torn")

    assert await store.scan("item", read) == 2
    await store.close()
    assert len(given) == 3
    assert given[0] in given[1:]
