"""Roots that look for what went wrong: causes, suspects."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from cmdb.causes import GivenAlert, causes
from cmdb.errors import InvalidInput
from cmdb.suspects import suspects
from cmdb_graphql.context import Context
from cmdb_graphql.roots.analysis import MAX_ROWS, At
from cmdb_graphql.structs import StructTypes
from impact.cause_answer import Causes
from impact.causes import DEFAULT_LIMIT
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
            resolver=_causes,
            graphql_type=structs.of(Causes),
            description="What may have caused these alerts, the best explanation first.",
        ),
        "suspects": strawberry.field(
            resolver=_suspects,
            graphql_type=structs.of(Suspects),
            description="What was edited before it broke, on these items and what they rest on.",
        ),
    }


def _check_limit(limit: int) -> None:
    if not 0 <= limit <= MAX_ROWS:
        raise InvalidInput(f"The limit must be 0 to {MAX_ROWS}, not {limit}.")


async def _causes(
    info: Info,
    alerts: Annotated[list[AlertInput], strawberry.argument("What alerts.")],
    at: At = None,
    limit: Annotated[
        int, strawberry.argument(f"Causes in the answer, {MAX_ROWS} at most.")
    ] = DEFAULT_LIMIT,
) -> Any:
    _check_limit(limit)
    if len(alerts) > MOST_ALERTS:
        raise InvalidInput(f"There may be {MOST_ALERTS} alerts at most, not {len(alerts)}.")
    given = [GivenAlert(alert.item, alert.since, alert.strength) for alert in alerts]
    return await causes(info.context.cmdb, given, at=at, limit=limit)


async def _suspects(
    info: Info,
    items: Annotated[
        list[str], strawberry.argument("What is affected: ids, identifiers or unique names.")
    ],
    since: Annotated[
        datetime | None, strawberry.argument("From when; 24 hours before the end unless told.")
    ] = None,
    until: Annotated[
        datetime | None, strawberry.argument("When it broke; now unless told.")
    ] = None,
    limit: Annotated[
        int, strawberry.argument(f"Edits in the answer, {MAX_ROWS} at most.")
    ] = MOST_SUSPECTS,
) -> Any:
    _check_limit(limit)
    return await suspects(info.context.cmdb, items, since=since, until=until, limit=limit)
