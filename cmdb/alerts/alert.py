"""What a tool told of one alert, whatever the tool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

Severity = Literal["critical", "error", "warning", "info"]
AlertState = Literal["firing", "acknowledged", "resolved"]

SEVERITIES: Mapping[str, Severity] = {
    **dict.fromkeys(("critical", "crit", "fatal", "emergency", "page", "disaster"), "critical"),
    **dict.fromkeys(("error", "major", "high", "err", "average"), "error"),
    **dict.fromkeys(("warning", "warn", "minor", "medium"), "warning"),
    **dict.fromkeys(("info", "informational", "notice", "low", "none", "ok", "debug"), "info"),
}
"""What tools call their severities."""

MOST_KEY = 255
"""Characters of the key that a tool knows an alert by."""
MOST_TEXT = 2_000
"""Characters of one label or annotation; what is longer is cut."""
MOST_SAID = 50_000
"""Characters of all that a tool said of an alert."""


class AlertValue(msgspec.Struct, frozen=True):
    """One notification of one alert.

    ``key`` is what the tool knows it by. Where ``sequenced``, the key comes back for later alerts
    (PagerDuty's ``dedup_key``): each that begins after the last was resolved is a new one.
    ``labels`` are all that the tool said, flat, to bind it by; ``summary`` is a line for people.
    ``started_at`` and ``ended_at`` are None where the tool did not say.
    """

    tool: str
    key: str
    state: AlertState
    fingerprint: str
    summary: str
    severity: Severity | None
    labels: dict[str, str]
    started_at: datetime | None = None
    ended_at: datetime | None = None
    sequenced: bool = False


def severity_of(text: str | None) -> Severity | None:
    """The severity that a tool's word means; None where it says none that is known."""
    return SEVERITIES.get((text or "").strip().lower())


def shortened(text: str, most: int = MOST_TEXT) -> str:
    """The text, cut with an ellipsis where it is longer, without NUL and halves of characters."""
    whole = text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"
