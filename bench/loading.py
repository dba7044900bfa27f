"""`python -m bench.loading STORE`: how fast the graph of a stored estate is read.

Beside it the bare driver, which streams the same rows of the same store in the same process and
does nothing with them. The store is only read. The best of three each.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from bench.bare_neo4j import credentials
from cmdb import estates
from cmdb.service import Cmdb
from cmdb.settings import Settings
from cmdb.store import cypher, sql
from cmdb.store.sqlite import PAGE

ROUNDS = 3


@dataclass(frozen=True)
class Row:
    """Seconds. ``ratio`` is the bare driver's time by that of the cold start."""

    store: str
    items: int
    links: int
    bare_s: float
    read_s: float
    cold_s: float
    warm_s: float
    ratio: float


async def bare_sqlite(address: str) -> None:
    """Stream all rows of items and links with nothing but the driver."""

    def stream() -> None:
        connection = sqlite3.connect(address.removeprefix("sqlite:///"))
        for entity in ("item", "link"):
            last = 0
            while rows := connection.execute(sql.STREAM[entity], (last, PAGE)).fetchall():
                last = rows[-1][0]
        connection.close()

    await asyncio.to_thread(stream)


async def bare_neo4j(address: str) -> None:
    """The same rows by the Neo4j driver."""
    from neo4j import AsyncGraphDatabase

    uri, user, password = credentials(address)
    async with AsyncGraphDatabase.driver(uri, auth=(user, password)) as driver:
        for statement in (cypher.STREAM_ITEMS, cypher.STREAM_LINKS):
            async with (
                driver.session(fetch_size=1000) as session,
                await session.begin_transaction() as transaction,
            ):
                async for record in await transaction.run(statement):
                    record.values()


async def best(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of the fastest of three rounds."""
    took: list[float] = []
    for _ in range(ROUNDS):
        gc.collect()
        started = perf_counter()
        await work()
        took.append(perf_counter() - started)
    return min(took)


async def measured(address: str, folder: Path) -> Row:
    """Read one store every way."""
    bare = bare_sqlite if address.startswith("sqlite") else bare_neo4j
    counts: list[tuple[int, int]] = []

    async def start(cache: Path | None) -> None:
        cmdb = await Cmdb.open(Settings(store=address, cache_folder=cache))
        estate = await cmdb.estate()
        counts.append((len(estate.items), len(estate.links)))
        await cmdb.close()

    async def scan() -> None:
        cmdb = await Cmdb.open(Settings(store=address, cache_folder=None))
        await cmdb.estates._scanned()
        await cmdb.close()

    await start(folder)  # loads the kernels, and leaves the file for a warm start
    bare_s = await best(lambda: bare(address))
    read_s = await best(scan)
    cold_s = await best(lambda: start(None))
    warm_s = await best(lambda: start(folder))
    items, links = counts[0]
    return Row(
        store="sqlite" if address.startswith("sqlite") else "neo4j",
        items=items,
        links=links,
        bare_s=round(bare_s, 2),
        read_s=round(read_s, 2),
        cold_s=round(cold_s, 2),
        warm_s=round(warm_s, 2),
        ratio=round(bare_s / cold_s, 2),
    )


def main() -> None:
    """Print a line of JSON for each store."""
    parser = argparse.ArgumentParser(prog="python -m bench.loading", description=__doc__)
    parser.add_argument("stores", nargs="+", metavar="STORE")
    for address in parser.parse_args().stores:
        with tempfile.TemporaryDirectory(prefix="cmdb-bench-") as folder:
            row = asyncio.run(measured(address, Path(folder)))
        print(json.dumps(asdict(row)), flush=True)


if __name__ == "__main__":
    estates.COLUMNS_FROM = min(estates.COLUMNS_FROM, 1000)
    main()
