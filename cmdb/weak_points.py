"""The use case behind ``cmdb weak-points``."""

from __future__ import annotations

import asyncio

from cmdb.service import Cmdb, Point
from impact.weak_points import DEFAULT_LIMIT, WeakPoints, weak_points


async def find_weak_points(
    cmdb: Cmdb,
    item: str,
    *,
    at: Point | None = None,
    include_planned: bool = False,
    limit: int | None = DEFAULT_LIMIT,
) -> WeakPoints:
    """The weak points of the item that an id, identifier or unique name means; see
    :func:`impact.weak_points.weak_points`. Raises where it is unknown or ambiguous."""
    found = await cmdb.find(item)
    estate = await cmdb.estate(at, include_planned=include_planned)
    return await asyncio.to_thread(weak_points, estate, found.id, limit=limit)
