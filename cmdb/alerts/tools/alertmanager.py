"""Prometheus Alertmanager's webhook, version 4.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. An alert is one by its
fingerprint and its beginning; an ``endsAt`` in the year 1 means that it goes on. One notification
tells of a group, again and again while that lasts. Keys that are not known are ignored.
"""

from __future__ import annotations

from typing import Any

from cmdb.alerts.alert import AlertValue, severity_of, shortened
from cmdb.alerts.tools.reading import MOST_ALERTS, checked, json_object, refuse, text, texts, time
from cmdb.errors import InvalidInput, Problem
from cmdb.items.value import format_time

TOOL = "alertmanager"


def read_alertmanager(body: bytes) -> list[AlertValue]:
    """The alerts of a notification; raises :class:`~cmdb.errors.InvalidInput` with all problems."""
    sent = json_object(body, "Alertmanager")
    version, rows = sent.get("version"), sent.get("alerts")
    if version not in (None, "4"):
        raise InvalidInput(f"Alertmanager's webhook has version {version!r}; 4 is understood.")
    if not isinstance(rows, list):
        raise InvalidInput("Alertmanager's webhook has a list `alerts`; this has none.")
    if len(rows) > MOST_ALERTS:
        raise InvalidInput(f"{len(rows):,} alerts at once are more than {MOST_ALERTS:,}.")
    found: list[AlertValue] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows):
        try:
            found.append(_alert(row))
        except ValueError as error:
            problems.append(Problem(str(error), field=f"alerts[{number}]"))
    refuse("Alertmanager", problems)
    return found


def _alert(row: Any) -> AlertValue:
    if not isinstance(row, dict):
        raise ValueError("must be an object")
    status = row.get("status")
    if status not in ("firing", "resolved"):
        raise ValueError(f"status is firing or resolved, not {status!r:.40}")
    labels = texts(row.get("labels"), "labels")
    said = texts(row.get("annotations"), "annotations")
    fingerprint = text(row, "fingerprint", needed=True)
    started, ended = time(row.get("startsAt"), "startsAt"), time(row.get("endsAt"), "endsAt")
    if started is None:
        raise ValueError("startsAt must be a time such as 2026-11-24T03:12:00Z")
    summary = said.get("summary") or said.get("description") or labels.get("alertname") or "Alert"
    return checked(
        AlertValue(
            tool=TOOL,
            key=f"{fingerprint}@{format_time(started)}",
            state="resolved" if status == "resolved" else "firing",
            fingerprint=fingerprint,
            summary=shortened(summary),
            severity=severity_of(labels.get("severity")),
            labels={**{f"annotation_{k}": v for k, v in said.items()}, **labels},
            started_at=started,
            ended_at=ended if status == "resolved" else None,
        )
    )
