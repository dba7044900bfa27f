"""Roots about planned failures: risk, collisions."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from cmdb.collisions import GivenPlan, collisions, compare_collisions_since
from cmdb.errors import InvalidInput
from cmdb.risk import assess, compare_risk_since
from cmdb.viewpoint import Viewpoint
from cmdb_graphql.context import Context
from cmdb_graphql.roots.analysis import DOWN, Failing, FailureState, Items
from cmdb_graphql.roots.viewpoint import Limit, Offset, Since, with_view
from cmdb_graphql.structs import StructTypes
from impact import failure
from impact.collision_answer import Collisions
from impact.collisions import DEFAULT_LIMIT
from impact.difference import AnswerComparison
from impact.risk import Risk
from impact.risk_comparison import RiskComparison

Info = strawberry.Info[Context, None]

Start = Annotated[datetime | None, strawberry.argument("When the failure begins.")]
End = Annotated[datetime | None, strawberry.argument("When it is over.")]

MOST_PLANNED = 2000
"""Planned failures in one question at most."""


@strawberry.input(description="Items that are to fail in a window.")
class PlannedFailureInput:
    """A planned failure as clients write it."""

    name: str = strawberry.field(description="What the change is called; each name once.")
    items: list[str] = strawberry.field(description="Ids, identifiers or unique names.")
    start: datetime = strawberry.field(description="When the failure begins.")
    end: datetime = strawberry.field(description="When it is over.")
    state: Any = strawberry.field(
        default=DOWN, graphql_type=FailureState, description="How badly they fail."
    )


Plans = Annotated[list[PlannedFailureInput], strawberry.argument("What is to fail, and when.")]
Others = Annotated[
    list[PlannedFailureInput] | None,
    strawberry.argument("Other planned failures, whose collisions with this one count."),
]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    return {
        "risk": strawberry.field(
            resolver=with_view(_risk),
            graphql_type=structs.of(Risk),
            description="How risky it is to let these items fail, as a sum of explained factors.",
        ),
        "risk_comparison": strawberry.field(
            resolver=with_view(_risk_comparison),
            graphql_type=structs.of(RiskComparison),
            description="The risk of the same failure then and now, factor by factor.",
        ),
        "collisions": strawberry.field(
            resolver=with_view(_collisions),
            graphql_type=structs.of(Collisions),
            description="Which planned failures are in each other's way.",
        ),
        "collisions_comparison": strawberry.field(
            resolver=with_view(_collisions_comparison),
            graphql_type=structs.of(AnswerComparison),
            description="How the same planned failures collided then, and do now.",
        ),
    }


async def _risk(
    info: Info,
    items: Items,
    view: Viewpoint,
    state: Failing = DOWN,
    start: Start = None,
    end: End = None,
    planned: Others = None,
) -> Any:
    cmdb, how = info.context.cmdb, failure(state.value)
    others = None if planned is None else given_plans(planned)
    return await assess(cmdb, items, how, view, start=start, end=end, planned=others)


async def _risk_comparison(
    info: Info,
    items: Items,
    since: Since,
    view: Viewpoint,
    state: Failing = DOWN,
    start: Start = None,
    end: End = None,
    planned: Others = None,
) -> Any:
    cmdb, how = info.context.cmdb, failure(state.value)
    others = None if planned is None else given_plans(planned)
    return await compare_risk_since(
        cmdb, items, since, how, view, start=start, end=end, planned=others
    )


async def _collisions(
    info: Info,
    planned: Plans,
    view: Viewpoint,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    plans = given_plans(planned)
    return await collisions(info.context.cmdb, plans, view, limit=limit, offset=offset)


async def _collisions_comparison(
    info: Info,
    planned: Plans,
    since: Since,
    view: Viewpoint,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    plans, page = given_plans(planned), {"limit": limit, "offset": offset}
    return await compare_collisions_since(info.context.cmdb, plans, since, view, **page)


def given_plans(planned: list[PlannedFailureInput]) -> list[GivenPlan]:
    """The planned failures as the use cases take them; raises where they are too many."""
    if len(planned) > MOST_PLANNED:
        raise InvalidInput(f"There may be {MOST_PLANNED} at most, not {len(planned)}.")
    return [
        GivenPlan(p.name, tuple(p.items), p.start, p.end, failure(p.state.value)) for p in planned
    ]
