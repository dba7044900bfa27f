"""Running jobs when they are due, one of a source at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from discovery.job_run import JobResult, Watcher, run_job
from discovery.jobs import Job
from discovery.sink import Sink

AT_ONCE = 4
"""Jobs that run side by side; most of their time they wait for others' servers."""

log = logging.getLogger(__name__)

Ended = Callable[[JobResult], None]


class Discovery:
    """The jobs of a file, and where what they see goes.

    Of one scanner only one job runs at a time: what its runs say of each other's items would else
    depend on which ends first.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        sink: Sink,
        *,
        defaults: Mapping[str, Mapping[str, str]] | None = None,
        watcher: Watcher | None = None,
        on_end: Ended | None = None,
    ) -> None:
        self._jobs = jobs
        self._sink = sink
        self._defaults = defaults
        self._watcher = watcher
        self._on_end = on_end or _log
        self._free = asyncio.Semaphore(AT_ONCE)
        self._by_scanner: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run_all(self) -> list[JobResult]:
        """Run every job once; their results in the order of the jobs."""
        return list(await asyncio.gather(*(self.run_one(job) for job in self._jobs)))

    async def run_one(self, job: Job) -> JobResult:
        """Run a job once, as soon as no other of its scanner runs."""
        async with self._by_scanner[job.scanner], self._free:
            result = await run_job(job, self._sink, defaults=self._defaults, watcher=self._watcher)
        self._on_end(result)
        return result

    async def run_scheduled(self, last_starts: Mapping[str, datetime] | None = None) -> None:
        """Run the jobs when they are due, until cancelled.

        ``last_starts`` are when each job started last, by its name: one that comes round is due
        its time after that, and at once where that has passed or nothing is known. A start that
        was missed is made up for once, and a job that still runs is not started again.
        """
        from apscheduler.schedulers.asyncio import (  # type: ignore[import-untyped]  # has no types
            AsyncIOScheduler,
        )

        scheduler = AsyncIOScheduler(timezone=UTC)
        for job in self._jobs:
            trigger = _trigger(job)
            if trigger is None:
                continue
            scheduler.add_job(
                self._guarded,
                trigger,
                args=(job,),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                **_first(job, (last_starts or {}).get(job.name)),
            )
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.shutdown(wait=False)

    async def _guarded(self, job: Job) -> None:
        """Run a job; a mistake of ours ends this run of it, and not the schedule."""
        try:
            await self.run_one(job)
        except Exception:
            log.exception("The job %s ended early.", job.name)


def _trigger(job: Job) -> Any:
    """When a job is due; None where it only runs when asked."""
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # as above
    from apscheduler.triggers.interval import (  # type: ignore[import-untyped]  # as above
        IntervalTrigger,
    )

    jitter = int(job.jitter.total_seconds()) or None
    if job.every is not None:
        seconds = max(1, round(job.every.total_seconds()))
        return IntervalTrigger(seconds=seconds, jitter=jitter, timezone=UTC)
    if not job.cron:
        return None
    trigger = CronTrigger.from_crontab(job.cron, timezone=UTC)
    trigger.jitter = jitter
    return trigger


def _first(job: Job, last: datetime | None) -> dict[str, Any]:
    """When a job that comes round is first due, as the scheduler takes it."""
    if job.every is None:
        return {}
    now = datetime.now(UTC)
    return {"next_run_time": max(now, last + job.every) if last is not None else now}


def _log(result: JobResult) -> None:
    level = logging.INFO if result.status == "complete" else logging.WARNING
    counts = ", ".join(f"{name} {count}" for name, count in result.counts.items())
    said = "; ".join((counts, *result.errors)) if counts or result.errors else "nothing"
    log.log(level, "%s: %s after %.1f s: %s", result.job, result.status, result.seconds, said)
