"""The root that says how to get back up: restorationOrder."""

from typing import Any

import strawberry

from cmdb.viewpoint import Viewpoint
from cmdb_graphql.context import Context, off_loop
from cmdb_graphql.roots.analysis import DOWN, Failing, Items
from cmdb_graphql.roots.viewpoint import Limit, with_view
from cmdb_graphql.structs import StructTypes
from impact import failure
from impact.restoration import DEFAULT_LIMIT, RestorationOrder, restoration_order

Info = strawberry.Info[Context, None]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The root of this module."""
    return {
        "restoration_order": strawberry.field(
            resolver=with_view(_restoration_order),
            graphql_type=structs.of(RestorationOrder),
            description="In which order to bring back all that these failures take down.",
        )
    }


async def _restoration_order(
    info: Info,
    items: Items,
    view: Viewpoint,
    state: Failing = DOWN,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    analysis = await info.context.analysis((tuple(items), failure(state.value), view))
    return await off_loop(lambda: restoration_order(analysis, limit=limit))
