"""A writer that may be killed at any moment, and the check of what it leaves behind."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from cmdb.catalogue import builtin
from cmdb.identity.owner import Owner
from cmdb.items import Item, Link
from cmdb.revisions import Action, Delta, ItemChange
from cmdb.store.connect import open_store
from cmdb.store.port import Store
from tests.store.making import COMMIT, created, item, link, updated, waiting

ITEMS = 120
"""New items of each revision, each with two identifiers and a link to the one before it."""


async def delta_after(store: Store, counter: Item | None) -> Delta:
    """The next revision: new items, links and a waiting link, and one item that counts."""
    number = (await store.info()).revision + 1
    things = [
        item(
            f"r{number}-{i}", identifiers=[f"serial:{number}/{i}", f"fqdn:{number}.{i}.example.org"]
        )
        for i in range(ITEMS)
    ]
    links = [link(one, other) for one, other in pairwise(things)]
    new = created(*things, *links, waiting(f"key:{number}", "key:x"))
    if counter is None:
        first = item("counter", properties={"count": 1})
        change = ItemChange(Action.CREATED, None, first)
    else:
        change = updated(counter, properties={"count": number})
    return Delta(items=(*new.items, change), links=new.links, waiting=new.waiting)


async def counter_of(store: Store) -> Item | None:
    """The item that every revision counts up."""
    found = [hit for hit in (await store.search("counter")).items if hit.name == "counter"]
    return found[0] if found else None


async def write_forever(store: Store, tell: Callable[[int], None]) -> None:
    """Revision after revision; each is told once the store said it is there."""
    while True:
        delta = await delta_after(store, await counter_of(store))
        revision = await store.apply(delta, COMMIT)
        assert revision is not None
        tell(revision.number)


async def check_whole(store: Store, last_acknowledged: int) -> None:
    """Writing goes on, all that was acknowledged is there, and nothing is there by half.

    The write that was cut off may have been committed, or not at all: nothing between.
    """
    revision = await store.apply(await delta_after(store, await counter_of(store)), COMMIT)
    assert revision is not None
    count = revision.number
    assert last_acknowledged + 1 <= count <= last_acknowledged + 2
    revisions = await store.revisions(limit=1000)
    assert [found.number for found in revisions] == list(range(1, count + 1))
    edits = [edit async for edit in store.edits(0)]
    each = 2 * ITEMS + 1
    assert {found.edits for found in revisions} == {each}
    assert Counter(edit.revision for edit in edits) == dict.fromkeys(range(1, count + 1), each)
    present = {entity.id: entity async for entity in store.stream()}
    assert {edit.id: edit.after for edit in edits} == present
    items = [entity for entity in present.values() if isinstance(entity, Item)]
    assert len(items) == ITEMS * count + 1
    assert sum(isinstance(entity, Link) for entity in present.values()) == (ITEMS - 1) * count
    keys = {key: Owner(entity.id, "live") for entity in items for key in entity.identifiers}
    assert await store.owners(keys) == keys
    counter = await counter_of(store)
    assert counter is not None
    assert counter.properties == {"count": count}
    assert (await store.search("serial")).total == ITEMS * count


async def main(address: str) -> None:
    """Write until killed, telling each acknowledged revision on a line."""
    store = await open_store(address, builtin())
    await write_forever(store, lambda number: print(number, flush=True))  # noqa: T201 - for the parent


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
