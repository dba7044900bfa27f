"""What may be a problem that nobody has made one of: proposed, each with its evidence.

Three things are looked for among the incidents of a while: an item that kept being the cause, an
item that keeps being affected by what nobody has explained, and a single point of failure of
several such. What an open problem is about already is not proposed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import msgspec

from cmdb.errors import InvalidInput
from cmdb.items import Item
from cmdb.items.value import format_time
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery, Sort
from cmdb.weak_points import find_weak_points

WINDOW = timedelta(days=90)
REPEATED = 3
"""So many incidents make a pattern, unless told."""
MOST_SERVICES = 20
"""Services whose single points of failure are looked at, those with most incidents first."""
MOST_WEAK_POINTS = 5
"""Of each of them, those that take down most."""
MOST_INCIDENTS = 10_000
_PAGE = 1000

Reason = Literal["cause", "repeated", "weak_point"]
REASONS: tuple[Reason, ...] = get_args(Reason)


class ProblemCandidate(msgspec.Struct, frozen=True):
    """An item that may be a problem: it was named as the cause again and again (``cause``), was
    affected by incidents without a known one (``repeated``), or takes down alone several items that
    were (``weak_point``).

    ``incidents`` are their numbers, the latest first; ``sentence`` says why it is proposed.
    """

    reason: Reason
    id: str
    kind: str
    name: str
    incidents: tuple[str, ...]
    sentence: str


class ProblemCandidates(msgspec.Struct, frozen=True):
    """Candidates by reason, those with most incidents first. ``incidents`` counts those of the
    window that were looked at; ``truncated`` says that there were more."""

    since: datetime
    incidents: int
    candidates: tuple[ProblemCandidate, ...]
    truncated: bool


async def problem_candidates(
    cmdb: Cmdb, *, since: datetime | None = None, repeated: int = REPEATED
) -> ProblemCandidates:
    """What the incidents since then suggest; 90 days unless told.

    Raises :class:`~cmdb.errors.InvalidInput` for fewer than two incidents as a pattern. Costs two
    reads per thousand incidents, and a search for weak points of at most 20 services.
    """
    if repeated < 2:
        raise InvalidInput(f"A pattern takes at least 2 incidents, not {repeated}.")
    start = since or datetime.now(UTC) - WINDOW
    incidents, truncated = await _incidents(cmdb, start)
    known = {item.id: item for item in incidents}
    by_relation = await _linked(cmdb, known)
    ids = {item for found in by_relation.values() for item in found}
    items = dict(await cmdb.store.items(ids))
    covered = await _covered(cmdb, ids)
    causes = by_relation["CAUSED_BY"]
    explained = {number for numbers in causes.values() for number in numbers}
    affected = {
        item: rest
        for item, numbers in by_relation["AFFECTS"].items()
        if len(rest := [n for n in numbers if n not in explained]) >= repeated
    }
    found = [
        _candidate(reason, items[item], numbers)
        for reason, rows in (("cause", causes), ("repeated", affected))
        for item, numbers in rows.items()
        if len(numbers) >= repeated and item in items and item not in covered
    ]
    found += await _weak(cmdb, affected, items, covered)
    found.sort(key=lambda c: (REASONS.index(c.reason), -len(c.incidents), c.name, c.id))
    return ProblemCandidates(start, len(incidents), tuple(found), truncated)


async def _incidents(cmdb: Cmdb, since: datetime) -> tuple[list[Item], bool]:
    """The incidents that were opened since then and were real, the latest first."""
    found: list[Item] = []
    after: str | None = None
    while len(found) < MOST_INCIDENTS:
        page = await cmdb.store.query(
            ItemQuery(
                kinds=("Incident",),
                conditions=(
                    Condition("properties.opened_at", "ge", format_time(since)),
                    Condition("properties.state", "ne", "canceled"),
                ),
                sort=Sort("properties.opened_at", descending=True),
                limit=_PAGE,
                after=after,
            )
        )
        found += page.items
        if not page.has_next:
            return found, False
        after = page.cursors[-1]
    return found[:MOST_INCIDENTS], True


async def _linked(cmdb: Cmdb, incidents: Mapping[str, Item]) -> dict[str, dict[str, list[str]]]:
    """Per relation, the items that the incidents lead to, with the incidents' numbers in order."""
    found: dict[str, dict[str, list[str]]] = {"AFFECTS": {}, "CAUSED_BY": {}}
    links = await cmdb.store.links(incidents, "out", [*found])
    order = {item: place for place, item in enumerate(incidents)}
    for link in sorted(links, key=lambda k: order[k.from_id]):
        if link.status != "retired":
            numbers = found[link.relation].setdefault(link.to_id, [])
            numbers.append(incidents[link.from_id].name)
    return found


async def _covered(cmdb: Cmdb, items: Iterable[str]) -> set[str]:
    """The items among these that a problem is about which is not over."""
    links = await cmdb.store.links(items, "in", ["AFFECTS", "CAUSED_BY"])
    problems = await cmdb.store.items({link.from_id for link in links})
    is_open = {
        i
        for i, p in problems.items()
        if p.kind == "Problem" and p.properties.get("state") not in ("closed", "resolved")
    }
    return {link.to_id for link in links if link.from_id in is_open}


async def _weak(
    cmdb: Cmdb,
    affected: Mapping[str, list[str]],
    items: Mapping[str, Item],
    covered: set[str],
) -> list[ProblemCandidate]:
    """Single points of failure behind several of the items that had most unexplained incidents."""
    estate = await cmdb.estate()
    services = sorted(
        (i for i in affected if i in estate.index),
        key=lambda i: (-len(affected[i]), i),
    )[:MOST_SERVICES]
    behind: dict[str, list[str]] = defaultdict(list)
    for service in services:
        weak = await find_weak_points(cmdb, service, limit=MOST_WEAK_POINTS)
        for weak_point in weak.weak_points:
            behind[weak_point.id].append(service)
    found = await cmdb.store.items(behind)
    covered = covered | await _covered(cmdb, behind)
    rows: list[ProblemCandidate] = []
    for point, above in behind.items():
        if point in covered or point not in found or len(above) < 2:
            continue
        numbers = list(dict.fromkeys(n for service in above for n in affected[service]))
        names = ", ".join(items[service].name for service in above[:3])
        rows.append(
            ProblemCandidate(
                "weak_point",
                point,
                found[point].kind,
                found[point].name,
                tuple(numbers),
                f"It takes down {names} on its own; of {len(numbers)} incidents there nobody knows "
                "the cause.",
            )
        )
    return rows


def _candidate(reason: str, item: Item, numbers: list[str]) -> ProblemCandidate:
    count = len(numbers)
    if reason == "cause":
        said = f"It was the cause of {count} incidents."
        return ProblemCandidate("cause", item.id, item.kind, item.name, tuple(numbers), said)
    said = f"{count} incidents affected it of which nobody knows the cause."
    return ProblemCandidate("repeated", item.id, item.kind, item.name, tuple(numbers), said)
