"""Roots about planned failures: risk."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from cmdb.risk import assess
from cmdb_graphql.context import Context
from cmdb_graphql.roots.analysis import DOWN, At, Failing, Items
from cmdb_graphql.structs import StructTypes
from impact import failure
from impact.risk import Risk

Info = strawberry.Info[Context, None]


def fields(structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    return {
        "risk": strawberry.field(
            resolver=_risk,
            graphql_type=structs.of(Risk),
            description="How risky it is to let these items fail, as a sum of explained factors.",
        ),
    }


async def _risk(
    info: Info,
    items: Items,
    state: Failing = DOWN,
    start: Annotated[datetime | None, strawberry.argument("When the failure begins.")] = None,
    end: Annotated[datetime | None, strawberry.argument("When it is over.")] = None,
    at: At = None,
) -> Any:
    return await assess(
        info.context.cmdb, items, state=failure(state.value), start=start, end=end, at=at
    )
