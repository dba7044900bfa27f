"""Alerts in GraphQL, beyond their connection: those that lead to no item, and binding them."""

from typing import Annotated, Any

import strawberry

from cmdb.alerts.queue import bind_alert, list_alerts
from cmdb_graphql.connections import DEFAULT_PAGE, checked_first
from cmdb_graphql.practices.practice import Info, Record
from cmdb_graphql.structs import Later, StructTypes, many

TYPES: frozenset[str] = frozenset()
ROOTS = frozenset({"unboundAlerts"})


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(_: StructTypes, later: Later) -> dict[str, Any]:
    """The query root."""
    return {
        "unbound_alerts": strawberry.field(
            resolver=_unbound,
            graphql_type=many(later("Alert")),
            description="Open alerts that lead to no item, the latest first.",
        )
    }


def mutations(_: StructTypes, later: Later) -> dict[str, Any]:
    """The mutation."""
    return {
        "bind_alert": strawberry.field(
            resolver=_bind,
            graphql_type=later("Alert"),
            description="Say which item an alert is about.",
        )
    }


async def _unbound(
    info: Info,
    first: Annotated[int, strawberry.argument("How many at most.")] = DEFAULT_PAGE,
) -> Any:
    limit = checked_first(first)
    rows, _ = await list_alerts(info.context.cmdb, unbound=True, is_open=True, limit=limit)
    return [alert for alert, _ in rows]


async def _bind(
    info: Info,
    record: Record,
    item: Annotated[str, strawberry.argument("An id, identifier or unique name of an item.")],
) -> Any:
    return await bind_alert(info.context.cmdb, record, item, info.context.actor)
