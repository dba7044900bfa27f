"""What every verb shares: its options, and opening and closing the database around its work."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from cmdb.service import Cmdb

T = TypeVar("T")

StoreOption = Annotated[
    str | None,
    typer.Option("--store", help="Where the data is; overrides CMDB_STORE.", metavar="URI"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="As of a past revision or time (UTC unless it has an offset).",
        metavar="REVISION|TIME",
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Rows to show at most.")]
OffsetOption = Annotated[
    int,
    typer.Option("--offset", min=0, help="Rows of each list to pass over: where a page begins."),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with the revision.")]


def with_cmdb(
    store: str | None,
    work: Callable[[Cmdb], Awaitable[T]],
    *,
    serving: bool = False,
    **settings: Any,
) -> T:
    """Open the database that the settings and ``store`` name, do the work, and close it.

    ``serving`` takes the faster event loop, where there is one: it pays for a server only.
    """
    from cmdb.requests.requests import after_load
    from cmdb.service import Cmdb
    from cmdb.settings import load_settings

    async def run() -> T:
        cmdb = await Cmdb.open(load_settings(store=store, **settings))
        cmdb.after_load.append(after_load)
        try:
            with _told_of_loading(cmdb):
                return await work(cmdb)
        finally:
            await cmdb.close()

    with asyncio.Runner(loop_factory=_fast_loop() if serving else None) as runner:
        return runner.run(run())


@contextmanager
def _told_of_loading(cmdb: Cmdb) -> Iterator[None]:
    """Show on a terminal how far a large graph is read."""
    with told("Reading the graph") as tell:
        cmdb.estates.progress = tell
        yield


@contextmanager
def told(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A function that shows on a terminal how many of how many are done, from the first call on."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from cmdb.cli.output import console

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    progress = Progress(*columns, console=console(stderr=True), transient=True)

    def tell(count: int, total: int) -> None:
        if not progress.tasks:
            progress.start()
            progress.add_task(what, total=total)
        progress.update(progress.tasks[0].id, completed=count, visible=count + 1 < total)

    try:
        yield tell
    finally:
        progress.stop()


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's; None on Windows, which it does not run on."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
