"""Verbs of change enablement: change open, edit, submit, approve, start, finish, close and more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.change_ruling import approve, is_held, reject, submit, waive, with_ruling
from cmdb.cli.change_work import became, close, finish, schedule, start, step
from cmdb.cli.output import print_json, say
from cmdb.cli.records import (
    ExpectedOption,
    NoteOption,
    RecordArgument,
    SetOption,
    ToOption,
    acting,
    list_verb,
    values_of,
)
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.changes.changes import GivenItem
    from cmdb.changes.view import ChangeView
    from cmdb.items import Item
    from cmdb.service import Cmdb

KIND = "Change"
ItemOption = Annotated[
    list[str] | None,
    typer.Option(
        "--item",
        help="An item that it works on, and what is done to it: restart, upgrade, configure …",
        metavar="ITEM[=ACTION]",
    ),
]


def add_first(verbs: typer.Typer) -> None:
    """Add the verbs that come before assess."""
    verbs.command("open")(open_)
    verbs.command("list")(list_verb(KIND, "change"))
    for verb in (show, edit, submit):
        verbs.command(verb.__name__)(verb)


def add_others(verbs: typer.Typer) -> None:
    """Add the verbs that come after assess."""
    from cmdb.cli.change_calendar import calendar, models, unauthorized

    for verb in (approve, reject, waive, schedule, step, start, finish, close):
        verbs.command(verb.__name__)(verb)
    verbs.command("calendar")(calendar)
    verbs.command("models")(models)
    verbs.command("unauthorized")(unauthorized)


def open_(
    about: Annotated[str, typer.Argument(help="What it is about, in a line.")],
    item: ItemOption = None,
    change_type: Annotated[
        str | None, typer.Option("--type", help="normal or emergency; standard comes by --model.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="The model it follows.", metavar="NAME")
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", help="A service it is made for.", metavar="ITEM"),
    ] = None,
    fixes: Annotated[
        list[str] | None,
        typer.Option("--fixes", help="The incident or problem it mends.", metavar="RECORD"),
    ] = None,
    start: Annotated[str | None, typer.Option("--start", help="Planned.", metavar="TIME")] = None,
    end: Annotated[str | None, typer.Option("--end", help="Planned.", metavar="TIME")] = None,
    assigned_to: Annotated[
        str | None, typer.Option("--assigned-to", help="Who makes it.", metavar="WHO")
    ] = None,
    requested_by: Annotated[
        str | None, typer.Option("--requested-by", help="Who asked for it.", metavar="WHO")
    ] = None,
    commit: Annotated[
        str | None, typer.Option("--commit", help="The revision of the source code it brings.")
    ] = None,
    committed_at: Annotated[
        str | None, typer.Option("--committed-at", help="When that was.", metavar="TIME")
    ] = None,
    deployment: Annotated[
        bool, typer.Option("--deployment", help="It brings software to production.")
    ] = False,
    values: SetOption = None,
    submit_it: Annotated[
        bool,
        typer.Option("--submit", help="Submit it at once; exit with 1 where it is held."),
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Open a change: what is done to which items, when and by whom.

    Example: cmdb change open "Patch dc1-hv07" --item dc1-hv07=patch --start 2027-03-06T22:00Z
    --end 2027-03-06T23:00Z
    """
    named = {
        "start_date": start,
        "end_date": end,
        "assigned_to": assigned_to,
        "requested_by": requested_by,
        "commit": commit,
        "committed_at": committed_at,
    }

    async def work(cmdb: Cmdb) -> tuple[Item, ChangeView]:
        from cmdb.changes.changes import open_change, submit_change
        from cmdb.changes.show import show_change

        texts = [*(values or ()), *(f"{n}={v}" for n, v in named.items() if v is not None)]
        given = values_of(cmdb.catalogue, KIND, texts)
        if deployment:
            given["deployment"] = True
        made = await open_change(
            cmdb,
            acting(cmdb),
            about,
            given_items(item),
            change_type=change_type,
            change_model=model,
            services=service or (),
            fixes=fixes or (),
            values=given,
        )
        if submit_it:
            made = await submit_change(cmdb, made.id, acting(cmdb))
        return made, await show_change(cmdb, made.id)

    made, view = with_cmdb(store, work)
    held = submit_it and is_held(view)
    if as_json:
        print_json(with_ruling(made, view))
    else:
        say(f"{made.name} opened.", "bold")
        _print(view)
    return int(held)


def show(change: RecordArgument, store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Show a change: what it hits, what is in its way, who must agree, what moved, what followed.

    Example: cmdb change show CHG0000001
    """

    async def work(cmdb: Cmdb) -> ChangeView:
        from cmdb.changes.show import show_change

        return await show_change(cmdb, change)

    view = with_cmdb(store, work)
    if as_json:
        print_json(view)
    else:
        _print(view)
    return 0


def edit(
    change: RecordArgument,
    to: ToOption = None,
    values: SetOption = None,
    note: NoteOption = None,
    item: ItemOption = None,
    no_item: Annotated[
        list[str] | None,
        typer.Option("--no-item", help="What it does not work on after all.", metavar="ITEM"),
    ] = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Move a change to a state, set its properties, or say what it works on.

    Example: cmdb change edit CHG0000001 --set "backout_plan=Restore the snapshot."
    """

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import edit_change
        from cmdb.records.records import Edit

        asked = Edit(to, values_of(cmdb.catalogue, KIND, values), note, expected=expected)
        return await edit_change(
            cmdb,
            change,
            asked,
            acting(cmdb),
            items=given_items(item),
            no_items=no_item or (),
        )

    return became(store, work, as_json=as_json)


def given_items(texts: Sequence[str] | None) -> list[GivenItem]:
    """Items as they were typed, each with what is done to it if that was said."""
    from cmdb.changes.actions import ACTIONS

    found: list[GivenItem] = []
    for text in texts or ():
        name, equals, done = text.rpartition("=")
        is_action = bool(equals) and (done.strip().casefold() in ACTIONS or "/" not in done)
        found.append((name, done) if is_action and name else (text, None))
    return found


def _print(view: ChangeView) -> None:
    from cmdb.cli.change_print import print_change

    print_change(view)
