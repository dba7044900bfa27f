"""`python -m bench.service_desk FILE`: how often history names the cause of a real incident.

FILE is the log of incidents of the BPI Challenge 2014 (a bank's service desk), as CSV. It is
imported through the maps in docs/examples/service-desk, and the incidents are taken in the order
in which they were opened: what was opened in the earlier 70 % is known, and for each of the later
30 % the item that caused it is guessed from what was known when it was opened. Beside our ranking
stands the baseline: the most frequent causes, in the earlier part, of the same affected item.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from cmdb.exchange.mapping import load_map
from cmdb.incidents.precedents import Past, precedents
from cmdb.ingest import new_run
from cmdb.items import Item, Link
from cmdb.items.value import parse_time
from cmdb.revisions.views import snapshot
from cmdb.service import Cmdb
from cmdb.settings import Settings

MAPS = Path(__file__).resolve().parents[1] / "docs/examples/service-desk"
TRAINED = 0.7
FIRST = (1, 5)

Guess = Callable[[Past], Sequence[str]]


async def incidents(file: Path) -> list[Past]:
    """The incidents that affect something and have a known cause, in the order of opening."""
    cmdb = await Cmdb.open(Settings(store="sqlite://:memory:", cache_folder=None))
    for name in ("items", "causes", "incidents"):
        mapping = load_map(MAPS / f"{name}.toml")
        checked = await cmdb.check_files([file], "servicedesk", mapping=mapping)
        run = new_run("servicedesk")
        await cmdb.load(checked.items(), checked.links(), run, reason=f"import of {name}")
    records: dict[str, Item] = {}
    ends: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    async for entity in snapshot(cmdb.store):
        if isinstance(entity, Item):
            if entity.kind == "Incident":
                records[entity.id] = entity
        elif isinstance(entity, Link):
            ends[entity.from_id][entity.relation].append(entity.to_id)
    await cmdb.close()
    found: list[Past] = []
    for key, record in records.items():
        opened, closed = (record.properties.get(n) for n in ("opened_at", "closed_at"))
        affected, causes = (tuple(sorted(ends[key][r])) for r in ("AFFECTS", "CAUSED_BY"))
        if isinstance(opened, str) and isinstance(closed, str) and affected and causes:
            found.append(Past(parse_time(opened), parse_time(closed), affected, causes))
    return sorted(found, key=lambda past: (past.opened, past.affected, past.causes))


def most_frequent(trained: Sequence[Past]) -> Guess:
    """The baseline: the most frequent causes of the same affected item, else of all."""
    by_item: dict[str, Counter[str]] = defaultdict(Counter)
    overall: Counter[str] = Counter()
    for past in trained:
        overall.update(past.causes)
        for item in past.affected:
            by_item[item].update(past.causes)

    def guess(past: Past) -> Sequence[str]:
        counted = sum((by_item[item] for item in past.affected), Counter[str]())
        ranked = [item for item, _ in sorted(counted.items(), key=lambda p: (-p[1], p[0]))]
        rest = [item for item, _ in sorted(overall.items(), key=lambda p: (-p[1], p[0]))]
        return list(dict.fromkeys((*ranked, *rest)))[: FIRST[-1]]

    return guess


def ours(trained: Sequence[Past]) -> Guess:
    """The product's ranking. What the earlier part closes later than the guess is not known yet."""

    def guess(past: Past) -> Sequence[str]:
        found = precedents(past.affected, past.opened, trained, limit=FIRST[-1])
        return [row.item for row in found]

    return guess


def hits(guess: Guess, tested: Sequence[Past]) -> dict[int, float]:
    """The share of incidents with a cause among the first guesses, by how many those are."""
    guesses = [(guess(past), set(past.causes)) for past in tested]
    return {
        first: sum(not causes.isdisjoint(said[:first]) for said, causes in guesses) / len(guesses)
        for first in FIRST
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.service_desk", description=__doc__)
    parser.add_argument("file", type=Path, help="incident_case_attributes.csv")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    known = asyncio.run(incidents(given.file))
    split = int(len(known) * TRAINED)
    trained, tested = known[:split], known[split:]
    rows = {
        "precedents": hits(ours(trained), tested),
        "most frequent cause of the affected item": hits(most_frequent(trained), tested),
        "the affected item itself": hits(lambda past: past.affected, tested),
    }
    print(f"{len(known):,} incidents with a known cause; {len(tested):,} guessed from {split:,}")
    print("| guess | cause is first | cause is among the first 5 |")
    print("|---|---|---|")
    for name, found in rows.items():
        print(f"| {name} | {found[1]:.1%} | {found[5]:.1%} |")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
