"""Verbs about runs of scanners and imports: runs, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import ago, note, plural, print_json, print_table, say
from cmdb.cli.run import JsonOption, LimitOption, ReasonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.ingest import Loaded
    from cmdb.revisions import Run
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("runs")(runs)
    app.command("sources")(sources)


def runs(
    limit: LimitOption = 20,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept", help="Let what this held run did not see be marked as gone.", metavar="RUN"
        ),
    ] = None,
    reason: ReasonOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """List scans and imports, newest first, with what they counted and what went wrong.

    Example: cmdb runs --limit 5
    """
    if accept is not None:
        return _accept(accept, reason, store, as_json)
    found = with_cmdb(store, lambda cmdb: cmdb.store.runs(limit))
    if as_json:
        print_json({"runs": found})
        return 0
    print_table(
        ("source", "scope", "started", "took", "status", "counts", "errors"),
        [
            (
                run.source,
                run.scope,
                ago(run.started),
                took(run),
                run.status.value,
                counted(run),
                "; ".join(run.errors),
            )
            for run in found
        ],
    )
    for run in found:
        tell_of_held(run)
    return 0


def _accept(run_id: str, reason: str, store: str | None, as_json: bool) -> int:
    async def work(cmdb: Cmdb) -> Loaded:
        return await cmdb.accept_run(run_id, reason)

    loaded = with_cmdb(store, work)
    if as_json:
        print_json({"run": loaded.run, "revisions": [r.number for r in loaded.revisions]})
        return 0
    counts = loaded.run.counts
    gone = counts.get("missing", 0) + counts.get("retired", 0)
    say(f"{plural(gone, 'item')} of {loaded.run.source} marked as no longer seen.")
    return 0


def sources(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """How each source stands: its latest run, its last success, and failures since.

    Example: cmdb sources
    """
    from cmdb.sources import source_statuses

    found = with_cmdb(store, source_statuses)
    if as_json:
        print_json({"sources": found})
        return 0
    print_table(
        ("source", "scope", "latest run", "took", "status", "last success", "failures since"),
        [
            (
                one.source,
                one.scope,
                ago(one.latest.started),
                took(one.latest),
                one.latest.status.value,
                "never" if one.last_success is None else ago(one.last_success),
                str(one.failures or ""),
            )
            for one in found
        ],
    )
    for one in found:
        tell_of_held(one.latest)
    return 0


def took(run: Run) -> str:
    """How long a run took, for people."""
    if run.seconds is None:
        return "under way"
    minutes, seconds = divmod(run.seconds, 60)
    return f"{minutes:.0f} min {seconds:.0f} s" if minutes else f"{seconds:.1f} s"


def counted(run: Run) -> str:
    """What a run counted, in one line."""
    return ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in run.counts.items())


def tell_of_held(run: Run) -> None:
    """Say on the error stream what waits for a person, and how to let it go on."""
    if run.held is None:
        return
    note(
        f"The run {run.id} of {run.source} is held: it no longer sees {run.held.gone:,} of "
        f"{run.held.known:,} items. Nothing of them was marked as gone. If they are gone: "
        f"cmdb runs --accept {run.id}"
    )
