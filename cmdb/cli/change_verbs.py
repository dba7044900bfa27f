"""Verbs of change enablement: change open, edit, submit, approve, start, finish, close and more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import print_json, say
from cmdb.cli.records import (
    ExpectedOption,
    NoteOption,
    RecordArgument,
    SetOption,
    ToOption,
    acting,
    list_verb,
    print_record,
    record_data,
    values_of,
)
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from datetime import datetime

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
CommentOption = Annotated[str, typer.Option("--comment", help="Why.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="The authority you speak for: peer, owner, cab.", metavar="AUTHORITY"
    ),
]
AtTimeOption = Annotated[
    str | None, typer.Option("--at", help="When it was, if that is not now.", metavar="TIME")
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
        print_json(_with_ruling(made, view))
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

    return _became(store, work, as_json=as_json)


def submit(
    change: RecordArgument,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Assess a change and ask for the approvals that its risk takes (1: it waits for some)."""

    async def work(cmdb: Cmdb) -> tuple[Item, ChangeView]:
        from cmdb.changes.changes import submit_change
        from cmdb.changes.show import show_change

        made = await submit_change(cmdb, change, acting(cmdb), expected)
        return made, await show_change(cmdb, made.id)

    return _ruled(store, work, as_json=as_json)


def assess_record(change: str, store: str | None, *, max_risk: float | None, as_json: bool) -> int:
    """Assess a recorded change again, and print what follows; 1 where it is held, or riskier than
    is allowed."""

    async def work(cmdb: Cmdb) -> tuple[Item, ChangeView]:
        from cmdb.changes.changes import assess_change
        from cmdb.changes.show import show_change

        made = await assess_change(cmdb, change, acting(cmdb))
        return made, await show_change(cmdb, made.id)

    return _ruled(store, work, as_json=as_json, max_risk=max_risk)


def _ruled(
    store: str | None,
    work: Callable[[Cmdb], Awaitable[tuple[Item, ChangeView]]],
    *,
    as_json: bool,
    max_risk: float | None = None,
) -> int:
    made, view = with_cmdb(store, work)
    if as_json:
        print_json(_with_ruling(made, view))
    else:
        _print(view)
    found = view.analysis
    too_risky = max_risk is not None and found is not None and found.risk_score > max_risk
    if too_risky and found is not None and not as_json:
        say(f"The risk {found.risk_score:g} is above the most that is allowed, {max_risk:g}.")
    return int(too_risky or is_held(view))


def is_held(view: ChangeView) -> bool:
    """Whether a change waits for somebody's word before it may be made."""
    if view.analysis is not None and view.analysis.ruling.is_after:
        return False
    given = {a.authority for a in view.approvals if a.state == "approved"}
    needed = {a.authority for a in view.approvals if a.state == "requested"}
    if view.analysis is not None:
        needed |= {*view.analysis.ruling.authorities}
    return bool(needed - given - {"policy"})


def _with_ruling(made: Item, view: ChangeView) -> dict[str, Any]:
    return {**record_data(made), "held": is_held(view), "ruling": _ruling(view)}


def _ruling(view: ChangeView) -> Any:
    return view.analysis.ruling if view.analysis is not None else None


def approve(
    change: RecordArgument,
    authority: AsOption = None,
    comment: CommentOption = "",
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Agree to a change. Never those who asked for it, opened it or make it.

    Example: cmdb change approve CHG0000001 --as owner --comment "Fine on Sunday."
    """
    return _decide(store, change, True, authority, comment, expected, as_json=as_json)


def reject(
    change: RecordArgument,
    comment: CommentOption,
    authority: AsOption = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Do not agree to a change; it goes back to new."""
    return _decide(store, change, False, authority, comment, expected, as_json=as_json)


def _decide(
    store: str | None,
    change: str,
    is_yes: bool,
    authority: str | None,
    comment: str,
    expected: int | None,
    *,
    as_json: bool,
) -> int:
    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import decide_change

        return await decide_change(
            cmdb,
            change,
            acting(cmdb),
            approve=is_yes,
            authority=authority,
            comment=comment,
            expected=expected,
        )

    return _became(store, work, as_json=as_json)


def waive(
    change: RecordArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why a freeze does not hold for it.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let a change be made in a freeze, or in spite of what is in its way."""

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import waive_change

        return await waive_change(cmdb, change, acting(cmdb), reason)

    return _became(store, work, as_json=as_json)


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

    return _became(store, work, as_json=as_json)


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

    return _became(store, work, as_json=as_json)


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

    return _became(store, work, as_json=as_json)


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

    return _became(store, work, as_json=as_json)


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

    return _became(store, work, as_json=as_json)


def _became(store: str | None, work: Callable[[Cmdb], Awaitable[Item]], *, as_json: bool) -> int:
    made = with_cmdb(store, work)
    state = str(made.properties.get("state")).replace("_", " ")
    risk = made.properties.get("risk")
    said = f"{made.name} is {state}{f', {risk} risk' if risk else ''}."
    return print_record(made, said, as_json=as_json)


def given_items(texts: Sequence[str] | None) -> list[GivenItem]:
    """Items as they were typed, each with what is done to it if that was said."""
    from cmdb.changes.actions import ACTIONS

    found: list[GivenItem] = []
    for text in texts or ():
        name, equals, done = text.rpartition("=")
        is_action = bool(equals) and (done.strip().casefold() in ACTIONS or "/" not in done)
        found.append((name, done) if is_action and name else (text, None))
    return found


def _time(text: str | None) -> datetime | None:
    from cmdb.times import read_time

    return read_time(text, "--at")


def _print(view: ChangeView) -> None:
    from cmdb.cli.change_print import print_change

    print_change(view)
