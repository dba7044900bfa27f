"""The health of the data: completeness, correctness and compliance, weighted by what it distorts.

Every defect has a weight: one, and one more for each of the services asked about that rests on the
item, by the impact engine. A stale switch under forty services weighs more than a stale printer.
The score of a part is the share of weight without that defect.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from cmdb.catalogue import Category
from cmdb.items import Item, ItemStatus, Link
from cmdb.revisions.views import snapshot
from cmdb.service import Cmdb
from cmdb.views import is_stale
from impact import Estate
from impact.upstream import upstream

DefectName = Literal["incomplete", "orphan", "stale", "missing", "duplicate"]

SERVICE = "ServiceInstance"
MOST_SERVICES = 200
"""Services whose foundations are looked at: the most critical first."""
MOST_VISITS = 5_000_000
CRITICALITIES = ("critical", "high", "medium", "low")
DEFAULT_LIMIT = 50


class Defect(msgspec.Struct, frozen=True):
    """One thing wrong with an item; ``services`` counts those that rest on it, of those asked."""

    defect: DefectName
    item: str
    kind: str
    name: str
    services: int
    sentence: str


class HealthScore(msgspec.Struct, frozen=True):
    """How well the data does in one respect: ``score`` is the share of items without the defect,
    ``weighted`` the same by weight; both 0 to 100, None where there is nothing to judge."""

    part: str
    defects: int
    of: int
    score: float | None
    weighted: float | None
    sentence: str


class Health(msgspec.Struct, frozen=True):
    """The health of all configuration items at ``revision``. ``defects`` are the first by weight of
    ``defects_total``; ``findings`` are what the analysis met and what it assumed then."""

    revision: int
    items: int
    services: int
    scores: tuple[HealthScore, ...]
    defects: tuple[Defect, ...]
    defects_total: int
    findings: tuple[str, ...]
    truncated: bool


class DuplicateGroup(msgspec.Struct, frozen=True):
    """Items that may be one thing: of one family, with the same name but for case and domain.

    ``ids`` are sorted, the oldest first; ``sentence`` says which sources know which.
    """

    name: str
    kind: str
    ids: tuple[str, ...]
    sentence: str


async def health(cmdb: Cmdb, *, limit: int | None = DEFAULT_LIMIT) -> Health:
    """The health of the data as it is now. O(items + links), and a walk up from 200 services."""
    items, linked = await _read(cmdb)
    estate = await cmdb.estate()
    weights, asked = await asyncio.to_thread(_weights, estate)
    now = datetime.now(UTC)
    expected = {
        kind: tuple(p.name for p in cmdb.catalogue.kind(kind).properties.values() if p.expected)
        for kind in {item.kind for item in items}
    }
    twice = {i for group in _groups(cmdb, items) for i in group.ids}

    def lacks(item: Item) -> str | None:
        missing = [n for n in expected[item.kind] if item.properties.get(n) in (None, "", [])]
        return f"It lacks {', '.join(missing)}." if missing else None

    def stale(item: Item) -> str | None:
        if not is_stale(item, cmdb.rules, now) or item.last_seen is None:
            return None
        return f"Nobody has seen it since {item.last_seen:%Y-%m-%d}."

    def lost(item: Item) -> str | None:
        if item.status is not ItemStatus.MISSING:
            return None
        return "A source that covers its whole scope no longer sees it."

    tests: tuple[tuple[DefectName, str, Callable[[Item], str | None]], ...] = (
        ("incomplete", "Completeness: every property that the kind expects.", lacks),
        (
            "orphan",
            "Correctness: related to something.",
            lambda i: None if i.id in linked else "Nothing is related to it.",
        ),
        ("stale", "Correctness: seen lately.", stale),
        ("missing", "Correctness: still seen.", lost),
        (
            "duplicate",
            "Correctness: there once only.",
            lambda i: "Another item of its kind has its name." if i.id in twice else None,
        ),
    )
    scores: list[HealthScore] = []
    defects: list[Defect] = []
    for name, sentence, test in tests:
        found = [
            Defect(name, i.id, i.kind, i.name, weights.get(i.id, 0), said)
            for i in items
            if (said := test(i)) is not None
        ]
        defects += found
        scores.append(_score(name, found, items, weights, sentence))
    scores.append(await _compliance(cmdb))
    defects.sort(key=lambda d: (-d.services, d.defect, d.name, d.item))
    return Health(
        revision=estate.revision,
        items=len(items),
        services=asked,
        scores=tuple(scores),
        defects=tuple(defects[:limit]),
        defects_total=len(defects),
        findings=tuple(f.message for f in estate.findings),
        truncated=len(defects) > len(defects[:limit]),
    )


async def duplicates(cmdb: Cmdb) -> list[DuplicateGroup]:
    """Items that may be one thing, by name. `cmdb merge` makes them one. O(items)."""
    items, _ = await _read(cmdb)
    return _groups(cmdb, items)


async def _read(cmdb: Cmdb) -> tuple[list[Item], set[str]]:
    """All configuration items that are there, and the ids of all that have a link."""
    kinds = {r.name for r in cmdb.catalogue.of_category(Category.CI)}
    items: list[Item] = []
    linked: set[str] = set()
    async for entity in snapshot(cmdb.store):
        if isinstance(entity, Item):
            gone = entity.status is ItemStatus.RETIRED or entity.merged_into is not None
            if entity.kind in kinds and not gone:
                items.append(entity)
        elif isinstance(entity, Link) and entity.status != "retired":
            linked |= {entity.from_id, entity.to_id}
    return items, linked


def _weights(estate: Estate) -> tuple[dict[str, int], int]:
    """How many of the services rest on each item, and how many services were asked."""
    services = [at for at in range(len(estate.items)) if estate.is_a(at, SERVICE)]

    def order(at: int) -> tuple[int, str]:
        said = estate.text_of(at, "criticality")
        rank = CRITICALITIES.index(said) if said in CRITICALITIES else len(CRITICALITIES)
        return rank, estate.items[at].id

    asked = sorted(services, key=order)[:MOST_SERVICES]
    above = upstream(estate, asked, most=MOST_VISITS)
    return {estate.items[at].id: n for at, n in above.reached.items()}, len(asked)


def _score(
    name: str, found: list[Defect], items: list[Item], weights: dict[str, int], sentence: str
) -> HealthScore:
    total = sum(1 + weights.get(item.id, 0) for item in items)
    bad = sum(1 + defect.services for defect in found)
    return HealthScore(
        name,
        len(found),
        len(items),
        round(100 * (1 - len(found) / len(items)), 1) if items else None,
        round(100 * (1 - bad / total), 1) if total else None,
        sentence,
    )


async def _compliance(cmdb: Cmdb) -> HealthScore:
    """The share of verified baselines without findings: audits passed by audits run."""
    from cmdb.store.port import ItemQuery

    page = await cmdb.store.query(ItemQuery(kinds=("Baseline",), limit=1000))
    run = [item for item in page.items if item.properties.get("verified_at")]
    failed = [item for item in run if item.properties.get("findings")]
    share = round(100 * (1 - len(failed) / len(run)), 1) if run else None
    sentence = "Compliance: verified baselines without findings."
    return HealthScore("noncompliant", len(failed), len(run), share, share, sentence)


def _groups(cmdb: Cmdb, items: Iterable[Item]) -> list[DuplicateGroup]:
    found: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        family = cmdb.catalogue.kind(item.kind).family
        found[family, item.name.casefold().partition(".")[0]].append(item)
    groups = [
        _group(rows)
        for rows in found.values()
        if len(rows) > 1 and not any(set(a.sources) & set(b.sources) for a, b in _pairs(rows))
    ]
    return sorted(groups, key=lambda group: (group.name, group.ids))


def _pairs(rows: list[Item]) -> Iterable[tuple[Item, Item]]:
    """Every two of them. One source that knows both tells them apart, and means two things."""
    return ((a, b) for n, a in enumerate(rows) for b in rows[n + 1 :])


def _group(rows: list[Item]) -> DuplicateGroup:
    rows = sorted(rows, key=lambda item: (item.created_revision, item.id))
    said = "; ".join(f"{i.kind} {i.name} by {', '.join(i.sources)}" for i in rows)
    return DuplicateGroup(rows[0].name, rows[0].kind, tuple(i.id for i in rows), f"{said}.")
