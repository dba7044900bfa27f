"""What an item rests on in two estates, or what rests on it, compared."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from impact.dependencies import DEFAULT_LIMIT, Dependencies, Dependency, dependencies, dependents
from impact.difference import ComparisonCounts, difference
from impact.estate import Estate
from impact.page import Page


class ChangedDependency(msgspec.Struct, frozen=True):
    """An item that is found at both points, and otherwise: ``before`` and ``after`` are the steps
    that lead to it first."""

    id: str
    kind: str
    name: str
    before: Dependency
    after: Dependency


class DependenciesComparison(msgspec.Struct, frozen=True):
    """What came, went and changed among what the item ``id`` rests on, or what rests on it.

    ``revision`` and ``as_of`` are those of the later point, ``before_revision`` and
    ``before_as_of`` of the earlier. ``changed`` are farther or nearer, or by another gate or
    strength. Each list has the nearest first; ``truncated`` says that one was cut.
    """

    revision: int
    as_of: datetime
    before_revision: int
    before_as_of: datetime
    id: str
    kind: str
    name: str
    direction: Literal["dependencies", "dependents"]
    new: tuple[Dependency, ...]
    gone: tuple[Dependency, ...]
    changed: tuple[ChangedDependency, ...]
    counts: ComparisonCounts
    truncated: bool


def compare_dependencies(
    before: Estate,
    after: Estate,
    item_id: str,
    *,
    reverse: bool = False,
    depth: int | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> DependenciesComparison:
    """What differs between what an item rests on in two estates; or, with ``reverse``, between what
    rests on it.

    In an estate that does not have the item there is nothing; one of them must have it. Raises what
    :meth:`~impact.estate.Estate.position` raises, and :class:`~cmdb.errors.InvalidInput` for a
    negative depth, limit or offset. Costs a walk of each.
    """
    page = Page(limit, offset)
    if item_id not in before.index:
        after.position(item_id)
    walk = dependents if reverse else dependencies
    then, now = (
        walk(estate, item_id, depth=depth, limit=None) if item_id in estate.index else None
        for estate in (before, after)
    )
    found = difference(_by_id(then), _by_id(now), _terms)
    changed = [
        ChangedDependency(row.id, row.kind, row.name, was, row) for was, row in found.changed
    ]
    there = after if item_id in after.index else before
    kind, name, _ = there.label_of(there.index[item_id])
    return DependenciesComparison(
        revision=after.revision,
        as_of=after.as_of,
        before_revision=before.revision,
        before_as_of=before.as_of,
        id=item_id,
        kind=kind,
        name=name,
        direction="dependents" if reverse else "dependencies",
        new=page.of(found.new),
        gone=page.of(found.gone),
        changed=page.of(changed),
        counts=found.counts,
        truncated=found.cut_by(page),
    )


def _by_id(found: Dependencies | None) -> dict[str, Dependency]:
    return {row.id: row for row in found.items} if found is not None else {}


def _terms(row: Dependency) -> tuple[object, ...]:
    """What a change of means that the dependency is another: not by which item it is found."""
    return row.depth, row.relation, row.strength, row.gate, row.needed, row.total
