"""Several writers reconcile the same things at once: one item of each, nothing lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cmdb.catalogue import builtin
from cmdb.store.connect import open_store
from tests.reconcile.estate import everything, host, load, uses

WRITERS = 8
THINGS = 12


@pytest.fixture(params=["sqlite", "neo4j"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "neo4j":
        return str(request.getfixturevalue("empty_neo4j"))
    return f"sqlite:///{tmp_path / 'cmdb.db'}"


async def test_eight_sources_at_once_make_one_item_of_each_thing(address: str) -> None:
    stores = [await open_store(address, builtin()) for _ in range(WRITERS)]

    async def write(number: int) -> None:
        source = f"source{number}"
        seen = [
            host(f"serial:T{thing}", f"key:{source}/{thing}", source=source, cpu_count=number)
            for thing in range(THINGS)
        ]
        links = [
            uses(f"serial:T{thing}", f"serial:T{(thing + 1) % THINGS}", source=source)
            for thing in range(THINGS)
        ]
        await load(stores[number], seen, links, source=source)

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    items, links, waiting = await everything(stores[0])
    assert len(items) == THINGS
    assert all(len(item.sources) == WRITERS for item in items)
    assert len(links) == THINGS
    assert all(len(link.sources) == WRITERS for link in links)
    assert waiting == []
    numbers = [r.number for r in await stores[0].revisions(limit=1000)]
    assert numbers == list(range(1, len(numbers) + 1))
    for store in stores:
        await store.close()
