"""Observations into a store: for the first time, again at once, and again a day later."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter

from bench.estate import SOURCE, START, item_observations, link_observations
from cmdb.catalogue import builtin
from cmdb.ingest import Ingest, Loaded, new_run
from cmdb.reconcile.items import Rules
from cmdb.store.port import Store


@dataclass(frozen=True)
class Size:
    """How much is loaded."""

    items: int
    links_per_item: int


@dataclass(frozen=True)
class Timed:
    """One load: its seconds and what it did."""

    seconds: float
    loaded: Loaded


async def load(store: Store, size: Size, later: timedelta = timedelta(0)) -> Timed:
    """Load everything as seen ``later`` than at first. Making the observations is not timed."""
    time: datetime = START + later
    items = list(item_observations(size.items, time))
    links = list(link_observations(size.items, size.links_per_item, time))
    run = new_run(SOURCE, actor="bench", started=time)
    ingest = Ingest(store, Rules(builtin()), "bench")
    gc.collect()
    begin = perf_counter()
    loaded = await ingest.load(items, links, run, reason="measured")
    return Timed(perf_counter() - begin, loaded)


AT_ONCE = timedelta(minutes=1)
"""Sooner than the time after which seeing a thing again is written."""
NEXT_DAY = timedelta(days=1)
