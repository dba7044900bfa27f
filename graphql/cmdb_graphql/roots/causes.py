"""Roots that look for what went wrong: causes, suspects."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from cmdb.causes import GivenAlert, causes, compare_causes_since
from cmdb.errors import InvalidInput
from cmdb.suspects import compare_suspects_since, suspects
from cmdb.viewpoint import Viewpoint
from cmdb_graphql.context import Context
from cmdb_graphql.roots.viewpoint import Limit, Offset, Since, with_view
from cmdb_graphql.structs import StructTypes
from impact.cause_answer import Causes
from impact.causes import DEFAULT_LIMIT
from impact.difference import AnswerComparison
from impact.suspects import DEFAULT_LIMIT as MOST_SUSPECTS
from impact.suspects import Suspects

Info = strawberry.Info[Context, None]

MOST_ALERTS = 1000
"""Alerts in one question at most."""


@strawberry.input(description="An item that alerts.")
class AlertInput:
    """An alert as clients write it."""

    item: str = strawberry.field(description="An id, an identifier or a unique name.")
    since: datetime | None = strawberry.field(
        default=None, description="When it began to alert, if known."
    )
    strength: float = strawberry.field(
        default=1.0, description="How much it counts, above 0 and at most 1."
    )


def fields(structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    return {
        "causes": strawberry.field(
            resolver=with_view(_causes),
            graphql_type=structs.of(Causes),
            description="What may have caused these alerts, the best explanation first.",
        ),
        "suspects": strawberry.field(
            resolver=with_view(_suspects),
            graphql_type=structs.of(Suspects),
            description="What was edited before it broke, on these items and what they rest on.",
        ),
        "causes_comparison": strawberry.field(
            resolver=with_view(_causes_comparison),
            graphql_type=structs.of(AnswerComparison),
            description="What differs between the causes of the same alerts then and now.",
        ),
        "suspects_comparison": strawberry.field(
            resolver=with_view(_suspects_comparison),
            graphql_type=structs.of(AnswerComparison),
            description="Which edits are suspects now and were not then, or were, or otherwise.",
        ),
    }


Alerts = Annotated[list[AlertInput], strawberry.argument("What alerts.")]
Affected = Annotated[
    list[str], strawberry.argument("What is affected: ids, identifiers or unique names.")
]
From = Annotated[
    datetime | None, strawberry.argument("From when; 24 hours before the end unless told.")
]
Until = Annotated[datetime | None, strawberry.argument("When it broke; now unless told.")]


async def _causes(
    info: Info,
    alerts: Alerts,
    view: Viewpoint,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    return await causes(info.context.cmdb, _given(alerts), view, limit=limit, offset=offset)


async def _causes_comparison(
    info: Info,
    alerts: Alerts,
    since: Since,
    view: Viewpoint,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    return await compare_causes_since(
        info.context.cmdb, _given(alerts), since, view, limit=limit, offset=offset
    )


def _given(alerts: list[AlertInput]) -> list[GivenAlert]:
    if len(alerts) > MOST_ALERTS:
        raise InvalidInput(f"There may be {MOST_ALERTS} alerts at most, not {len(alerts)}.")
    return [GivenAlert(alert.item, alert.since, alert.strength) for alert in alerts]


async def _suspects(
    info: Info,
    items: Affected,
    view: Viewpoint,
    since: From = None,
    until: Until = None,
    limit: Limit = MOST_SUSPECTS,
    offset: Offset = 0,
) -> Any:
    return await suspects(
        info.context.cmdb, items, view, since=since, until=until, limit=limit, offset=offset
    )


async def _suspects_comparison(
    info: Info,
    items: Affected,
    compare: Since,
    view: Viewpoint,
    since: From = None,
    until: Until = None,
    limit: Limit = MOST_SUSPECTS,
    offset: Offset = 0,
) -> Any:
    how: dict[str, Any] = {"since": since, "until": until, "limit": limit, "offset": offset}
    return await compare_suspects_since(info.context.cmdb, items, compare, view, **how)
