"""Verbs of problem management: problem candidates, open, list, show, edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.records import (
    AffectsOption,
    CausedByOption,
    ExpectedOption,
    NoteOption,
    RecordArgument,
    SetOption,
    ToOption,
    acting,
    group,
    links_to,
    list_verb,
    print_record,
    print_view,
    values_of,
)
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.items import Item
    from cmdb.problems.candidates import ProblemCandidates
    from cmdb.records.view import RecordView
    from cmdb.service import Cmdb

KIND = "Problem"


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    verbs = group(app, "problem", "Causes of incidents, and what is done about them.")
    verbs.command("open")(open_)
    verbs.command("list")(list_verb(KIND, "problem"))
    for verb in (candidates, show, edit):
        verbs.command(verb.__name__)(verb)


def candidates(
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="Incidents from then on; 90 days unless told.", metavar="TIME"
        ),
    ] = None,
    repeated: Annotated[
        int, typer.Option("--repeated", min=2, help="So many incidents make a pattern.")
    ] = 3,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What may be a problem that nobody has made one of: repeated incidents, causes, weak points.

    Example: cmdb problem candidates --since 2026-09-01
    """

    async def work(cmdb: Cmdb) -> ProblemCandidates:
        from cmdb.problems.candidates import problem_candidates
        from cmdb.times import read_time

        return await problem_candidates(cmdb, since=read_time(since, "--since"), repeated=repeated)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    say(
        f"{plural(len(found.candidates), 'candidate')} among {plural(found.incidents, 'incident')} "
        f"since {found.since:%Y-%m-%d}"
    )
    print_table(
        ("item", "reason", "incidents", "because"),
        [
            (f"{c.kind} {c.name}", c.reason.replace("_", " "), len(c.incidents), c.sentence)
            for c in found.candidates
        ],
    )
    return 0


def open_(
    about: Annotated[str, typer.Argument(help="What it is about, in a line.")],
    affects: AffectsOption = None,
    caused_by: CausedByOption = None,
    incidents: Annotated[
        list[str] | None,
        typer.Option("--incident", help="An incident that it explains.", metavar="NUMBER"),
    ] = None,
    values: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Open a problem.

    Example: cmdb problem open "Loyalty stands on one hypervisor" --caused-by dc2-hv05
    """

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.problems.problems import open_problem

        return await open_problem(
            cmdb,
            acting(cmdb),
            about,
            affects=affects or (),
            caused_by=caused_by or (),
            incidents=incidents or (),
            values=values_of(cmdb.catalogue, KIND, values),
        )

    made = with_cmdb(store, work)
    said = (
        f"{made.name} opened, {made.properties['origin']}, priority {made.properties['priority']}."
    )
    return print_record(made, said, as_json=as_json)


def show(problem: RecordArgument, store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Show a problem: its cause, workaround, incidents, and the change that fixes it."""

    async def work(cmdb: Cmdb) -> RecordView:
        from cmdb.records.view import show_record

        return await show_record(cmdb, problem, KIND)

    return print_view(with_cmdb(store, work), as_json=as_json)


def edit(
    problem: RecordArgument,
    to: ToOption = None,
    values: SetOption = None,
    note: NoteOption = None,
    affects: AffectsOption = None,
    caused_by: CausedByOption = None,
    incidents: Annotated[
        list[str] | None,
        typer.Option("--incident", help="An incident that it explains.", metavar="NUMBER"),
    ] = None,
    fixed_by: Annotated[
        str | None, typer.Option("--fixed-by", help="The change that mends it.", metavar="CHANGE")
    ] = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Move a problem to a state, set its properties, link it, or add a note.

    Example: cmdb problem edit PRB0000001 --set known_error=true --set "cause_notes=One host."
    """

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.problems.problems import edit_problem
        from cmdb.records.records import Edit

        link = [
            *await links_to(cmdb, "AFFECTS", affects),
            *await links_to(cmdb, "CAUSED_BY", caused_by),
            *await links_to(cmdb, "RELATES_TO", incidents),
            *await links_to(cmdb, "FIXED_BY", [fixed_by] if fixed_by else None),
        ]
        asked = Edit(to, values_of(cmdb.catalogue, KIND, values), note, link, (), expected)
        return await edit_problem(cmdb, problem, asked, acting(cmdb))

    made = with_cmdb(store, work)
    state = str(made.properties.get("state")).replace("_", " ")
    return print_record(made, f"{made.name} is in {state}.", as_json=as_json)
