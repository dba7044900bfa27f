"""Any tool that posts JSON, read by a mapping that is kept in a TOML file:

[zabbix]
alerts = "events"                # where the list is; left out: the body is one alert
key = "eventid"                  # paths into the alert, parts joined by dots
summary = "name"
severity = "severity"
state = "status"
resolved = ["OK", "0"]           # the words for what is over
started_at = "clock"
labels = ["host", "item", "tags"]

[zabbix.severities]              # what its words mean, where they are not plain
Disaster = "critical"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cmdb.alerts.alert import AlertState, AlertValue, Severity, severity_of, shortened
from cmdb.alerts.tools.reading import MOST_ALERTS, checked, json_object, plain, refuse, time
from cmdb.errors import InvalidInput, Problem
from cmdb.given import text_of


class Mapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one tool's JSON is read; every path is of keys joined by dots."""

    key: str
    summary: str
    alerts: str | None = None
    state: str | None = None
    resolved: tuple[str, ...] = ("resolved", "ok", "OK", "closed", "recovered")
    acknowledged: tuple[str, ...] = ("acknowledged",)
    severity: str | None = None
    severities: dict[str, Severity] = {}
    started_at: str | None = None
    ended_at: str | None = None
    labels: tuple[str, ...] = ()
    sequenced: bool = True
    name: str = ""


def read_mappings(path: Path) -> dict[str, Mapped]:
    """The mappings in a file, by name; raises :class:`~cmdb.errors.InvalidInput`."""
    try:
        tables = tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is no TOML: {error}.") from None
    found: dict[str, Mapped] = {}
    for name, table in tables.items():
        try:
            read = msgspec.convert(table, Mapped)
        except msgspec.ValidationError as error:
            raise InvalidInput(
                f"{path} maps {name} wrongly.", [Problem(str(error), str(path), field=name)]
            ) from None
        found[name] = msgspec.structs.replace(read, name=name)
    return found


def read_generic(mapped: Mapped, body: bytes) -> list[AlertValue]:
    """The alerts in a body, by a mapping; raises :class:`~cmdb.errors.InvalidInput` with all that
    lack what they need."""
    sent = json_object(body, mapped.name)
    rows = at(sent, mapped.alerts) if mapped.alerts else [sent]
    if not isinstance(rows, list) or len(rows) > MOST_ALERTS:
        raise InvalidInput(
            f"{mapped.name} must send a list of up to {MOST_ALERTS:,} alerts at {mapped.alerts!r}."
        )
    found: list[AlertValue] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows):
        try:
            found.append(_alert(mapped, row))
        except ValueError as error:
            problems.append(Problem(str(error), field=f"alerts[{number}]"))
    refuse(mapped.name, problems)
    return found


def at(row: object, path: str | None) -> Any:
    """What lies at a path such as ``labels.host``; None where nothing does."""
    for part in (path or "").split("."):
        if isinstance(row, list) and part.isdecimal() and int(part) < len(row):
            row = row[int(part)]
        elif isinstance(row, Mapping):
            row = row.get(part)
        else:
            return None
    return row


def _alert(mapped: Mapped, row: object) -> AlertValue:
    if not isinstance(row, Mapping):
        raise ValueError("must be an object")
    key, summary = at(row, mapped.key), at(row, mapped.summary)
    if key is None or isinstance(key, dict | list):
        raise ValueError(f"{mapped.key} must say what the alert is known by")
    if summary is None:
        raise ValueError(f"{mapped.summary} must say what it is about")
    word = plain(at(row, mapped.state)) if mapped.state else ""
    state: AlertState = "firing"
    if word in mapped.resolved:
        state = "resolved"
    elif word in mapped.acknowledged:
        state = "acknowledged"
    said = plain(at(row, mapped.severity)) if mapped.severity else ""
    started = (
        time(at(row, mapped.started_at), mapped.started_at or "") if mapped.started_at else None
    )
    ended = time(at(row, mapped.ended_at), mapped.ended_at or "") if mapped.ended_at else None
    return checked(
        AlertValue(
            tool=f"generic-{mapped.name}",
            key=plain(key),
            state=state,
            fingerprint=plain(key),
            summary=shortened(plain(summary)),
            severity=mapped.severities.get(said) or severity_of(said),
            labels=_labels(row, mapped.labels),
            started_at=started if state != "resolved" else None,
            ended_at=ended if state == "resolved" else None,
            sequenced=mapped.sequenced,
        )
    )


def _labels(row: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in paths:
        value = at(row, path)
        if isinstance(value, Mapping):
            found.update({str(k): shortened(plain(v)) for k, v in value.items()})
        elif value is not None:
            found[path.rpartition(".")[2]] = shortened(plain(value))
    return found
