"""What the parsers share: JSON of unknown shape, read field by field with the place in errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from cmdb.alerts.alert import MOST_KEY, MOST_SAID, AlertValue, shortened
from cmdb.errors import InvalidInput, Problem
from cmdb.items.value import parse_time

YEAR_ONE = 1
"""Go's zero time, which tools written in Go send for "not yet"."""
MOST_ALERTS = 10_000


def json_object(body: bytes, tool: str) -> dict[str, Any]:
    """The object that a body is; raises :class:`~cmdb.errors.InvalidInput`."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"What {tool} sent is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"What {tool} sent must be a JSON object.")
    return found


def texts(row: object, field: str) -> dict[str, str]:
    """A mapping of strings; raises ValueError."""
    if row is None:
        return {}
    if not isinstance(row, Mapping):
        raise ValueError(f"{field} must be an object of strings")
    return {str(k): shortened(plain(v)) for k, v in row.items()}


def plain(value: object) -> str:
    """Any JSON value as text: strings as they are."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode("utf-8", "replace")


def text(row: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    """A string; empty where there is none. Raises ValueError where it must be one and is not."""
    value = row.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise ValueError(f"{name} must be a string" + (" that is not empty" if needed else ""))
    return value


def time(value: object, field: str) -> datetime | None:
    """A time, None for none or Go's zero time; raises ValueError."""
    if value in (None, ""):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value if abs(value) < 1e11 else value / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            raise ValueError(f"{field} is no time: {value!r}") from None
    if not isinstance(value, str):
        raise ValueError(f"{field} must be a time such as 2026-11-24T03:12:00Z")
    if value.startswith("0001-"):
        return None
    try:
        return parse_time(value)
    except ValueError as error:
        raise ValueError(f"{field} {error}") from None


def checked(alert: AlertValue) -> AlertValue:
    """The alert, where it can be kept; raises ValueError where its key or its text is too long."""
    if not alert.key or len(alert.key) > MOST_KEY or not alert.key.isprintable():
        raise ValueError(f"the key must be 1 to {MOST_KEY} printable characters")
    if sum(len(k) + len(v) for k, v in alert.labels.items()) > MOST_SAID:
        raise ValueError(f"labels and annotations are longer than {MOST_SAID:,} characters")
    return alert


def refuse(tool: str, problems: list[Problem]) -> None:
    """Raise :class:`~cmdb.errors.InvalidInput` with the problems, if there are any."""
    if problems:
        raise InvalidInput(
            f"What {tool} sent can't be taken; nothing of it was.", problems[:20], len(problems)
        )
