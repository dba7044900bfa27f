"""What is only said again takes a short way: it comes out as the long one has it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cmdb.catalogue import builtin
from cmdb.ingest import Ingest, Loaded, new_run
from cmdb.items import Gate, ItemObservation, LinkObservation, Value
from cmdb.reconcile import items as of_items
from cmdb.reconcile import links as of_links
from cmdb.reconcile.items import Rules
from cmdb.store.sqlite import SqliteStore

START = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = (timedelta(0), timedelta(minutes=1), timedelta(days=1), timedelta(days=40))
Seen = tuple[list[ItemObservation], list[LinkObservation]]


def observed(random_: random.Random, time: datetime) -> Seen:
    """What one of two sources says of a few things, mostly the same as ever."""
    source = random_.choice(["scan", "desk"])
    items, links = [], []
    for number in random_.choices(range(6), k=8):
        odd = random_.random() < 0.15
        keys = [f"serial:SN{number}", f"fqdn:host{number}.example.org"]
        if odd:
            keys.append(f"serial:SN{random_.randrange(6)}")
        if random_.random() < 0.1:
            keys = keys[1:]
        properties: dict[str, Value | None] = {
            "name": f"host{number}",
            "vendor": random_.choice(["A", "B"]) if odd else "A",
        }
        when = time - timedelta(days=2) if random_.random() < 0.05 else time
        item = ItemObservation(
            "Server", (f"key:{source}/{number}", *keys), source, when, properties
        )
        items.append(item)
    for number in random_.choices(range(6), k=10):
        odd = random_.random() < 0.15
        gate = Gate("web", random_.choice([1, 2])) if odd else None
        ends = (f"serial:SN{number}", f"serial:SN{(number + 1) % 6}")
        evidence = random_.choice(["seen", None]) if odd else None
        links.append(
            LinkObservation("DEPENDS_ON", *ends, source, time, gate=gate, evidence=evidence)
        )
    return items, links


async def loaded(runs: Sequence[tuple[datetime, Seen]]) -> tuple[list[object], list[object]]:
    """What the store has after some runs, and what each of them counted."""
    count = itertools.count()
    rules = Rules(builtin(), draw_id=lambda: f"{next(count):026d}")
    store = await SqliteStore.open(":memory:")
    ran: list[Loaded] = []
    for time, (items, links) in runs:
        source = items[0].source
        run = new_run(source, scope="all", full_scope=time.minute % 2 == 0, started=time)
        work = Ingest(store, rules, "test")
        ran.append(await work.load(items, links, run, reason="test"))
    kept: list[object] = [value async for value in store.stream()]
    kept += await store.waiting()
    await store.close()
    return kept, [one.run.counts for one in ran]


@pytest.mark.parametrize("seed", range(40))
async def test_both_ways_lead_to_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random_ = random.Random(seed)
    days = itertools.accumulate(random_.choices(STEPS, k=7), initial=timedelta(0))
    times = [START + passed for passed in days]
    runs = [(time, observed(random_, time)) for time in times]
    short = await loaded(runs)
    monkeypatch.setattr(of_items, "seen_again", lambda seen, *_: ([], seen))
    monkeypatch.setattr(of_links, "link_says_nothing_new", lambda *_: False)
    assert await loaded(runs) == short


async def test_the_short_way_is_taken_where_nothing_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = observed(random.Random(1), START)
    plain = [o for o in seen[0] if len(o.identifiers) == 3][:1]
    store = await SqliteStore.open(":memory:")
    rules = Rules(builtin())

    async def load(time: datetime) -> Loaded:
        items = [msgspec.structs.replace(o, time=time) for o in plain]
        run = new_run("scan", started=time)
        return await Ingest(store, rules, "test").load(items, [], run, reason="test")

    assert (await load(START)).run.counts["created"] == 1
    monkeypatch.setattr(of_items, "_reconcile_component", lambda *_: pytest.fail("the long way"))
    assert (await load(START + timedelta(days=1))).run.counts["unchanged"] == 1
    await store.close()
