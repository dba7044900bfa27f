"""Values that GraphQL has no name for: long integers, times, JSON, and how much must serve."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NewType

import msgspec
import strawberry
from graphql.language import FloatValueNode, IntValueNode, StringValueNode, ValueNode
from graphql.utilities import value_from_ast_untyped

from cmdb.errors import InvalidInput
from cmdb.items.value import format_time, parse_time

Long = NewType("Long", int)
Json = NewType("Json", object)
MinUp = NewType("MinUp", object)

_INT64 = 2**63


def _long(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise ValueError(f"Long must be a whole number of at most 64 bits, not {value!r:.60}.")
    return value


def _time_out(value: datetime | str) -> str:
    return value if isinstance(value, str) else format_time(value)


def _time_in(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"DateTime must be an ISO 8601 string, not {value!r:.60}.")
    return parse_time(value)


def _min_up(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidInput(f"MinUp must be a number or a percentage, not {value!r:.60}.")
    return value


def _literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    if isinstance(node, IntValueNode | FloatValueNode | StringValueNode):
        return value_from_ast_untyped(node, variables)
    raise ValueError("A number or a string is needed here.")


SCALARS: dict[object, Any] = {
    Long: strawberry.scalar(
        name="Long",
        description="A whole number of up to 64 bits, as a JSON number.",
        serialize=_long,
        parse_value=_long,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time in UTC, ISO 8601: `2026-11-24T03:12:00Z`.",
        serialize=_time_out,
        parse_value=_time_in,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=msgspec.to_builtins,
        parse_value=lambda value: value,
        parse_literal=value_from_ast_untyped,
    ),
    MinUp: strawberry.scalar(
        name="MinUp",
        description='How much must serve: a weight as a number, or a percentage: `"50%"`.',
        serialize=_min_up,
        parse_value=_min_up,
        parse_literal=_literal,
    ),
}
"""For ``StrawberryConfig.scalar_map``."""
