"""`python -m bench.impact`: blast radii beside peers that walk the same graph, in one run.

The peers only find what is reached. Ours says in which state, how far and why as well; with gates
it reaches less than they do, and is still measured against the walk over everything.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.walks import LAYERS, Walked, layered
from impact.compiled.arrays import Arrays
from impact.compiled.engine import Engine
from impact.states import State

RANDOM_ITEMS = 200
PATIENCE = 60.0
"""Seconds after which a peer is not asked about more items."""

Walk = Callable[[int], int]
"""From an item to how many are reached, itself included."""


@dataclass(frozen=True)
class Row:
    """Milliseconds of one walker. ``asked`` random items were measured: all, unless it was slow."""

    estate: str
    walker: str
    build_s: float
    bytes_per_link: float
    hub_ms: float
    hub_reached: int
    median_ms: float
    p95_ms: float
    asked: int


def ours(walked: Walked) -> tuple[Walk, float]:
    """The product's walk, with states, distances and reasons."""
    engine = Engine(walked.graph)
    return lambda item: len(engine.walk({item: State.DOWN}).items), walked.graph.nbytes


def bare(walked: Walked) -> tuple[Walk, float]:
    """The floor, in C."""
    arrays = walked.graph.arrays
    with tempfile.TemporaryDirectory(prefix="cmdb-bench-") as folder:
        library, source = Path(folder) / "floor.so", Path(__file__).with_name("floor.c")
        subprocess.run(["cc", "-O3", "-shared", "-fPIC", source, "-o", library], check=True)
        walk = ctypes.CDLL(str(library)).walk
    walk.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_uint32] * 2
    walk.restype = ctypes.c_uint32
    rows = row_pointers(arrays)
    seen, queue = np.zeros_like(rows), np.zeros_like(rows)
    held = [rows, arrays.entry_to, seen, queue]
    marks = iter(range(1, 2**31))

    def reached(item: int) -> int:
        return int(walk(*(array.ctypes.data for array in held), item, next(marks)))

    return reached, sum(array.nbytes for array in held[:2])


def row_pointers(arrays: Arrays) -> npt.NDArray[np.uint32]:
    """Where each item's entries start, and behind the last one their number."""
    return np.append(arrays.entry_start, arrays.entry_end[-1:])


def of_scipy(walked: Walked) -> tuple[Walk, float]:
    sparse = import_module("scipy.sparse")
    breadth_first_order = import_module("scipy.sparse.csgraph").breadth_first_order
    arrays = walked.graph.arrays
    size = walked.graph.size
    ones = np.ones(len(arrays.entry_to), np.int8)
    matrix = sparse.csr_matrix(
        (ones, arrays.entry_to.astype(np.int32), row_pointers(arrays).astype(np.int32)),
        (size, size),
    )
    memory = matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    return lambda item: len(breadth_first_order(matrix, item, True, False)), memory


def of_igraph(walked: Walked) -> tuple[Walk, float]:
    igraph = import_module("igraph")
    before = resident()
    graph = igraph.Graph(n=walked.graph.size, edges=_pairs(walked), directed=True)
    return lambda item: len(graph.subcomponent(item, mode="out")), resident() - before


def of_rustworkx(walked: Walked) -> tuple[Walk, float]:
    rustworkx = import_module("rustworkx")
    before = resident()
    graph = rustworkx.PyDiGraph(multigraph=True)
    graph.add_nodes_from([None] * walked.graph.size)
    graph.add_edges_from_no_data([(int(a), int(b)) for a, b in _pairs(walked)])
    return lambda item: len(rustworkx.descendants(graph, item)) + 1, resident() - before


def of_networkx(walked: Walked) -> tuple[Walk, float]:
    import networkx

    before = resident()
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_edges_from(_pairs(walked).tolist())
    graph.add_nodes_from(range(walked.graph.size))
    return lambda item: len(networkx.descendants(graph, item)) + 1, resident() - before


def of_neo4j(walked: Walked) -> tuple[Walk, float]:
    """Cypher's ``count(DISTINCT)``, in the database at CMDB_TEST_NEO4J, which is emptied."""
    from bench.cypher import load

    return load(os.environ["CMDB_TEST_NEO4J"], walked.graph.size, _pairs(walked)), float("nan")


FLOOR = "C over the same arrays"

PEERS: dict[str, Callable[[Walked], tuple[Walk, float]]] = {
    FLOOR: bare,
    "cmdb": ours,
    "scipy": of_scipy,
    "igraph": of_igraph,
    "rustworkx": of_rustworkx,
    "networkx": of_networkx,
    "neo4j": of_neo4j,
}


NEEDED = {"scipy": "scipy", "igraph": "igraph", "rustworkx": "rustworkx"}
"""The packages that peers need, which nothing else here does."""


def lacking(name: str) -> str | None:
    """What is missing here to measure that walker; None where nothing is."""
    if name in NEEDED and find_spec(NEEDED[name]) is None:
        return f"pip install {NEEDED[name]}"
    if name == FLOOR and shutil.which("cc") is None:
        return "it wants a C compiler, cc"
    return None


def _pairs(walked: Walked) -> npt.NDArray[np.uint32]:
    return np.stack((walked.providers, walked.dependents), axis=1)


def resident() -> int:
    """The memory of this process, in bytes."""
    import psutil

    gc.collect()
    return int(psutil.Process().memory_info().rss)


def measure(estate: str, name: str, walked: Walked, hub: int, items: list[int]) -> Row:
    """One walker on the biggest hub (the best of five) and on items drawn at random."""
    started = time.perf_counter()
    walk, memory = PEERS[name](walked)
    build = walked.build_s if PEERS[name] in (bare, ours) else time.perf_counter() - started
    reached = walk(hub)
    patient = _until(time.perf_counter() + PATIENCE)
    hub_s = min(_seconds(walk, hub) for _, _ in zip(range(5), patient, strict=False))
    walk(items[0])
    patient = _until(time.perf_counter() + PATIENCE)
    times = [min(_seconds(walk, i) for _ in range(3)) for i, _ in zip(items, patient, strict=False)]
    median, p95 = np.percentile(times, [50, 95]) * 1e3
    links = len(walked.providers)
    return Row(estate, name, build, memory / links, hub_s * 1e3, reached, median, p95, len(times))


def _until(deadline: float) -> Iterator[None]:
    yield
    while time.perf_counter() < deadline:
        yield


def _seconds(walk: Walk, item: int) -> float:
    started = time.perf_counter()
    walk(item)
    return time.perf_counter() - started


def biggest_hub(arrays: Arrays) -> int:
    """The item of the first layer that most others depend on: it reaches most of the estate."""
    first = len(arrays.flags) // LAYERS
    return int(np.argmax(arrays.entry_end[:first] - arrays.entry_start[:first]))


def main() -> None:
    """Measure what the arguments ask for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.impact", description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--links-per-item", type=int, default=5)
    parser.add_argument("--walkers", default=",".join(name for name in PEERS if name != "neo4j"))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows: list[Row] = []
    for estate in ("without gates", "with gates"):
        walked = layered(given.items, given.links_per_item, gated=estate == "with gates")
        random = np.random.default_rng(7)
        items = [int(item) for item in random.integers(0, given.items, RANDOM_ITEMS)]
        hub = biggest_hub(walked.graph.arrays)
        names = given.walkers.split(",")
        if estate == "with gates":
            names = [name for name in names if name in (FLOOR, "cmdb")]
        for name in names:
            if missing := lacking(name):
                print(f"{name} was left out: {missing}")
                continue
            rows.append(measure(estate, name, walked, hub, items))
            gc.collect()
    print(f"{given.items:,} items, {len(walked.providers):,} links")
    print(table(rows))
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table, each with its ratio to the floor of the same estate."""
    lines = [
        (
            "| estate | walker | build, s | bytes/link | hub, ms | median, ms | p95, ms "
            "| hub by floor | p95 by floor | hub reaches |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    floors = {row.estate: row for row in rows if row.walker == FLOOR}
    for row in rows:
        floor = floors.get(row.estate)
        ratios = (
            f"{row.hub_ms / floor.hub_ms:.2f} | {row.p95_ms / floor.p95_ms:.2f}" if floor else " | "
        )
        asked = "" if row.asked == RANDOM_ITEMS else f" ({row.asked} items)"
        lines.append(
            f"| {row.estate} | {row.walker} | {row.build_s:.2f} | {row.bytes_per_link:.1f} "
            f"| {row.hub_ms:.2f} | {row.median_ms:.4f} | {row.p95_ms:.2f}{asked} "
            f"| {ratios} | {row.hub_reached:,} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
