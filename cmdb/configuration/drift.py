"""Declared against observed: links that are declared and were never seen, and the other way round.

A link counts as never seen only where somebody looks at the item it leads from, and as never
declared only where somebody declares that item: of the others nothing can be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from cmdb.basis import Basis, basis_of
from cmdb.catalogue.model import Effect, ImpactDirection
from cmdb.errors import InvalidInput
from cmdb.items import Item, ItemStatus, Link
from cmdb.revisions.views import snapshot
from cmdb.service import Cmdb

DriftName = Literal["never_seen", "never_declared"]
DEFAULT_LIMIT = 50


class DriftItem(msgspec.Struct, frozen=True):
    """An item at one end of such a link."""

    id: str
    kind: str
    name: str


class DriftLink(msgspec.Struct, frozen=True):
    """A link that is declared and was never seen, or seen and never declared, by which sources."""

    drift: DriftName
    relation: str
    start: DriftItem
    end: DriftItem
    sources: tuple[str, ...]
    evidence: str | None


class Drift(msgspec.Struct, frozen=True):
    """How declarations and observations agree at ``revision``.

    ``never_seen``, ``never_declared`` and ``both`` count links; ``unjudged`` are those of which
    nothing can be said. ``links`` are a page of the first two, sorted by relation and names.
    """

    revision: int
    never_seen: int
    never_declared: int
    both: int
    unjudged: int
    links: tuple[DriftLink, ...]
    truncated: bool


async def drift(
    cmdb: Cmdb,
    *,
    only: DriftName | None = None,
    relations: Sequence[str] = (),
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> Drift:
    """Compare what is declared with what is observed, of the links that impact runs along.

    ``only`` and ``relations`` choose the links that are judged. O(items + links).
    """
    if offset < 0:
        raise InvalidInput(f"The offset must be 0 or more, not {offset}.")
    chosen = {cmdb.catalogue.relation(name).name for name in relations}
    items, links = await _read(cmdb, chosen)
    policy = cmdb.rules.policy
    bases: dict[str, Basis] = {item_id: basis_of(item, policy) for item_id, item in items.items()}
    counts = {"never_seen": 0, "never_declared": 0, "both": 0, "unjudged": 0}
    rows: list[DriftLink] = []
    for link in links:
        start, end = items.get(link.from_id), items.get(link.to_id)
        if start is None or end is None:
            continue
        name = _judged(basis_of(link, policy), bases[start.id])
        counts[name] += 1
        if name in ("never_seen", "never_declared") and only in (None, name):
            rows.append(_row(name, link, start, end))
    rows.sort(key=lambda row: (row.drift, row.relation, row.start.name, row.end.name))
    page = rows[offset : None if limit is None else offset + limit]
    return Drift(
        revision=await cmdb.revision(),
        links=tuple(page),
        truncated=len(page) < len(rows) - offset,
        **counts,
    )


def _judged(
    link: Basis, start: Basis
) -> Literal["never_seen", "never_declared", "both", "unjudged"]:
    if link == "both":
        return "both"
    if link == "declared":
        return "never_seen" if start != "declared" else "unjudged"
    return "never_declared" if start != "observed" else "unjudged"


def _row(name: DriftName, link: Link, start: Item, end: Item) -> DriftLink:
    return DriftLink(
        name,
        link.relation,
        DriftItem(start.id, start.kind, start.name),
        DriftItem(end.id, end.kind, end.name),
        link.sources,
        link.evidence,
    )


async def _read(cmdb: Cmdb, chosen: set[str]) -> tuple[dict[str, Item], list[Link]]:
    """The items that are there, by id, and the links among which to look."""
    judged = chosen or {
        relation.name
        for relation in cmdb.catalogue.relations.values()
        if relation.effect is not Effect.NONE or relation.impact is ImpactDirection.TOPOLOGY
    }
    items: dict[str, Item] = {}
    links: list[Link] = []
    async for entity in snapshot(cmdb.store):
        if isinstance(entity, Item):
            if entity.status is not ItemStatus.RETIRED and entity.merged_into is None:
                items[entity.id] = entity
        elif isinstance(entity, Link) and entity.status == "active" and entity.relation in judged:
            links.append(entity)
    return items, links
