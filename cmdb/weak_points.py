"""The use cases behind ``cmdb weak-points``."""

from __future__ import annotations

import asyncio

from cmdb.errors import UnknownItem
from cmdb.service import Cmdb, Point
from cmdb.what_if import NOW, WhatIf, hypothetical, ids_in
from impact import Estate
from impact.cut_pairs import CutPairs, cut_pairs
from impact.estate_weak_points import EstateWeakPoints, Progress, estate_weak_points
from impact.weak_points import (
    DEFAULT_LIMIT,
    WeakPoints,
    WeakPointsComparison,
    compare_weak_points,
    weak_points,
)


async def find_weak_points(
    cmdb: Cmdb,
    item: str,
    *,
    at: Point | None = None,
    what_if: WhatIf | None = None,
    include_planned: bool = False,
    limit: int | None = DEFAULT_LIMIT,
) -> WeakPoints:
    """The weak points of the item that an id, identifier or unique name means; see
    :func:`impact.weak_points.weak_points`. Raises where it is unknown or ambiguous."""
    estate = await _estate(cmdb, at, what_if, include_planned=include_planned)
    (found,) = await ids_in(cmdb, [item], estate)
    return await asyncio.to_thread(weak_points, estate, found, limit=limit)


async def find_cut_pairs(
    cmdb: Cmdb,
    item: str,
    *,
    at: Point | None = None,
    what_if: WhatIf | None = None,
    include_planned: bool = False,
    limit: int | None = DEFAULT_LIMIT,
) -> CutPairs:
    """The pairs of failures that take an item down, and neither alone; see
    :func:`impact.cut_pairs.cut_pairs`. Raises as :func:`find_weak_points`."""
    estate = await _estate(cmdb, at, what_if, include_planned=include_planned)
    (found,) = await ids_in(cmdb, [item], estate)
    return await asyncio.to_thread(cut_pairs, estate, found, limit=limit)


async def rank_weak_points(
    cmdb: Cmdb,
    *,
    at: Point | None = None,
    what_if: WhatIf | None = None,
    include_planned: bool = False,
    limit: int | None = DEFAULT_LIMIT,
    progress: Progress | None = None,
) -> EstateWeakPoints:
    """The weak points of the whole estate; see
    :func:`impact.estate_weak_points.estate_weak_points`."""
    estate = await _estate(cmdb, at, what_if, include_planned=include_planned)
    return await asyncio.to_thread(estate_weak_points, estate, limit=limit, progress=progress)


async def compare_weak_points_since(
    cmdb: Cmdb,
    item: str,
    since: Point,
    *,
    at: Point | None = None,
    what_if: WhatIf | None = None,
    include_planned: bool = False,
    limit: int | None = DEFAULT_LIMIT,
) -> WeakPointsComparison:
    """What differs between an item's single points of failure at ``since`` and now, at ``at``, or
    after changes; see :func:`impact.weak_points.compare_weak_points`. ``since`` may be ``"now"``
    where there is something else to compare with."""
    then = None if since == NOW else since
    before = await cmdb.estate(then, include_planned=include_planned)
    after = await _estate(cmdb, at, what_if, include_planned=include_planned)
    try:
        (found,) = await ids_in(cmdb, [item], after)
    except UnknownItem:
        (found,) = await ids_in(cmdb, [item], before)
    return await asyncio.to_thread(compare_weak_points, before, after, found, limit=limit)


async def _estate(
    cmdb: Cmdb, at: Point | None, what_if: WhatIf | None, *, include_planned: bool
) -> Estate:
    if what_if is None:
        return await cmdb.estate(at, include_planned=include_planned)
    return await hypothetical(cmdb, what_if, at, include_planned=include_planned)
