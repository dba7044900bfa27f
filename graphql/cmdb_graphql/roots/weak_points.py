"""Roots about what may take a service down: weakPoints, weakPointPairs, estateWeakPoints, and each
of them compared."""

from typing import Annotated, Any

import strawberry

from cmdb.viewpoint import Viewpoint
from cmdb.weak_points import (
    compare_cut_pairs_since,
    compare_rankings_since,
    compare_weak_points_since,
    find_cut_pairs,
    find_weak_points,
    rank_weak_points,
)
from cmdb_graphql.context import Context
from cmdb_graphql.roots.viewpoint import Limit, Offset, Since, with_view
from cmdb_graphql.structs import StructTypes
from impact.cut_pairs import CutPairs
from impact.difference import AnswerComparison
from impact.estate_weak_points import DEFAULT_LIMIT as RANKED
from impact.estate_weak_points import EstateWeakPoints
from impact.weak_points import DEFAULT_LIMIT, WeakPoints, WeakPointsComparison

Info = strawberry.Info[Context, None]

Service = Annotated[
    str, strawberry.argument("A service or other item: an id, identifier or unique name.")
]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    return {
        "weak_points": strawberry.field(
            resolver=with_view(_weak_points),
            graphql_type=structs.of(WeakPoints),
            description="The single points of failure of a service, and its false redundancies.",
        ),
        "weak_point_pairs": strawberry.field(
            resolver=with_view(_weak_point_pairs),
            graphql_type=structs.of(CutPairs),
            description="Pairs of items that take a service down together, and neither alone.",
        ),
        "weak_points_comparison": strawberry.field(
            resolver=with_view(_weak_points_comparison),
            graphql_type=structs.of(WeakPointsComparison),
            description="What differs between a service's single points of failure then and now.",
        ),
        "estate_weak_points": strawberry.field(
            resolver=with_view(_estate_weak_points),
            graphql_type=structs.of(EstateWeakPoints),
            description="All items that take a service down alone, ranked; of a large estate this "
            "takes minutes.",
        ),
        "weak_point_pairs_comparison": strawberry.field(
            resolver=with_view(_weak_point_pairs_comparison),
            graphql_type=structs.of(AnswerComparison),
            description="What differs between the pairs that took a service down and that do.",
        ),
        "estate_weak_points_comparison": strawberry.field(
            resolver=with_view(_estate_weak_points_comparison),
            graphql_type=structs.of(AnswerComparison),
            description="What differs between the estate's weak points then and now, ranked by the "
            "services down with each.",
        ),
    }


async def _weak_points(
    info: Info, item: Service, view: Viewpoint, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> Any:
    return await find_weak_points(info.context.cmdb, item, view, limit=limit, offset=offset)


async def _weak_point_pairs(
    info: Info, item: Service, view: Viewpoint, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> Any:
    return await find_cut_pairs(info.context.cmdb, item, view, limit=limit, offset=offset)


async def _weak_point_pairs_comparison(
    info: Info,
    item: Service,
    since: Since,
    view: Viewpoint,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    page = {"limit": limit, "offset": offset}
    return await compare_cut_pairs_since(info.context.cmdb, item, since, view, **page)


async def _weak_points_comparison(
    info: Info,
    item: Service,
    since: Since,
    view: Viewpoint,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    page = {"limit": limit, "offset": offset}
    return await compare_weak_points_since(info.context.cmdb, item, since, view, **page)


async def _estate_weak_points(
    info: Info, view: Viewpoint, limit: Limit = RANKED, offset: Offset = 0
) -> Any:
    return await rank_weak_points(info.context.cmdb, view, limit=limit, offset=offset)


async def _estate_weak_points_comparison(
    info: Info, since: Since, view: Viewpoint, limit: Limit = RANKED, offset: Offset = 0
) -> Any:
    page: dict[str, Any] = {"limit": limit, "offset": offset}
    return await compare_rankings_since(info.context.cmdb, since, view, **page)
