"""Discovery at home in the application: what scanners see goes into the database's own store.

A part of the assembly: with :mod:`cmdb.app` and the command line the only place that knows both.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from cmdb.errors import CmdbError
from cmdb.inference.inferences import write_inferences
from cmdb.ingest import Loaded
from cmdb.service import Cmdb
from cmdb.settings import Settings, mask_uri
from discovery.jobs import Job
from discovery.run import ScanResult
from discovery.settings import parse_settings, setting_text
from discovery.sink import Sink, Stored
from discovery.traces import TracesSettings
from discovery.traces.receiver import TraceReceiver

log = logging.getLogger(__name__)

FILE = Path("discovery.toml")


class StoreSink:
    """A sink that loads into a database, one run after the other.

    ``on_load`` is what is done after every load, before the next one.
    """

    def __init__(
        self,
        cmdb: Cmdb,
        *,
        dry_run: bool = False,
        on_load: Callable[[Loaded], Awaitable[None]] | None = None,
    ) -> None:
        self._cmdb = cmdb
        self._dry_run = dry_run
        self._on_load = on_load
        self._one_by_one = asyncio.Lock()

    async def last_complete_run(self, source: str, scope: str) -> datetime | None:
        """When the last complete run of a source over a scope began; None before the first."""
        return await self._cmdb.last_complete_run(source, scope)

    async def store(self, found: ScanResult, progress: Callable[[int], None]) -> Stored:
        """Reconcile and store what a scanner saw; see :meth:`cmdb.service.Cmdb.load_scan`."""
        async with self._one_by_one:
            loaded = await self._cmdb.load_scan(
                found.source,
                found.scope,
                found.observations,
                full_scope=found.full_scope,
                errors=found.errors,
                started=found.started,
                dry_run=self._dry_run,
                progress=progress,
            )
            if self._on_load is not None:
                await self._on_load(loaded)
        run = loaded.run
        return Stored(run.status.value, run.id, run.counts, len(loaded.revisions))

    async def failed(self, source: str, scope: str, error: str, started: datetime) -> None:
        """Keep a run that saw nothing."""
        if not self._dry_run:
            await self._cmdb.save_failure(source, scope, error, started)


def inferring(cmdb: Cmdb) -> Callable[[Loaded], Awaitable[None]]:
    """What writes what follows from a load, where that changed anything."""

    async def after(loaded: Loaded) -> None:
        if loaded.revisions:
            await write_inferences(cmdb)

    return after


def scanner_defaults(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """The settings of scanners that ``cmdb.toml`` has, as texts by scanner and name."""
    return {
        scanner: {name: setting_text(value) for name, value in given.items()}
        for scanner, given in settings.scan.items()
    }


async def last_starts(cmdb: Cmdb, jobs: tuple[Job, ...]) -> dict[str, datetime]:
    """When the scanner of each job last ran, by job. Of a scanner with several jobs nothing is
    known of either: its runs do not say which job they were."""
    scanners = [job.scanner for job in jobs]
    found: dict[str, datetime] = {}
    for job in jobs:
        if scanners.count(job.scanner) > 1:
            continue
        for run in await cmdb.store.runs(limit=1, source=job.scanner):
            found[job.name] = run.started
    return found


def trace_receiver(settings: Settings) -> TraceReceiver | None:
    """What takes traces, where the settings say that anything does.

    Raises :class:`~cmdb.errors.InvalidSettings` for wrong settings of the scanner ``traces``.
    """
    if not settings.traces:
        return None
    given = scanner_defaults(settings).get("traces", {})
    digest = hashlib.sha256(mask_uri(settings.store).encode()).hexdigest()[:16]
    memory = settings.state_folder / f"traces-{digest}.json"
    return TraceReceiver(parse_settings(TracesSettings, given), memory=memory)


async def store_traces(cmdb: Cmdb, receiver: TraceReceiver) -> None:
    """Store what traces say whenever it is time, until cancelled; the rest of it then."""
    sink = StoreSink(cmdb, on_load=inferring(cmdb))
    try:
        while True:
            await asyncio.sleep(cmdb.settings.traces_every.total_seconds())
            await _store_told(receiver, sink, final=False)
    finally:
        await _store_told(receiver, sink, final=True)


async def _store_told(receiver: TraceReceiver, sink: Sink, *, final: bool) -> None:
    """Store what is new. What can't be stored now is told again the next time."""
    told = await receiver.tell(final=final)
    if told is None:
        return
    try:
        await sink.store(told.result, lambda _: None)
    except CmdbError as error:
        log.warning("What traces said could not be stored: %s", error.message)
    except Exception:
        # It is told again; that one time fails must not end all that come after it.
        log.exception("What traces said could not be stored.")
    else:
        await receiver.confirmed(told)
