"""Roots about what may take a service down: weakPoints, weakPointPairs, weakPointsComparison and
estateWeakPoints."""

from typing import Annotated, Any

import strawberry

from cmdb.errors import InvalidInput
from cmdb.weak_points import (
    compare_weak_points_since,
    find_cut_pairs,
    find_weak_points,
    rank_weak_points,
)
from cmdb_graphql.context import Context
from cmdb_graphql.roots.analysis import MAX_ROWS, At, Planned, Supposed, supposed
from cmdb_graphql.structs import StructTypes
from impact.cut_pairs import CutPairs
from impact.estate_weak_points import DEFAULT_LIMIT as RANKED
from impact.estate_weak_points import EstateWeakPoints
from impact.weak_points import DEFAULT_LIMIT, WeakPoints, WeakPointsComparison

Info = strawberry.Info[Context, None]

Service = Annotated[
    str, strawberry.argument("A service or other item: an id, identifier or unique name.")
]
Limit = Annotated[int, strawberry.argument(f"Rows of each list, {MAX_ROWS} at most.")]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    return {
        "weak_points": strawberry.field(
            resolver=_weak_points,
            graphql_type=structs.of(WeakPoints),
            description="The single points of failure of a service, and its false redundancies.",
        ),
        "weak_point_pairs": strawberry.field(
            resolver=_weak_point_pairs,
            graphql_type=structs.of(CutPairs),
            description="Pairs of items that take a service down together, and neither alone.",
        ),
        "weak_points_comparison": strawberry.field(
            resolver=_weak_points_comparison,
            graphql_type=structs.of(WeakPointsComparison),
            description="What differs between a service's single points of failure then and now.",
        ),
        "estate_weak_points": strawberry.field(
            resolver=_estate_weak_points,
            graphql_type=structs.of(EstateWeakPoints),
            description="All items that take a service down alone, ranked; of a large estate this "
            "takes minutes.",
        ),
    }


async def _weak_points(
    info: Info,
    item: Service,
    at: At = None,
    what_if: Supposed = None,
    include_planned: Planned = False,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    given = _given(at, what_if, limit, include_planned=include_planned)
    return await find_weak_points(info.context.cmdb, item, **given)


async def _weak_point_pairs(
    info: Info,
    item: Service,
    at: At = None,
    what_if: Supposed = None,
    include_planned: Planned = False,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    given = _given(at, what_if, limit, include_planned=include_planned)
    return await find_cut_pairs(info.context.cmdb, item, **given)


async def _weak_points_comparison(
    info: Info,
    item: Service,
    since: Annotated[
        str, strawberry.argument('The earlier point: a revision, a time, or "now" with whatIf.')
    ],
    at: At = None,
    what_if: Supposed = None,
    include_planned: Planned = False,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    given = _given(at, what_if, limit, include_planned=include_planned)
    return await compare_weak_points_since(info.context.cmdb, item, since, **given)


async def _estate_weak_points(
    info: Info,
    at: At = None,
    what_if: Supposed = None,
    include_planned: Planned = False,
    limit: Limit = RANKED,
) -> Any:
    given = _given(at, what_if, limit, include_planned=include_planned)
    return await rank_weak_points(info.context.cmdb, **given)


def _given(at: str | None, what_if: str | None, limit: int, *, include_planned: bool) -> Any:
    """The arguments that all of them take, checked."""
    if not 0 <= limit <= MAX_ROWS:
        raise InvalidInput(f"The limit must be 0 to {MAX_ROWS}, not {limit}.")
    return {
        "at": at,
        "what_if": supposed(what_if),
        "include_planned": include_planned,
        "limit": limit,
    }
