"""The use cases behind ``cmdb weak-points``."""

from __future__ import annotations

import asyncio

from cmdb.service import Cmdb, Point
from cmdb.viewpoint import LATEST, Viewpoint, both
from impact import Estate
from impact.comparable import nothing_there, pairs_of, ranking_of
from impact.cut_pairs import CutPairs, cut_pairs
from impact.difference import AnswerComparison, Answered, compare_answers
from impact.estate_weak_points import EstateWeakPoints, Progress, estate_weak_points
from impact.page import Page
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
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> WeakPoints:
    """The weak points of the item that an id, identifier or unique name means; see
    :func:`impact.weak_points.weak_points`. Raises where it is unknown or ambiguous."""
    estate, (found,) = await view.find(cmdb, [item])
    return await asyncio.to_thread(weak_points, estate, found, limit=limit, offset=offset)


async def find_cut_pairs(
    cmdb: Cmdb,
    item: str,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> CutPairs:
    """The pairs of failures that take an item down, and neither alone; see
    :func:`impact.cut_pairs.cut_pairs`. Raises as :func:`find_weak_points`."""
    estate, (found,) = await view.find(cmdb, [item])
    return await asyncio.to_thread(cut_pairs, estate, found, limit=limit, offset=offset)


async def rank_weak_points(
    cmdb: Cmdb,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
    progress: Progress | None = None,
) -> EstateWeakPoints:
    """The weak points of the whole estate; see
    :func:`impact.estate_weak_points.estate_weak_points`."""
    estate = await view.estate(cmdb)
    return await asyncio.to_thread(
        estate_weak_points, estate, limit=limit, offset=offset, progress=progress
    )


async def compare_weak_points_since(
    cmdb: Cmdb,
    item: str,
    since: Point,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> WeakPointsComparison:
    """What differs between an item's single points of failure at ``since`` and as seen from
    ``view``; see :func:`impact.weak_points.compare_weak_points`. ``since`` may be ``"now"``
    where there is something else to compare with."""
    before, after, (found,) = await both(cmdb, [item], since, view)
    return await asyncio.to_thread(
        compare_weak_points, before, after, found, limit=limit, offset=offset
    )


async def compare_cut_pairs_since(
    cmdb: Cmdb,
    item: str,
    since: Point,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> AnswerComparison:
    """What differs between the pairs of failures that took an item down at ``since`` and do as seen
    from ``view``. Otherwise as :func:`compare_weak_points_since`."""
    page = Page(limit, offset)
    before, after, (found,) = await both(cmdb, [item], since, view)

    def pairs(estate: Estate) -> Answered:
        if found not in estate.index:
            return nothing_there(estate)
        return pairs_of(cut_pairs(estate, found, limit=None))

    return await asyncio.to_thread(lambda: compare_answers(pairs(before), pairs(after), page))


async def compare_rankings_since(
    cmdb: Cmdb,
    since: Point,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
    progress: Progress | None = None,
) -> AnswerComparison:
    """What differs between the weak points of the whole estate at ``since`` and as seen from
    ``view``, ranked by the services down with each. ``progress`` is told of both batches."""
    page = Page(limit, offset)
    before, after = await view.before(cmdb, since), await view.estate(cmdb)

    def ranking(estate: Estate) -> Answered:
        return ranking_of(estate_weak_points(estate, limit=None, progress=progress))

    return await asyncio.to_thread(lambda: compare_answers(ranking(before), ranking(after), page))
