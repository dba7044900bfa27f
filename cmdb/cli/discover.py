"""The verb that runs what a discovery.toml lists: discover."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import console, note, plural, print_json, print_table, say
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb
from cmdb.cli.status import BAD_INPUT, DONE, PARTIAL, UNREACHABLE
from cmdb.errors import InvalidInput, InvalidSettings, did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmdb.service import Cmdb
    from cmdb.settings import Settings
    from discovery.job_run import JobResult, Watcher
    from discovery.jobs import Job
    from discovery.push import Push
    from discovery.sink import Sink

ToOption = Annotated[
    str | None,
    typer.Option(
        "--to", help="Send what is seen to this server instead of storing it.", metavar="URL"
    ),
]
TokenOption = Annotated[
    str,
    typer.Option(
        "--token",
        help="Where the server's token is: env:NAME, file:PATH, keyring: or vault:.",
        metavar="PLACE",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command("discover")(discover)


def discover(
    names: Annotated[
        list[str] | None, typer.Argument(help="Jobs of the file; all without any.", metavar="JOB")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="The file of jobs, unless discovery.toml or a setting."),
    ] = None,
    list_jobs: Annotated[bool, typer.Option("--list", help="List the jobs, and run none.")] = False,
    scheduled: Annotated[
        bool, typer.Option("--scheduled", help="Stay, and run the jobs whenever they are due.")
    ] = False,
    to: ToOption = None,
    token: TokenOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would change; write nothing.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run the jobs of a discovery.toml: scanners with their targets and settings.

    Example: cmdb discover --file discovery.toml
    """
    from cmdb.settings import load_settings

    settings = load_settings(store=store)
    jobs = _chosen(_file(file, settings), names or ())
    if list_jobs:
        return _list(jobs, as_json)

    if to is not None:
        if dry_run:
            raise InvalidInput("A server compares for itself: --dry-run goes without --to.")
        work = _pushing(jobs, settings, to, token, scheduled=scheduled, quiet=as_json)
        results = asyncio.run(work)
    else:
        results = with_cmdb(
            store, lambda cmdb: _storing(cmdb, jobs, dry_run, scheduled=scheduled, quiet=as_json)
        )
    show_results(results, as_json, dry_run=dry_run)
    return status_of(results)


def _file(given: Path | None, settings: Settings) -> Path:
    from cmdb.discovering import FILE

    if given is not None:
        return given
    if settings.discovery is not None:
        return settings.discovery
    if FILE.exists():
        return FILE
    raise InvalidInput(
        f"There is no {FILE} here. It lists what to discover:\n\n"
        '[here]\nscanner = "local"\nevery = "1h"\n\n'
        "`cmdb scan --list` has the scanners, and --file names a file elsewhere."
    )


def _chosen(file: Path, names: Sequence[str]) -> tuple[Job, ...]:
    from discovery.jobs import read_jobs

    jobs = read_jobs(file)
    by_name = {job.name: job for job in jobs}
    for name in names:
        if name not in by_name:
            hint = did_you_mean(nearest(name, by_name))
            raise InvalidInput(f"{file} has no job {name!r}{hint} It has {', '.join(by_name)}.")
    return tuple(by_name[name] for name in dict.fromkeys(names)) or jobs


def _list(jobs: Sequence[Job], as_json: bool) -> int:
    if as_json:
        rows = [
            {
                "name": job.name,
                "scanner": job.scanner,
                "targets": job.targets,
                "schedule": job.schedule,
                "settings": sorted(job.settings),
            }
            for job in jobs
        ]
        print_json({"jobs": rows})
        return DONE
    print_table(
        ("job", "scanner", "targets", "runs", "settings"),
        [
            (job.name, job.scanner, " ".join(job.targets), job.schedule, " ".join(job.settings))
            for job in jobs
        ],
    )
    return DONE


async def _storing(
    cmdb: Cmdb, jobs: tuple[Job, ...], dry_run: bool, *, scheduled: bool, quiet: bool
) -> list[JobResult]:
    from cmdb.discovering import StoreSink, last_starts

    known = await last_starts(cmdb, jobs) if scheduled else {}
    sink = StoreSink(cmdb, dry_run=dry_run)
    return await _run(jobs, sink, cmdb.settings, known, scheduled=scheduled, quiet=quiet)


async def _pushing(
    jobs: tuple[Job, ...], settings: Settings, to: str, token: str, *, scheduled: bool, quiet: bool
) -> list[JobResult]:
    async with open_push(to, token, settings) as push:
        return await _run(jobs, push, settings, {}, scheduled=scheduled, quiet=quiet)


async def _run(
    jobs: tuple[Job, ...],
    sink: Sink,
    settings: Settings,
    known: dict[str, datetime],
    *,
    scheduled: bool,
    quiet: bool,
) -> list[JobResult]:
    from cmdb.discovering import scanner_defaults
    from discovery.schedule import Discovery

    with watched(jobs, quiet=quiet or scheduled) as (watcher, ended):
        discovery = Discovery(
            jobs,
            sink,
            defaults=scanner_defaults(settings),
            watcher=watcher,
            on_end=_told if scheduled else ended,
        )
        if not scheduled:
            return await discovery.run_all()
        note(f"{plural(len(jobs), 'job')} scheduled. Press Ctrl+C to stop.")
        await discovery.run_scheduled(known)
        return []


def open_push(to: str, token: str, settings: Settings) -> Push:
    """The sink that sends to a server; what is not sent yet is kept in a folder of that server.

    Without ``token`` that of the settings is shown, where there is one.
    """
    from urllib.parse import urlsplit

    from discovery.push import Push
    from discovery.setting_values import Secret, read_secret

    own = settings.secret("token")
    try:
        secret = read_secret(token) if token else Secret("CMDB_TOKEN", own or "")
    except ValueError as error:
        raise InvalidSettings(f"--token: {error}") from None
    server = urlsplit(to).netloc.rpartition("@")[2].replace(":", "_") or "server"
    return Push(to, secret, settings.spool_folder / server)


def show_results(results: Sequence[JobResult], as_json: bool, *, dry_run: bool = False) -> None:
    """Print how jobs ended: a table, and below it what went wrong and what is worth knowing."""
    if as_json:
        print_json({"jobs": results})
        return
    if not results:
        return
    print_table(
        ("job", "status", "took", "new", "changed", "unchanged", "gone", "links new", "errors"),
        [_row(result) for result in results],
    )
    for result in results:
        for error in result.errors:
            note(f"{result.job}: {error}")
        for text in result.notes:
            note(f"{result.job}: {text}")
        if result.status == "held":
            note(
                f"{result.job}: the run no longer sees a large part of its items. Nothing was "
                f"marked as gone; if they are: cmdb runs --accept {result.run}"
            )
        if result.status == "kept":
            note(f"{result.job}: the server is away; the run is kept, and sent the next time.")
    if dry_run:
        say("Dry run: nothing was written.")


def _row(result: JobResult) -> tuple[str, ...]:
    counts = result.counts
    gone = counts.get("missing", 0) + counts.get("retired", 0)
    shown = [counts.get(name, 0) for name in ("created", "updated", "unchanged")]
    numbers = [*shown, gone, counts.get("links_created", 0)]
    texts = [f"{number:,}" if counts else "" for number in numbers]
    return (
        result.job,
        result.status,
        f"{result.seconds:.1f} s",
        *texts,
        str(len(result.errors) or ""),
    )


def _told(result: JobResult) -> None:
    """Say in a line how a job of a schedule ended."""
    counts = ", ".join(f"{k.replace('_', ' ')} {n:,}" for k, n in result.counts.items())
    said = "; ".join(text for text in (counts, *result.errors) if text)
    note(f"{datetime.now():%H:%M:%S} {result.job}: {result.status}, {result.seconds:.1f} s; {said}")  # noqa: DTZ005  # the time on the wall, for who looks on


def status_of(results: Sequence[JobResult]) -> int:
    """The exit status: of the failure where all failed alike, 4 where a part did."""
    if all(result.status in ("complete", "kept") for result in results):
        return DONE
    if all(result.status == "failed" for result in results):
        codes = {result.code for result in results}
        unreachable = {"remote_unavailable", "store_unavailable"}
        return UNREACHABLE if codes <= unreachable else BAD_INPUT
    return PARTIAL


@contextmanager
def watched(
    jobs: Sequence[Job], *, quiet: bool
) -> Iterator[tuple[Watcher, Callable[[JobResult], None]]]:
    """Bars on a terminal, one for each job; what to tell them, and whom to tell of an end."""
    from discovery.job_run import Watcher

    if quiet or not sys.stderr.isatty():
        yield Watcher(), lambda _: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        tasks = {job.name: progress.add_task(job.name, total=None, said="waiting") for job in jobs}

        class Bars(Watcher):
            """Shows each job's stage in its bar."""

            def reading(self, job: Job, observations: int) -> None:
                progress.update(tasks[job.name], said=f"read {observations:,}")

            def storing(self, job: Job, done: int, total: int) -> None:
                said = f"stored {done:,} of {total:,}"
                progress.update(tasks[job.name], completed=done, total=total, said=said)

            def waiting(self, job: Job, seconds: float, error: str) -> None:
                progress.update(tasks[job.name], said=f"again in {seconds:.0f} s: {error}")

        def ended(result: JobResult) -> None:
            progress.update(tasks[result.job], completed=1, total=1, said=result.status)
            progress.stop_task(tasks[result.job])

        yield Bars(), ended
