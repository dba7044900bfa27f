"""Running a job: the scanner, again where its source is away, and what became of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from cmdb.errors import CmdbError, RemoteUnavailable
from discovery.jobs import Job
from discovery.registry import load_scanner
from discovery.run import ScanResult, run_scan
from discovery.scanner import Scanner
from discovery.settings import parse_settings
from discovery.sink import Sink, Stored

FIRST_PAUSE = 5.0
"""Seconds before the first time that a source is tried again; each later pause is twice as long."""
LONGEST_PAUSE = 300.0


class JobResult(msgspec.Struct, frozen=True):
    """How a job ended: ``status`` and ``counts`` as :class:`~discovery.sink.Stored` has them.

    ``errors`` are sentences, ``code`` is that of the error where it failed, ``attempts`` how often
    it was tried and ``seconds`` how long all of it took.
    """

    job: str
    scanner: str
    scope: str
    status: str
    seconds: float
    attempts: int
    run: str = ""
    counts: dict[str, int] = {}
    revisions: int = 0
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    code: str = ""


class Watcher:
    """Is told how far a job is. This one does nothing; others override what they show."""

    def reading(self, job: Job, observations: int) -> None:
        """So many observations were made until now."""

    def storing(self, job: Job, done: int, total: int) -> None:
        """So many of them are stored."""

    def waiting(self, job: Job, seconds: float, error: str) -> None:
        """The source is away, and is tried again after so many seconds."""


async def run_job(
    job: Job,
    sink: Sink,
    *,
    defaults: Mapping[str, Mapping[str, str]] | None = None,
    watcher: Watcher | None = None,
    first_pause: float = FIRST_PAUSE,
) -> JobResult:
    """Run a job once, and keep what it saw. Never raises a :class:`~cmdb.errors.CmdbError`.

    ``defaults`` are settings by scanner, under those of the job. A source that can't be reached is
    tried again, after pauses that double from ``first_pause`` seconds on. That the whole run
    failed is kept in the sink as well.
    """
    work = _Work(job, sink, watcher or Watcher(), first_pause)
    try:
        scanner = load_scanner(job.scanner)
        given = {**(defaults or {}).get(job.scanner, {}), **job.settings}
        settings = parse_settings(scanner.manifest.settings, given)
        found = await work.read(scanner, settings)
        stored = await sink.store(found, work.storing(len(found.observations)))
    except CmdbError as error:
        return await work.failed(error)
    return work.result(found, stored)


class _Work:
    """One job under way."""

    def __init__(self, job: Job, sink: Sink, watcher: Watcher, first_pause: float) -> None:
        self._job = job
        self._sink = sink
        self._watcher = watcher
        self._pause = first_pause
        self._started = datetime.now(UTC)
        self._attempts = 0
        self._scope = ""

    async def read(self, scanner: Scanner[Any, Any], settings: Any) -> ScanResult:
        """What the scanner sees, at the first attempt that reaches its source."""
        job = self._job
        since = None
        if scanner.scope is not None:
            self._scope = scanner.scope(settings)
            since = await self._sink.last_complete_run(job.scanner, self._scope)
        while True:
            self._attempts += 1
            try:
                return await run_scan(
                    scanner,
                    settings,
                    job.targets,
                    since=since,
                    timeout=job.timeout.total_seconds(),
                    progress=lambda count: self._watcher.reading(job, count),
                )
            except RemoteUnavailable as error:
                if self._attempts > job.retries:
                    raise
                await self._wait(error)

    async def _wait(self, error: RemoteUnavailable) -> None:
        longest = min(self._pause * 2 ** (self._attempts - 1), LONGEST_PAUSE)
        seconds = longest * (0.5 + 0.5 * random.random())
        self._watcher.waiting(self._job, seconds, error.message)
        await asyncio.sleep(seconds)

    def storing(self, total: int) -> Callable[[int], None]:
        """What the sink tells of observations that are stored."""
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self._watcher.storing(self._job, done, total)

        return advance

    async def failed(self, error: CmdbError) -> JobResult:
        """The result of a job that saw nothing, once that is kept too."""
        errors = [error.sentence()]
        try:
            await self._sink.failed(self._job.scanner, self._scope, errors[0], self._started)
        except CmdbError as other:
            if other.message != error.message:
                errors.append(f"That it failed could not be kept: {other.message}")
        return self._result("failed", errors=tuple(errors), code=error.code)

    def result(self, found: ScanResult, stored: Stored) -> JobResult:
        """The result of a job whose observations are kept."""
        self._scope = found.scope
        return self._result(
            stored.status,
            run=stored.run,
            counts=stored.counts,
            revisions=stored.revisions,
            errors=found.errors,
            notes=found.notes,
        )

    def _result(self, status: str, **more: Any) -> JobResult:
        seconds = (datetime.now(UTC) - self._started).total_seconds()
        return JobResult(
            self._job.name, self._job.scanner, self._scope, status, seconds, self._attempts, **more
        )
