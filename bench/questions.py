"""`python -m bench.questions`: causes of 20 alerts, collisions of 500 planned failures and the weak
points of one service, beside the blast radius of the estate's hub, in one run.

The estate is that of :mod:`bench.following`, or with ``--store`` a stored one, such as the demo of
any size.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from random import Random
from time import perf_counter
from typing import TypeVar

import numpy as np

from bench.following import NOW, item_row, link_rows, read_item
from cmdb.catalogue import builtin
from cmdb.service import Cmdb
from cmdb.settings import Settings
from impact.causes import Alert, find_causes
from impact.collisions import PlannedFailure, find_collisions
from impact.columns.build import build_version
from impact.columns.draft import Draft
from impact.compiled.choice import engine_of
from impact.compiled.engine import Engine
from impact.downs import Downs
from impact.estate import Estate
from impact.states import State
from impact.weak_points import weak_points
from impact.window import Window

ALERTS, PLANS = 20, 500
NIGHT = timedelta(hours=6)


@dataclass(frozen=True)
class Row:
    """Milliseconds. ``rested_on`` is what the service rests on, ``met`` how many planned failures
    collide."""

    estate: str
    items: int
    links: int
    hub_ms: float
    hub_reaches: int
    weak_points_ms: float
    rested_on: int
    causes_ms: float
    candidates: int
    collisions_ms: float
    met: int


def drawn(items: int) -> Estate:
    """The estate of :mod:`bench.following`."""
    draft = Draft()
    for number in range(items):
        draft.item(item_row(number, items))
    draft.settle_items()
    for row in link_rows(items):
        draft.link(row)
    return build_version(draft, builtin(), read_item, revision=1, as_of=NOW).estate


async def stored(address: str) -> Estate:
    """The latest estate of a store."""
    cmdb = await Cmdb.open(Settings(store=address, cache_folder=None))
    estate = await cmdb.estate()
    await cmdb.close()
    return estate


T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds of the second of two times, and what came of it."""
    work()
    started = perf_counter()
    made = work()
    return round(1000 * (perf_counter() - started), 1), made


def measured(name: str, estate: Estate) -> Row:
    """Ask an estate everything."""
    engine = engine_of(estate)
    assert engine is not None
    random = Random(20_261_124)
    places = [estate.index[item] for item in estate.index]
    hub = _hub(engine)
    hub_ms, reached = timed(lambda: len(engine.walk({hub: State.DOWN}).items))
    service = estate.items[max(Downs(estate).services)].id
    weak_ms, weak = timed(lambda: weak_points(estate, service, limit=0))
    failed = next(
        walk
        for walk in (engine.walk({random.choice(places): State.DOWN}) for _ in range(10_000))
        if len(walk.items) >= 10 * ALERTS
    )
    alerts = [Alert(estate.items[item].id) for item in random.sample(failed.items.tolist(), ALERTS)]
    causes_ms, causes = timed(lambda: find_causes(estate, alerts))
    plans = [_plan(estate, number, random, places) for number in range(PLANS)]
    collisions_ms, collisions = timed(lambda: find_collisions(estate, plans))
    return Row(
        estate=name,
        items=len(places),
        links=len(estate.links),
        hub_ms=hub_ms,
        hub_reaches=reached,
        weak_points_ms=weak_ms,
        rested_on=weak.counts.looked_at,
        causes_ms=causes_ms,
        candidates=causes.candidates,
        collisions_ms=collisions_ms,
        met=collisions.total,
    )


def _hub(engine: Engine) -> int:
    """Of the 200 items with most dependents, the one that reaches most."""
    arrays = engine.graph.arrays
    order: list[int] = np.argsort(arrays.entry_end - arrays.entry_start)[::-1][:200].tolist()
    return int(max(order, key=lambda item: len(engine.walk({item: State.DOWN}).items)))


def _plan(estate: Estate, number: int, random: Random, places: list[int]) -> PlannedFailure:
    """One to three items that are down for an hour of the night."""
    start = NOW + random.random() * NIGHT
    items = [estate.items[at].id for at in random.sample(places, random.randint(1, 3))]
    return PlannedFailure(f"change {number}", tuple(items), Window(start, start + NIGHT / 6))


def main() -> None:
    """Print a line of JSON for each estate."""
    parser = argparse.ArgumentParser(prog="python -m bench.questions", description=__doc__)
    parser.add_argument("--items", type=int, nargs="*", default=[])
    parser.add_argument("--store", nargs="*", default=[])
    given = parser.parse_args()
    gc.disable()
    for items in given.items:
        print(json.dumps(asdict(measured("ten layers", drawn(items)))), flush=True)
    for address in given.store:
        print(json.dumps(asdict(measured("demo", asyncio.run(stored(address))))), flush=True)


if __name__ == "__main__":
    main()
