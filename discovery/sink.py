"""Where what a scanner saw goes: the port between running a scanner and keeping its observations.

This package makes observations and knows no store: the assembly brings a sink that loads them, and
:mod:`discovery.push` is the one that sends them to a server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from discovery.run import ScanResult


class Stored(msgspec.Struct, frozen=True):
    """What became of the observations of one run.

    ``status`` is complete, partial or held; failed; or kept, where the server was away and they
    wait on disk. ``counts`` are those of the run, empty where they are kept. ``revisions`` is how
    many were written.
    """

    status: str
    run: str = ""
    counts: dict[str, int] = {}
    revisions: int = 0


class Sink(Protocol):
    """Takes what scanners saw. Each method may raise :class:`~cmdb.errors.CmdbError`."""

    async def last_complete_run(self, source: str, scope: str) -> datetime | None:
        """When the last complete run of a source over a scope began; None if not known."""
        ...

    async def store(self, found: ScanResult, progress: Callable[[int], None]) -> Stored:
        """Keep what a scanner saw; ``progress`` is told of observations as they are stored."""
        ...

    async def failed(self, source: str, scope: str, error: str, started: datetime) -> None:
        """Keep that a run saw nothing at all, and why."""
        ...
