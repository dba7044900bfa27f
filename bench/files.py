"""JSON Lines in and out, as `cmdb import` and `cmdb export` do, beside bare JSON streaming."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

from bench.estate import SOURCE, START, item_observations, link_observations
from bench.ingest import Size
from cmdb.catalogue import builtin
from cmdb.cli.exporting import export_to
from cmdb.exchange.export import JsonLinesWriter, line_of_observation
from cmdb.ingest import new_run
from cmdb.items import Observation
from cmdb.service import Cmdb
from cmdb.settings import load_settings
from cmdb.store.port import Store


def write_observations(path: Path, size: Size) -> None:
    """The estate as a file to import."""
    seen: list[Iterable[Observation]] = [
        item_observations(size.items, START),
        link_observations(size.items, size.links_per_item, START),
    ]
    with path.open("wb") as stream:
        writer = JsonLinesWriter(stream)
        for part in seen:
            for observation in part:
                writer.write(line_of_observation(observation))
        writer.close()


def opened(store: Store) -> Cmdb:
    """The use cases over a store that is open already, with default settings."""
    return Cmdb(store, builtin(), load_settings(store="sqlite://:memory:"))


async def import_file(store: Store, path: Path) -> tuple[float, float, int]:
    """Seconds for checking and for loading a file, and how many observations it had."""
    cmdb = opened(store)
    begin = perf_counter()
    checked = await cmdb.check_files([path], SOURCE)
    between = perf_counter()
    run = new_run(SOURCE, actor="bench")
    await cmdb.load(checked.items(), checked.links(), run, reason="measured")
    end = perf_counter()
    return between - begin, end - between, len(checked)


async def export_file(store: Store, path: Path) -> tuple[float, int]:
    """Seconds for exporting everything, and how many lines that were."""
    begin = perf_counter()
    items, links = await export_to(opened(store), path, "jsonl", None)
    return perf_counter() - begin, items + links


def bare_read(path: Path) -> float:
    """Seconds for parsing every line by the standard library's json."""
    begin = perf_counter()
    with path.open("rb") as stream:
        for line in stream:
            json.loads(line)
    return perf_counter() - begin


def bare_write(exported: Path, path: Path) -> float:
    """Seconds for writing the same lines by the standard library's json."""
    with exported.open("rb") as stream:
        lines = [json.loads(line) for line in stream]
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    begin = perf_counter()
    with path.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(encode(line) + "\n")
    return perf_counter() - begin
