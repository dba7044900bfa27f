"""Alerts as tools send them, and a real server that takes them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

YEAR_ONE = "0001-01-01T00:00:00Z"
BEGAN = "2026-11-25T20:00:00Z"


def alert(fingerprint: str, *, ended: str | None = None, **labels: str) -> dict[str, Any]:
    """One alert of a notification of Alertmanager's."""
    return {
        "status": "resolved" if ended else "firing",
        "labels": {"alertname": "Down", "severity": "critical", **labels},
        "annotations": {"summary": f"{labels.get('instance', 'it')} is down"},
        "startsAt": BEGAN,
        "endsAt": ended or YEAR_ONE,
        "generatorURL": "http://prometheus.example.org/graph",
        "fingerprint": fingerprint,
    }


def notification(*alerts: dict[str, Any], **more: Any) -> bytes:
    """A notification of Alertmanager's."""
    whole = {
        "version": "4",
        "groupKey": '{}:{alertname="Down"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "cmdb",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.org",
        "alerts": list(alerts),
    }
    return json.dumps({**whole, **more}).encode()


def event(action: str, key: str, **payload: Any) -> bytes:
    """An event in PagerDuty's shape."""
    said = {"summary": "Disk full", "source": "web1.example.org", "severity": "error", **payload}
    sent = {"routing_key": "R", "event_action": action, "dedup_key": key, "payload": said}
    return json.dumps(sent).encode()


class Served:
    """A ``cmdb serve`` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    def kill(self) -> None:
        """As ``kill -9`` does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def served(store: str, folder: Path, **settings: str) -> Iterator[Served]:
    """A real server on a free port, ended afterwards if it still runs."""
    given = {f"CMDB_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "cmdb", "serve", "--port", "0", "--store", store],
        env={**os.environ, "CMDB_STATE_FOLDER": str(folder), "CMDB_CACHE_FOLDER": "", **given},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Serving at "), line
        yield Served(process, line.removeprefix("Serving at ").strip())
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        process.stdout.close()
