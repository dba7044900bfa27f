"""The use cases behind ``cmdb impact``, ``restoration-order``, ``dependencies`` and ``path``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cmdb.errors import InvalidInput
from cmdb.service import Cmdb, Point
from cmdb.viewpoint import LATEST, Viewpoint, both
from impact import Analysis, Estate, State, analyse
from impact.comparable import restoration_of
from impact.compare import Comparison, compare
from impact.dependencies import DEFAULT_LIMIT, Dependencies, dependencies, dependents
from impact.dependencies_comparison import DependenciesComparison, compare_dependencies
from impact.difference import AnswerComparison, Answered, compare_answers
from impact.page import Page
from impact.path import Paths, find_paths
from impact.restoration import DEFAULT_LIMIT as RESTORED
from impact.restoration import restoration_order


async def analyse_failure(
    cmdb: Cmdb, failed: Sequence[str], state: State = State.DOWN, view: Viewpoint = LATEST
) -> Analysis:
    """What follows when the items that ``failed`` names fail.

    Raises :class:`~cmdb.errors.InvalidInput` for an unknown or ambiguous item or none at all.
    """
    if not failed:
        raise InvalidInput("Name at least one item that fails.")
    estate, ids = await view.find(cmdb, failed)
    return await asyncio.to_thread(analyse, estate, dict.fromkeys(ids, state))


async def compare_impact(
    cmdb: Cmdb,
    failed: Sequence[str],
    since: Point,
    state: State = State.DOWN,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = 1000,
    offset: int = 0,
) -> Comparison:
    """What the same failure did at ``since`` and does as seen from ``view``.

    ``since`` may be ``"now"`` where there is something else to compare with. An item that is not
    there at one of the points does not fail there. Raises :class:`~cmdb.errors.InvalidInput` for
    an item that is there at neither.
    """
    if not failed:
        raise InvalidInput("Name at least one item that fails.")
    before, after, ids = await both(cmdb, failed, since, view)
    given = dict.fromkeys(ids, state)
    return await asyncio.to_thread(compare, before, after, given, limit=limit, offset=offset)


async def compare_restoration_since(
    cmdb: Cmdb,
    failed: Sequence[str],
    since: Point,
    state: State = State.DOWN,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = RESTORED,
    offset: int = 0,
) -> AnswerComparison:
    """What differs between the orders in which to bring back what the same failure took down at
    ``since`` and takes down as seen from ``view``. Otherwise as :func:`compare_impact`."""
    if not failed:
        raise InvalidInput("Name at least one item that fails.")
    page = Page(limit, offset)
    before, after, ids = await both(cmdb, failed, since, view)

    def order(estate: Estate) -> Answered:
        given = {item: state for item in ids if item in estate.index}
        return restoration_of(restoration_order(analyse(estate, given), limit=None))

    return await asyncio.to_thread(lambda: compare_answers(order(before), order(after), page))


async def find_dependencies(
    cmdb: Cmdb,
    item: str,
    view: Viewpoint = LATEST,
    *,
    reverse: bool = False,
    depth: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Dependencies:
    """What an item rests on, or with ``reverse`` what rests on it."""
    estate, (found,) = await view.find(cmdb, [item])
    walk = dependents if reverse else dependencies
    return await asyncio.to_thread(walk, estate, found, depth=depth, limit=limit, offset=offset)


async def compare_dependencies_since(
    cmdb: Cmdb,
    item: str,
    since: Point,
    view: Viewpoint = LATEST,
    *,
    reverse: bool = False,
    depth: int | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> DependenciesComparison:
    """What differs between what an item rested on at ``since`` and does as seen from ``view``."""
    before, after, (found,) = await both(cmdb, [item], since, view)
    return await asyncio.to_thread(
        compare_dependencies,
        before,
        after,
        found,
        reverse=reverse,
        depth=depth,
        limit=limit,
        offset=offset,
    )


async def find_ways(
    cmdb: Cmdb, start: str, end: str, view: Viewpoint = LATEST, *, limit: int = 3
) -> Paths:
    """How two items are connected: the shortest ways, up to ``limit`` of them."""
    estate, (first, last) = await view.find(cmdb, [start, end])
    return await asyncio.to_thread(find_paths, estate, first, last, limit=limit)
