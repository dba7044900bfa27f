"""`python -m bench.following`: a large estate read into columns, and led on by revisions.

Rows are drawn as a store gives them: the JSON of items and links. Revisions are as tools make
them: properties of some items, some links of others, now and then a cable.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from random import Random
from statistics import median, quantiles
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any, Literal

import msgspec
import numpy.typing as npt

from bench.walks import LAYERS
from cmdb.catalogue import builtin
from cmdb.items import Item, ItemStatus, Link, link_id
from impact.columns.build import build_version
from impact.columns.draft import Draft
from impact.columns.follow import follow
from impact.columns.version import Version
from impact.states import State

LINKS_PER_ITEM = 5
EDITS = 1000
REVISIONS = 20
READERS = 8
ALONE_S = 3
"""Seconds for which readers are alone."""

NOW = datetime(2026, 11, 24, tzinfo=UTC)

KINDS = ("ServiceInstance", "SoftwareInstance", "Server", "NetworkDevice", "Database")
REPORT = (
    '"reports":[{"source":"netbox","kind":"Server","identifiers":["serial:%s"],'
    '"first_seen":"2026-11-01T00:00:00Z","last_seen":"2026-11-24T00:00:00Z"}]'
)


@dataclass(frozen=True)
class Row:
    """What one size came to. ``follow_ms`` is the median, ``slowest_ms`` the most. The last four
    are of eight threads that ask for blast radii of random items, alone and beside a writer."""

    items: int
    links: int
    read_s: float
    build_s: float
    follow_ms: float
    cable_ms: float
    slowest_ms: float
    bytes_per_link: float
    walk_ms: float
    read_alone_p95_ms: float
    read_beside_p95_ms: float
    read_beside_slowest_ms: float
    follow_beside_ms: float


def item_id(number: int) -> str:
    """As long as a real one."""
    return f"06h0s9gqmg{number:016}"


def item_row(number: int, items: int) -> str:
    """The JSON of an item as a store has it."""
    kind = KINDS[number * LAYERS // items % len(KINDS)]
    return (
        f'{{"id":"{item_id(number)}","kind":"{kind}","name":"item-{number}","status":"active",'
        f'"identifiers":["serial:{number}"],"properties":{{"name":"item-{number}"}},'
        f"{REPORT % number}}}"
    )


def link_rows(items: int) -> Iterator[str]:
    """The JSON of links: each item of a layer depends on five of the layer before, the first two of
    three in ten as one gate."""
    random, width = Random(20_261_124), items // LAYERS
    for start in range(width, items):
        first = (start // width - 1) * width
        gated = random.random() < 0.3
        for n in range(LINKS_PER_ITEM):
            end = first + int(random.random() ** 3 * width)
            one, other = item_id(start), item_id(end)
            gate = ',"gate":{"name":"pool"}' if gated and n < 2 else ""
            yield (
                f'{{"id":"DEPENDS_ON:{one}:{other}","relation":"DEPENDS_ON","from_id":"{one}",'
                f'"to_id":"{other}"{gate},"reports":[{{"source":"netbox","from_key":"a",'
                f'"to_key":"b","first_seen":"2026-11-01T00:00:00Z",'
                f'"last_seen":"2026-11-24T00:00:00Z","since":"2026-11-01T00:00:00Z"}}]}}'
            )


def read_item(body: str, _: object) -> Item:
    """The item of its JSON."""
    return msgspec.json.decode(body, type=Item)


def revision(
    random: Random, version: Version, loaded: int, *, cables: bool
) -> tuple[list[Item], list[Link]]:
    """A thousand edits: two in ten items, of which some are new, and eight in ten links."""
    items: dict[str, Item] = {}
    links: dict[str, Link] = {}
    size = version.size
    width = loaded // LAYERS
    for n in range(EDITS // 5):
        old = version.items[random.randrange(size)]
        status = ItemStatus.RETIRED if n % 20 == 0 else ItemStatus.ACTIVE
        new = msgspec.structs.replace(old, properties={"name": f"edit {n}"}, status=status)
        if n % 10 == 1:
            new = msgspec.structs.replace(new, id=item_id(size + len(items)))
        items[new.id] = new
    while len(items) + len(links) < EDITS:
        start = random.randrange(width, width * LAYERS)
        end = (start // width - 1) * width + random.randrange(width)
        relation = "LINKED_TO" if cables and len(links) < 10 else "DEPENDS_ON"
        one, other = item_id(start), item_id(end)
        key = link_id(relation, one, other)
        now: Literal["active", "retired"] = "retired" if random.random() < 0.3 else "active"
        links[key] = Link(key, relation, one, other, status=now)
    return [*items.values()], [*links.values()]


def measured(items: int) -> Row:
    """Build an estate of so many items and lead it on."""
    draft, started = Draft(), perf_counter()
    for number in range(items):
        draft.item(item_row(number, items))
    draft.settle_items()
    for row in link_rows(items):
        draft.link(row)
    read = perf_counter() - started - _drawing(items)
    started = perf_counter()
    version = build_version(draft, builtin(), read_item, revision=1, as_of=NOW)
    build = perf_counter() - started
    links, random = version.links.used, Random(7)
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2, 2 + REVISIONS):
        cables = number % 5 == 0
        edits = revision(random, version, items, cables=cables)
        started = perf_counter()
        version = follow(version, *edits, revision=number, as_of=NOW)
        took[cables].append(1000 * (perf_counter() - started))
    walk = _walk(version)
    readers = _Readers(version, items)
    alone = readers.run(lambda: sleep(ALONE_S))
    follows: list[float] = []

    def write() -> None:
        for number in range(REVISIONS):
            edits = revision(random, readers.version, items, cables=False)
            started = perf_counter()
            readers.version = follow(
                readers.version, *edits, revision=2 + REVISIONS + number, as_of=NOW
            )
            follows.append(1000 * (perf_counter() - started))

    beside = readers.run(write)
    return Row(
        items=items,
        links=links,
        read_s=round(read, 2),
        build_s=round(build, 2),
        follow_ms=round(median(took[False]), 1),
        cable_ms=round(median(took[True]), 1),
        slowest_ms=round(max(took[False]), 1),
        bytes_per_link=round(held(version) / links, 1),
        walk_ms=round(walk, 2),
        read_alone_p95_ms=round(quantiles(alone, n=20)[-1], 2),
        read_beside_p95_ms=round(quantiles(beside, n=20)[-1], 2),
        read_beside_slowest_ms=round(max(beside), 1),
        follow_beside_ms=round(median(follows), 1),
    )


class _Readers:
    """Eight threads that walk from random items of the version that is the latest."""

    def __init__(self, version: Version, items: int) -> None:
        self.version = version
        self.items = items

    def run(self, meanwhile: Callable[[], object]) -> list[float]:
        """Milliseconds of every walk while something else is done."""
        done, took = Event(), list[float]()

        def read(seed: int) -> None:
            random = Random(seed)
            while not done.is_set():
                engine = self.version.engine
                assert engine is not None
                started = perf_counter()
                engine.walk({random.randrange(self.items): State.DOWN})
                took.append(1000 * (perf_counter() - started))

        threads = [Thread(target=read, args=(seed,)) for seed in range(READERS)]
        for thread in threads:
            thread.start()
        meanwhile()
        done.set()
        for thread in threads:
            thread.join()
        return took


def _drawing(items: int) -> float:
    """What it takes to draw the rows alone, in seconds."""
    started = perf_counter()
    for number in range(items):
        item_row(number, items)
    for _ in link_rows(items):
        pass
    return perf_counter() - started


def _walk(version: Version) -> float:
    """The longest of 20 blast radii of items of the first layer, each the second time, in ms."""
    assert version.engine is not None
    longest = 0.0
    for item in range(20):
        version.engine.walk({item: State.DOWN})
        started = perf_counter()
        version.engine.walk({item: State.DOWN})
        longest = max(longest, 1000 * (perf_counter() - started))
    return longest


def held(version: Version) -> int:
    """Bytes of all arrays by link and gate, without items and their names."""
    columns, entries = version.links, version.entries
    arrays: list[npt.NDArray[Any]] = [
        *(columns.relation, columns.start, columns.end, columns.terms, columns.seen),
        *(version.live, version.there, version.gates.code),
        *(*entries.columns, *version.links_at.columns),
    ]
    return sum(array.nbytes for array in arrays)


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[100_000])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    gc.disable()
    for items in given.items:
        row = asdict(measured(items))
        print(json.dumps(row) if given.json else row, flush=True)


if __name__ == "__main__":
    main()
