"""How notifications, in the order in which they came, make one alert: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from cmdb.alerts.alert import AlertValue
from cmdb.items.value import Value, format_time

OVER = "resolved"


@dataclass(slots=True)
class Kept:
    """An alert as it is stored, or will be: ``properties`` are all, ``changed`` the new ones."""

    key: str
    properties: dict[str, Value] = field(default_factory=dict)
    changed: dict[str, Value | None] = field(default_factory=dict)

    def put(self, **values: Value | None) -> None:
        """Set properties; None takes one away."""
        for name, value in values.items():
            if self.properties.get(name) == value:
                continue
            self.changed[name] = value
            if value is None:
                self.properties.pop(name, None)
            else:
                self.properties[name] = value

    @property
    def is_over(self) -> bool:
        """Whether it is resolved."""
        return self.properties.get("state") == OVER


def opens(value: AlertValue) -> bool:
    """Whether a notification of an alert that nobody knows makes a record.

    Without a beginning of its own there is nothing to keep of what only says that it is over.
    """
    return value.state == "firing" or not value.sequenced


def fold(kept: Kept, value: AlertValue, now: datetime) -> None:
    """Take in one more notification.

    A resolved alert whose tool tells of it as firing, under the same key and beginning, goes on.
    One that a person or tool has acknowledged stays so while it fires.
    """
    told = kept.properties.get("notifications", 0)
    kept.put(
        notifications=(told if isinstance(told, int) else 0) + 1,
        received_at=format_time(now),
        source_tool=value.tool,
        fingerprint=value.fingerprint,
    )
    if value.summary:
        kept.put(summary=value.summary)
    if value.severity:
        kept.put(severity=value.severity)
    if value.labels:
        kept.put(labels_json=msgspec.json.encode(value.labels, order="sorted").decode())
    if "started_at" not in kept.properties:
        kept.put(started_at=format_time(value.started_at or now))
    _move(kept, value, now)


def _move(kept: Kept, value: AlertValue, now: datetime) -> None:
    state = kept.properties.get("state")
    if value.state == OVER:
        if state != OVER:
            kept.put(state=OVER, ended_at=format_time(value.ended_at or now))
    elif value.state == "acknowledged":
        if state != OVER:
            kept.put(state="acknowledged")
    elif state != "acknowledged":
        kept.put(state="firing", ended_at=None)


def labels_of(properties: Mapping[str, Value]) -> dict[str, str]:
    """What a tool said of a stored alert."""
    text = properties.get("labels_json")
    if not isinstance(text, str):
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        return {}
