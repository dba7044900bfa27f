"""Verbs of incident management: incident open, list, show, edit, timeline, refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import STATE_STYLE, print_json, print_table, say, styled
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
    values_of,
)
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.incidents.view import IncidentAnalysis, IncidentView
    from cmdb.items import Item
    from cmdb.service import Cmdb

KIND = "Incident"
SHOWN = 5


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    verbs = group(app, "incident", "What is hit, what caused it, and whom to call.")
    verbs.command("open")(open_)
    verbs.command("list")(list_verb(KIND, "incident"))
    for verb in (show, edit, timeline, refresh):
        verbs.command(verb.__name__)(verb)


def open_(
    about: Annotated[str, typer.Argument(help="What it is about, in a line.")],
    affects: AffectsOption = None,
    caused_by: CausedByOption = None,
    parent: Annotated[
        str | None, typer.Option("--parent", help="The incident that it belongs to.")
    ] = None,
    state: Annotated[
        str, typer.Option("--state", help="How the items fail: down or degraded.")
    ] = "down",
    values: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Open an incident: its impact and priority, causes, suspects and whom to call come with it.

    Example: cmdb incident open "Checkout is slow" --affects checkout@production --set urgency=1
    """

    async def work(cmdb: Cmdb) -> tuple[Item, IncidentView]:
        from cmdb.incidents.incidents import open_incident, show_incident
        from impact import failure

        made = await open_incident(
            cmdb,
            acting(cmdb),
            about,
            affects or (),
            values=values_of(cmdb.catalogue, KIND, values),
            state=failure(state),
            parent=parent,
            caused_by=caused_by or (),
        )
        return made, await show_incident(cmdb, made.id)

    made, view = with_cmdb(store, work)
    if as_json:
        return print_record(made, "", as_json=True)
    say(f"{made.name} opened.", "bold")
    print_incident(view)
    return 0


def show(incident: RecordArgument, store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Show an incident: what is hit, the likely causes, what changed, whom to call.

    Example: cmdb incident show INC0000001
    """

    async def work(cmdb: Cmdb) -> IncidentView:
        from cmdb.incidents.incidents import show_incident

        return await show_incident(cmdb, incident)

    view = with_cmdb(store, work)
    if as_json:
        print_json(view)
    else:
        print_incident(view)
    return 0


def edit(
    incident: RecordArgument,
    to: ToOption = None,
    values: SetOption = None,
    note: NoteOption = None,
    affects: AffectsOption = None,
    no_longer_affects: Annotated[
        list[str] | None,
        typer.Option("--no-longer-affects", help="What it does not affect.", metavar="ITEM"),
    ] = None,
    caused_by: CausedByOption = None,
    fixed_by: Annotated[
        str | None, typer.Option("--fixed-by", help="The change that mends it.", metavar="CHANGE")
    ] = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Move an incident to a state, set its properties, link it, or add a note.

    Example: cmdb incident edit INC0000001 --to resolved --set close_code=workaround
    --set "close_notes=Switched to the standby."
    """

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.incidents.incidents import edit_incident
        from cmdb.records.records import Edit

        link = [
            *await links_to(cmdb, "AFFECTS", affects),
            *await links_to(cmdb, "CAUSED_BY", caused_by),
            *await links_to(cmdb, "FIXED_BY", [fixed_by] if fixed_by else None),
        ]
        asked = Edit(
            to,
            values_of(cmdb.catalogue, KIND, values),
            note,
            link,
            await links_to(cmdb, "AFFECTS", no_longer_affects),
            expected,
        )
        return await edit_incident(cmdb, incident, asked, acting(cmdb))

    made = with_cmdb(store, work)
    state = str(made.properties.get("state")).replace("_", " ")
    said = f"{made.name} is {state}, priority {made.properties.get('priority')}."
    return print_record(made, said, as_json=as_json)


def timeline(
    incident: RecordArgument, store: StoreOption = None, as_json: JsonOption = False
) -> int:
    """What happened, in order: alerts, edits, changes, transitions and notes."""

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.incidents.timeline import incident_timeline

        return await incident_timeline(cmdb, incident)

    found = with_cmdb(store, work)
    if as_json:
        print_json({"timeline": found})
        return 0
    print_table(
        ("time", "", "what", "by"),
        [
            (f"{row.time:%Y-%m-%d %H:%M:%S}", row.type, row.sentence, row.actor or "")
            for row in found
        ],
    )
    return 0


def refresh(
    incident: RecordArgument, store: StoreOption = None, as_json: JsonOption = False
) -> int:
    """Analyse an open incident again; its impact and priority follow."""

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.incidents.incidents import refresh_incident

        return await refresh_incident(cmdb, incident, acting(cmdb))

    made = with_cmdb(store, work)
    props = made.properties
    said = f"{made.name}: impact {props.get('impact')}, priority {props.get('priority')}."
    return print_record(made, said, as_json=as_json)


def print_incident(view: IncidentView) -> None:
    """Print an incident as a responder reads it."""
    props = view.properties
    state = view.state.replace("_", " ")
    say(f"{view.number}  {props.get('short_description', '')}", "bold")
    say(
        f"{state}, priority {props.get('priority', '?')} (impact {props.get('impact', '?')}"
        f"{', set by a person' if 'impact_manual' in props else ''}, "
        f"urgency {props.get('urgency', '?')}); next: {', '.join(view.next_states) or 'nothing'}"
    )
    for what, rows in (
        ("affects", view.affected),
        ("caused by", view.caused_by),
        ("alerts", view.alerts),
        ("parent", view.parents),
        ("children", view.children),
        ("problems", view.problems),
        ("fixed by", view.fixed_by),
    ):
        if rows:
            more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
            say(f"{what}: {', '.join(f'{r.kind} {r.name}' for r in rows[:SHOWN])}{more}")
    for note in props.get("work_notes") or ():  # type: ignore[attr-defined]  # a list of strings
        say(f"note: {note}")
    if view.analysis is not None:
        _print_analysis(view.analysis)


def _print_analysis(found: IncidentAnalysis) -> None:
    say(f"As of revision {found.revision}: {found.sentence}")
    if found.services:
        print_table(
            ("service", "state", "criticality"),
            [
                (f"{s.kind} {s.name}", styled(s.state, STATE_STYLE[s.state]), s.criticality or "")
                for s in found.services[:SHOWN]
            ],
        )
    if found.causes:
        say("Likely causes:" if found.confident else "No confident cause; leads:")
        print_table(
            ("cause", "score", "because"),
            [
                (
                    ", ".join(f"{i.kind} {i.name}" for i in cause.items),
                    f"{cause.score:.2f}",
                    cause.evidence[0].sentence if cause.evidence else "",
                )
                for cause in found.causes[:SHOWN]
            ],
        )
    if found.suspects:
        say("Changed before it began:")
        print_table(
            ("score", "time", "what", "by"),
            [
                (
                    f"{s.score:.2f}",
                    f"{s.time:%Y-%m-%d %H:%M}",
                    f"{' and '.join(f'{i.kind} {i.name}' for i in s.items)}: {s.summary}",
                    s.actor,
                )
                for s in found.suspects[:SHOWN]
            ],
        )
    for row in found.precedents:
        many = f"{row.times} times" if row.times > 1 else "once"
        say(f"It was {row.kind} {row.name} before: {many}.")
    for error in found.known_errors:
        way = f" Workaround: {error.workaround}" if error.workaround else ""
        say(f"Known error {error.number}: {error.short_description}. {error.why}{way}")
    for other in found.similar:
        ended = f", ended {other.close_code}: {other.close_notes}" if other.close_code else ""
        say(f"Similar: {other.number} {other.short_description} ({other.state}{ended})")
    for contact in found.call:
        ways = (contact.on_call, contact.phone, contact.email)
        reach = next((way for way in ways if way), "no way to reach them is known")
        say(f"Call {contact.kind} {contact.name} ({reach}): {contact.why}")
