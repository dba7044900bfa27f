"""Everything that is measured of one store, in one run."""

from __future__ import annotations

from pathlib import Path

from bench import bare_neo4j, bare_sqlite, files
from bench.ingest import AT_ONCE, NEXT_DAY, Size, Timed, load
from bench.report import Figure
from cmdb.store.port import Store
from cmdb.store.sqlite import SqliteStore

OF_BARE = 0.7
UNCHANGED = 5.0


async def measure_sqlite(size: Size, folder: Path) -> tuple[list[Figure], str]:
    """The figures of SQLite, and its name and version."""
    path, bare = folder / "ours.db", folder / "bare.db"
    store = await SqliteStore.open(path)
    first = await load(store, size)
    _check(first, size, "created")
    batches = bare_sqlite.first_batches(path)
    bare_sqlite.create(bare)
    bare_first = bare_sqlite.write(bare, batches)
    del batches
    again = await load(store, size, AT_ONCE)
    _check(again, size, "unchanged")
    touched = await load(store, size, NEXT_DAY)
    bare_touch = bare_sqlite.write(bare, bare_sqlite.touch_batches(path))
    figures = _ingested("SQLite", (first, again, touched), (bare_first, bare_touch))
    figures += await _exported("SQLite", store, folder)
    engine = (await store.info()).engine
    await store.close()
    fresh = await SqliteStore.open(folder / "imported.db")
    figures += await _imported("SQLite", fresh, size, folder)
    await fresh.close()
    return figures, engine


async def measure_neo4j(size: Size, folder: Path, address: str) -> tuple[list[Figure], str]:
    """The figures of Neo4j, whose data is deleted, and its name and version."""
    with bare_neo4j.turn(address):
        # Both get a small load first, so that neither pays for the server's first plans.
        small = Size(min(size.items, 500), size.links_per_item)
        store = await bare_neo4j.Recording.start(address)
        await load(store, small)
        await store.close()
        store = await bare_neo4j.Recording.start(address)
        first = await load(store, size)
        _check(first, size, "created")
        written = list(store.sent)
        again = await load(store, size, AT_ONCE)
        _check(again, size, "unchanged")
        store.sent.clear()
        touched = await load(store, size, NEXT_DAY)
        touches = list(store.sent)
        exported = await _exported("Neo4j", store, folder)
        engine = (await store.info()).engine
        await store.close()
        empty = await bare_neo4j.Recording.start(address)
        await empty.close()
        bare_first = await bare_neo4j.write(address, written)
        bare_touch = await bare_neo4j.write(address, touches)
        del written, touches
        figures = _ingested("Neo4j", (first, again, touched), (bare_first, bare_touch))
        fresh = await bare_neo4j.Recording.start(address)
        figures += exported + await _imported("Neo4j", fresh, size, folder)
        await fresh.close()
    return figures, engine


def _check(timed: Timed, size: Size, what: str) -> None:
    """A figure of a load that did something else would be worth nothing."""
    counted = timed.loaded.run.counts.get(what, 0)
    if counted != size.items:
        raise SystemExit(f"{counted} items were {what}, not {size.items}: nothing is measured.")


def _ingested(
    store: str, ours: tuple[Timed, Timed, Timed], bare: tuple[float, float]
) -> list[Figure]:
    first, again, touched = (timed.seconds for timed in ours)
    rows = ours[0].loaded.run.counts["observed"]
    return [
        Figure(store, "ingest, first time", rows, first, "bare writes", bare[0], OF_BARE),
        Figure(store, "again, unchanged", rows, again, "bare first writes", bare[0], OF_BARE),
        Figure(store, "again, unchanged", rows, again, "our first time", first, UNCHANGED),
        Figure(store, "again, a day later", rows, touched, "bare touches", bare[1]),
    ]


async def _exported(name: str, store: Store, folder: Path) -> list[Figure]:
    path = folder / "export.jsonl"
    seconds, lines = await files.export_file(store, path)
    bare = files.bare_write(path, folder / "bare.jsonl")
    return [Figure(name, "export, JSON Lines", lines, seconds, "json.dumps", bare)]


async def _imported(name: str, store: Store, size: Size, folder: Path) -> list[Figure]:
    path = folder / "import.jsonl"
    files.write_observations(path, size)
    check, loading, lines = await files.import_file(store, path)
    bare = files.bare_read(path)
    return [
        Figure(name, "import: check the file", lines, check, "json.loads", bare),
        Figure(name, "import: check and load", lines, check + loading, "json.loads", bare),
    ]
