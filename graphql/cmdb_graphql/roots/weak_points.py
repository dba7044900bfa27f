"""The root that finds what may take a service down alone: weakPoints."""

from typing import Annotated, Any

import strawberry

from cmdb.errors import InvalidInput
from cmdb.weak_points import find_weak_points
from cmdb_graphql.context import Context
from cmdb_graphql.roots.analysis import MAX_ROWS, At, Planned
from cmdb_graphql.structs import StructTypes
from impact.weak_points import DEFAULT_LIMIT, WeakPoints

Info = strawberry.Info[Context, None]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The root of this module."""
    return {
        "weak_points": strawberry.field(
            resolver=_weak_points,
            graphql_type=structs.of(WeakPoints),
            description="The single points of failure of a service, and its false redundancies.",
        )
    }


async def _weak_points(
    info: Info,
    item: Annotated[
        str, strawberry.argument("A service or other item: an id, identifier or unique name.")
    ],
    at: At = None,
    include_planned: Planned = False,
    limit: Annotated[
        int, strawberry.argument(f"Rows of each list, {MAX_ROWS} at most.")
    ] = DEFAULT_LIMIT,
) -> Any:
    if not 0 <= limit <= MAX_ROWS:
        raise InvalidInput(f"The limit must be 0 to {MAX_ROWS}, not {limit}.")
    return await find_weak_points(
        info.context.cmdb, item, at=at, include_planned=include_planned, limit=limit
    )
