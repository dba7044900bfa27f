"""Verbs of service request management: request catalogue, open, list, show, approve, …"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.records import (
    ExpectedOption,
    NoteOption,
    RecordArgument,
    SetOption,
    ToOption,
    acting,
    group,
    list_verb,
    print_record,
    print_view,
    record_data,
    values_of,
)
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb
from cmdb.errors import InvalidInput

if TYPE_CHECKING:
    from cmdb.items import Item
    from cmdb.records.view import RecordView
    from cmdb.requests.catalogue import Offer
    from cmdb.service import Cmdb

KIND = "ServiceRequest"
CommentOption = Annotated[str, typer.Option("--comment", help="Why.")]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    verbs = group(app, "request", "What people ask for, until they have it.")
    verbs.command("open")(open_)
    verbs.command("list")(list_verb(KIND, "request"))
    for verb in (catalogue, show, edit, approve, reject, fulfil, expiring):
        verbs.command(verb.__name__)(verb)


def catalogue(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """What can be asked for, with the form of each."""

    async def work(cmdb: Cmdb) -> dict[str, Offer]:
        from cmdb.requests.requests import offers

        return dict(offers(cmdb))

    found = with_cmdb(store, work)
    if as_json:
        print_json({"offers": found})
        return 0
    for name, offer in found.items():
        say(f"{name}: {offer.title} (team {offer.team}, approval: {offer.approval})", "bold")
        for field, form in offer.form.items():
            needed = ", needed" if form.required else ""
            choices = f" ({', '.join(form.choices)})" if form.choices else ""
            say(f"  {field}: {form.type}{needed}. {form.description}{choices}")
    return 0


def open_(
    item: Annotated[str, typer.Argument(help="What: see `cmdb request catalogue`.")],
    form: Annotated[
        list[str] | None,
        typer.Option("--form", help="A field of the form.", metavar="NAME=VALUE"),
    ] = None,
    requested_for: Annotated[
        str | None, typer.Option("--for", help="Who is to have it; you unless told.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Ask for something of the catalogue.

    Example: cmdb request open virtual-machine --form name=dc1-test-1 --form cpu_count=4
    """
    filled: dict[str, object] = {}
    for text in form or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f"A field of a form is written NAME=VALUE, not {text[:60]!r}.")
        filled[name.strip()] = value

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.requests.requests import open_request

        return await open_request(cmdb, acting(cmdb), item, filled, requested_for=requested_for)

    made = with_cmdb(store, work)
    said = f"{made.name} opened; it waits for {made.properties['stage']}."
    return print_record(made, said, as_json=as_json)


def show(request: RecordArgument, store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Show a request: its form, approvals and steps, and what fulfilled it."""

    async def work(cmdb: Cmdb) -> RecordView:
        from cmdb.records.view import show_record

        return await show_record(cmdb, request, KIND)

    return print_view(with_cmdb(store, work), as_json=as_json)


def edit(
    request: Annotated[str, typer.Argument(help="A request, or one of its steps.")],
    to: ToOption = None,
    values: SetOption = None,
    note: NoteOption = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Move a request or one of its steps to a state, set properties, or add a note."""

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.records.records import Edit, find_record
        from cmdb.requests.requests import edit_request

        found = await find_record(cmdb, request, "Task")
        given = values_of(cmdb.catalogue, found.kind, values)
        asked = Edit(to, given, note, expected=expected)
        return await edit_request(cmdb, request, asked, acting(cmdb))

    made = with_cmdb(store, work)
    state = str(made.properties.get("state")).replace("_", " ")
    return print_record(made, f"{made.name} is {state}.", as_json=as_json)


def approve(
    request: RecordArgument,
    comment: CommentOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Approve a request: somebody of the team, and never who asked for it."""
    return _decide(request, comment, store, approves=True, as_json=as_json)


def reject(
    request: RecordArgument,
    comment: CommentOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Reject a request; say why with --comment."""
    if not comment.strip():
        raise InvalidInput("Say with --comment why it is rejected.")
    return _decide(request, comment, store, approves=False, as_json=as_json)


def _decide(request: str, comment: str, store: str | None, *, approves: bool, as_json: bool) -> int:
    async def work(cmdb: Cmdb) -> Item:
        from cmdb.requests.requests import decide_request

        who = acting(cmdb)
        return await decide_request(cmdb, who, request, approve=approves, comment=comment)

    made = with_cmdb(store, work)
    verb = "approved" if approves else "rejected"
    return print_record(made, f"{made.name} is {verb}.", as_json=as_json)


def fulfil(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Complete the requests whose result is seen by now. Scans and imports do so on their own."""

    async def work(cmdb: Cmdb) -> list[Item]:
        from cmdb.requests.requests import fulfil_requests

        return await fulfil_requests(cmdb, acting(cmdb))

    done = with_cmdb(store, work)
    if as_json:
        print_json({"requests": [record_data(item) for item in done]})
        return 0
    for item in done:
        say(f"{item.name} is complete: {item.properties.get('close_notes')}")
    say(f"{plural(len(done), 'request')} completed")
    return 0


def expiring(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """What was granted for a time that ends within 30 days, or has ended."""

    async def work(cmdb: Cmdb) -> list[Item]:
        from cmdb.requests import requests

        return await requests.expiring(cmdb)

    found = with_cmdb(store, work)
    if as_json:
        print_json({"requests": [record_data(item) for item in found]})
        return 0
    print_table(
        ("number", "until", "who", "what"),
        [
            (r.name, p.get("until", ""), p.get("requested_for", ""), p.get("form", ""))
            for r in found
            for p in (r.properties,)
        ],
    )
    return 0
