"""`python -m bench`: measure, print, and write JSON beside."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.estate import SHAPE
from bench.ingest import Size
from bench.report import Figure, table, versions, write_json
from bench.startup import startup
from bench.stores import measure_neo4j, measure_sqlite

RESULTS = Path(__file__).parent / "results"
STORES = ("sqlite", "neo4j")
NO_NEO4J = (
    "Neo4j was skipped: run `make neo4j`, then CMDB_TEST_NEO4J=<the address it prints> make bench. "
    "All data in that database is deleted."
)


def main() -> int:
    """Measure what the arguments ask for; returns the exit status."""
    given = _arguments()
    size = Size(given.items, given.links_per_item)
    figures: list[Figure] = [startup()]
    engines: list[str] = []
    skipped: list[str] = []
    address = os.environ.get("CMDB_TEST_NEO4J")
    for store in given.stores:
        with tempfile.TemporaryDirectory(prefix="cmdb-bench-") as folder:
            if store == "sqlite":
                found, engine = asyncio.run(measure_sqlite(size, Path(folder)))
            elif address:
                found, engine = asyncio.run(measure_neo4j(size, Path(folder), address))
            else:
                skipped.append(NO_NEO4J)
                continue
        figures += found
        engines.append(engine)
    print(f"{size.items:,} items with {size.links_per_item} links each: {SHAPE}.")
    print(", ".join([*engines, *(f"{name} {what}" for name, what in versions().items())]))
    print("ratio = peer s / ours s\n")
    print(table(figures))
    for sentence in skipped:
        print(f"\n{sentence}")
    write_json(given.json, figures, engines, skipped)
    print(f"\nWritten to {given.json}.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--items", type=_positive, default=100_000)
    parser.add_argument("--links-per-item", type=_positive, default=5)
    parser.add_argument("--stores", type=_stores, default=STORES, help="such as sqlite,neo4j")
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    parser.add_argument("--json", type=Path, default=RESULTS / f"{now}.json")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _stores(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in STORES]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no store {unknown[0]!r}: sqlite or neo4j")
    return names


if __name__ == "__main__":
    raise SystemExit(main())
