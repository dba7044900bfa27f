"""One execution of a scanner or an import."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class RunStatus(StrEnum):
    """How a run ended. Only a complete run that covered its full scope may retire anything.

    A ``held`` run saw so much less than the ones before that what it did not see waits for a
    person; what it saw is in.
    """

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    HELD = "held"


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """The ids of what a held run did not see: items, links and waiting links.

    Of ``known`` items that the source still saw the last time, ``gone`` were not seen.
    """

    items: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    gone: int = 0
    known: int = 0


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run: its source and scope, start and end, what it counted and what went wrong.

    ``counts`` has observed, created, updated, unchanged, merged, missing, retired, returned,
    waiting, joined and rejected where they are not zero. ``errors`` are sentences. ``held`` is what
    waits for a person, and ``accepted_by`` the one who let it be marked as gone.
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
    held: Held | None = None
    accepted_by: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is under way."""
        return None if self.ended is None else (self.ended - self.started).total_seconds()
