"""The roots that say how to get back up: restorationOrder, restorationOrderComparison."""

from typing import Any

import strawberry

from cmdb.analysis import compare_restoration_since
from cmdb.viewpoint import Viewpoint
from cmdb_graphql.context import Context, off_loop
from cmdb_graphql.roots.analysis import DOWN, Failing, Items
from cmdb_graphql.roots.viewpoint import Limit, Offset, Since, with_view
from cmdb_graphql.structs import StructTypes
from impact import failure
from impact.difference import AnswerComparison
from impact.restoration import DEFAULT_LIMIT, RestorationOrder, restoration_order

Info = strawberry.Info[Context, None]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    return {
        "restoration_order": strawberry.field(
            resolver=with_view(_restoration_order),
            graphql_type=structs.of(RestorationOrder),
            description="In which order to bring back all that these failures take down.",
        ),
        "restoration_order_comparison": strawberry.field(
            resolver=with_view(_comparison),
            graphql_type=structs.of(AnswerComparison),
            description="What differs between that order then and now.",
        ),
    }


async def _restoration_order(
    info: Info,
    items: Items,
    view: Viewpoint,
    state: Failing = DOWN,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    analysis = await info.context.analysis((tuple(items), failure(state.value), view))
    return await off_loop(lambda: restoration_order(analysis, limit=limit, offset=offset))


async def _comparison(
    info: Info,
    items: Items,
    since: Since,
    view: Viewpoint,
    state: Failing = DOWN,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    how, page = failure(state.value), {"limit": limit, "offset": offset}
    return await compare_restoration_since(info.context.cmdb, items, since, how, view, **page)
