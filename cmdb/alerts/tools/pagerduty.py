"""The shape of PagerDuty's Events API v2: ``POST /v2/enqueue``, one event each.

https://developer.pagerduty.com/docs/events-api-v2-overview. After a resolve, the same ``dedup_key``
opens a new alert. Keys that are not known are ignored.
"""

from __future__ import annotations

import hashlib
from typing import Any

from cmdb.alerts.alert import AlertState, AlertValue, severity_of, shortened
from cmdb.alerts.tools.reading import checked, json_object, plain, text, time
from cmdb.errors import InvalidInput, Problem

TOOL = "pagerduty"
_STATES: dict[str, AlertState] = {
    "trigger": "firing",
    "acknowledge": "acknowledged",
    "resolve": "resolved",
}


def routing_key(body: bytes) -> str:
    """The key that an event names its integration by; raises what :func:`read_pagerduty` does."""
    value = json_object(body, "PagerDuty's client").get("routing_key")
    return value if isinstance(value, str) else ""


def read_pagerduty(body: bytes) -> list[AlertValue]:
    """The one alert that an event tells of; raises :class:`~cmdb.errors.InvalidInput`."""
    sent = json_object(body, "PagerDuty's client")
    try:
        return [checked(_alert(sent))]
    except ValueError as error:
        raise InvalidInput("The event can't be taken.", [Problem(str(error))]) from None


def _alert(sent: dict[str, Any]) -> AlertValue:
    action = sent.get("event_action")
    if not isinstance(action, str) or action not in _STATES:
        raise ValueError(f"event_action is trigger, acknowledge or resolve, not {action!r:.40}")
    payload = sent.get("payload") or {}
    if not isinstance(payload, dict):
        raise ValueError("payload must be an object")
    trigger = action == "trigger"
    summary = text(payload, "summary", needed=trigger)
    source = text(payload, "source", needed=trigger)
    severity = severity_of(text(payload, "severity", needed=trigger))
    if trigger and severity is None:
        raise ValueError("payload.severity is critical, error, warning or info")
    key = text(sent, "dedup_key", needed=not trigger) or _made_key(source, summary)
    at = time(payload.get("timestamp"), "payload.timestamp")
    return AlertValue(
        tool=TOOL,
        key=key,
        state=_STATES[action],
        fingerprint=key,
        summary=shortened(summary),
        severity=severity,
        labels=_labels(payload, sent),
        started_at=at if trigger else None,
        ended_at=at if action == "resolve" else None,
        sequenced=True,
    )


def _made_key(source: str, summary: str) -> str:
    """The key of an event that brings none: the same for the same trouble, so that an event that is
    sent again after a broken answer opens nothing twice."""
    return hashlib.sha256(f"{source}\n{summary}".encode()).hexdigest()[:32]


def _labels(payload: dict[str, Any], sent: dict[str, Any]) -> dict[str, str]:
    given: dict[str, Any] = {}
    details = payload.get("custom_details")
    if isinstance(details, dict):
        given.update(details)
    given.update({n: payload.get(n) for n in ("source", "component", "group", "class")})
    given["client"] = sent.get("client")
    return {str(k): shortened(plain(v)) for k, v in given.items() if v is not None}
