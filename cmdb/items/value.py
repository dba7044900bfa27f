"""Property values: what JSON, SQLite and Neo4j can all hold without loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

from cmdb.catalogue import Property, PropertyType

Value = str | int | float | bool | list[str]

_INT64 = 2**63
MAX_STRING = 100_000
"""Characters in one property value."""


def check_value(prop: Property, value: object) -> Value:
    """``value`` as the property's type holds it.

    Whole floats become integers where the type is integer, integers become floats where it is
    number, and times become ISO 8601 in UTC. Raises ValueError with a sentence otherwise.
    """
    checked = _CHECKS[prop.type](value)
    if prop.choices and checked not in prop.choices:
        raise ValueError(f"must be one of {', '.join(prop.choices)}, not {value!r}")
    return checked


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {_shown(value)}")
    if len(value) > MAX_STRING:
        raise ValueError(f"must have at most {MAX_STRING} characters, not {len(value)}")
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("must not hold NUL or half a surrogate pair")
    return value


def _integer(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {_shown(value)}")
    if not -_INT64 <= value < _INT64:
        raise ValueError("must fit into 64 bits")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {_shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("must fit into a 64-bit float") from None
    if not math.isfinite(number):
        raise ValueError("must be finite")
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_shown(value)}")
    return value


def _datetime(value: object) -> str:
    return format_time(parse_time(_string(value)))


def _strings(value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"must be a list of strings, not {_shown(value)}")
    return [_string(entry) for entry in value]


_CHECKS: dict[PropertyType, Callable[[object], Value]] = {
    PropertyType.STRING: _string,
    PropertyType.INTEGER: _integer,
    PropertyType.NUMBER: _number,
    PropertyType.BOOLEAN: _boolean,
    PropertyType.DATETIME: _datetime,
    PropertyType.STRINGS: _strings,
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def parse_time(text: str) -> datetime:
    """An ISO 8601 time as an aware datetime in UTC; raises ValueError with a sentence.

    A time without an offset is taken as UTC.
    """
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"must be a time such as 2026-11-24T03:12:00Z, not {text[:60]!r}"
        ) from None
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{text[:60]!r} lies outside the years 1 to 9999") from None


def format_time(time: datetime) -> str:
    """ISO 8601 in UTC with a ``Z``, to the microsecond where there is one."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
