"""The root that says how to get back up: restorationOrder."""

from typing import Any

import strawberry

from cmdb.errors import InvalidInput
from cmdb_graphql.context import Context, off_loop
from cmdb_graphql.roots.analysis import DOWN, MAX_ROWS, At, Failing, Items, Limit, Planned
from cmdb_graphql.structs import StructTypes
from impact import failure
from impact.restoration import DEFAULT_LIMIT, RestorationOrder, restoration_order

Info = strawberry.Info[Context, None]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The root of this module."""
    return {
        "restoration_order": strawberry.field(
            resolver=_restoration_order,
            graphql_type=structs.of(RestorationOrder),
            description="In which order to bring back all that these failures take down.",
        )
    }


async def _restoration_order(
    info: Info,
    items: Items,
    state: Failing = DOWN,
    at: At = None,
    include_planned: Planned = False,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    if not 0 <= limit <= MAX_ROWS:
        raise InvalidInput(f"The limit must be 0 to {MAX_ROWS}, not {limit}.")
    analysis = await info.context.cmdb.analyse(
        items, failure(state.value), at, include_planned=include_planned
    )
    return await off_loop(lambda: restoration_order(analysis, limit=limit))
