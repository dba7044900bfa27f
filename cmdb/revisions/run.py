"""One execution of a scanner or an import."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class RunStatus(StrEnum):
    """How a run ended. Only a complete run that covered its full scope may retire anything."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run: its source and scope, start and end, what it counted and what went wrong.

    ``counts`` has observed, created, updated, unchanged, merged, missing, retired, returned,
    waiting, joined and rejected where they are not zero. ``errors`` are sentences.
    """

    id: str
    source: str
    started: datetime
    status: RunStatus = RunStatus.RUNNING
    scope: str = ""
    full_scope: bool = False
    ended: datetime | None = None
    actor: str = ""
    counts: dict[str, int] = {}
    errors: tuple[str, ...] = ()
