"""Verbs of the work on a change: schedule, step, start, finish and close."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.records import (
    ExpectedOption,
    RecordArgument,
    ToOption,
    acting,
    print_record,
)
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from datetime import datetime

    from cmdb.items import Item
    from cmdb.service import Cmdb

AtTimeOption = Annotated[
    str | None, typer.Option("--at", help="When it was, if that is not now.", metavar="TIME")
]


def schedule(
    change: RecordArgument,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Put an approved change into the calendar."""

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import schedule_change

        return await schedule_change(cmdb, change, acting(cmdb), expected)

    return became(store, work, as_json=as_json)


def step(
    record: Annotated[str, typer.Argument(help="A change, or a step of one.")],
    add: Annotated[
        str | None, typer.Option("--add", help="A step to add to the change.", metavar="TEXT")
    ] = None,
    order: Annotated[
        int | None, typer.Option("--order", help="Its place; equal ones run side by side.")
    ] = None,
    assigned_to: Annotated[str | None, typer.Option("--assigned-to", help="Who does it.")] = None,
    to: ToOption = None,
    notes: Annotated[str, typer.Option("--notes", help="How it went.")] = "",
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add a step to a change, such as a canary, or bring a step to a state.

    Example: cmdb change step CHG0000001 --add "Canary: one of twelve"
    """
    from cmdb.errors import InvalidInput

    if (add is None) == (to is None):
        raise InvalidInput("Say what step to add (--add TEXT), or where to bring one (--to STATE).")

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.steps import add_step, move_step

        if add is not None:
            return await add_step(
                cmdb, record, acting(cmdb), add, place=order, assigned_to=assigned_to
            )
        return await move_step(cmdb, record, str(to), acting(cmdb), notes=notes, expected=expected)

    return became(store, work, as_json=as_json)


def start(
    change: RecordArgument,
    at: AtTimeOption = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Begin the work on an approved change (1: it is held). Refused in a freeze, unless it is an
    emergency or has a waiver."""

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import start_change

        return await start_change(cmdb, change, acting(cmdb), at=_time(at), expected=expected)

    return became(store, work, as_json=as_json)


def finish(
    change: RecordArgument,
    outcome: Annotated[
        str,
        typer.Option("--outcome", help="successful, successful_issues, failed or backed_out."),
    ],
    notes: Annotated[str, typer.Option("--notes", help="What happened.")] = "",
    at: AtTimeOption = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """End the work on a change, with its outcome.

    Example: cmdb change finish CHG0000001 --outcome backed_out --notes "Health checks failed."
    """

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import finish_change

        return await finish_change(
            cmdb, change, acting(cmdb), outcome, notes=notes, at=_time(at), expected=expected
        )

    return became(store, work, as_json=as_json)


def close(
    change: RecordArgument,
    review: Annotated[str, typer.Option("--review", help="What the review found.")] = "",
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Close a change once its review is written; `cmdb change show` says what followed it."""

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import close_change

        return await close_change(cmdb, change, acting(cmdb), review, expected)

    return became(store, work, as_json=as_json)


def became(store: str | None, work: Callable[[Cmdb], Awaitable[Item]], *, as_json: bool) -> int:
    """Do the work and print what became of the change; returns the exit status."""
    made = with_cmdb(store, work)
    state = str(made.properties.get("state")).replace("_", " ")
    risk = made.properties.get("risk")
    said = f"{made.name} is {state}{f', {risk} risk' if risk else ''}."
    return print_record(made, said, as_json=as_json)


def _time(text: str | None) -> datetime | None:
    from cmdb.times import read_time

    return read_time(text, "--at")
