"""Verbs that look for what went wrong: causes, suspects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import STATE_STYLE, plural, print_json, print_table, say, styled
from cmdb.cli.run import JsonOption, LimitOption, StoreOption, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, ViewOptions, with_view

if TYPE_CHECKING:
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("causes")(with_view(causes))
    app.command("suspects")(with_view(suspects))


def causes(
    items: Annotated[
        list[str] | None, typer.Argument(help="What alerts: ids, identifiers or unique names.")
    ] = None,
    alerts: Annotated[
        Path | None,
        typer.Option(
            "--alerts",
            help='A file of lines {"item": identifier, "since": time, "strength": number}.',
            metavar="FILE",
        ),
    ] = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 10,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What may have caused these alerts, the best explanation first.

    Example: cmdb causes checkout@production payments@production ledger-db-1
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.causes import GivenAlert, read_alerts
        from cmdb.causes import causes as find

        given = [GivenAlert(item) for item in items or ()]
        if alerts is not None:
            given += read_alerts(alerts)
        return await find(cmdb, given, view.viewpoint(), limit=limit)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
    else:
        view.say_supposed()
        _print_causes(found)
    return 0


def suspects(
    items: Annotated[
        list[str], typer.Argument(help="What is affected: ids, identifiers or unique names.")
    ],
    since: Annotated[
        str | None,
        typer.Option("--since", help="From when; 24 hours before the end.", metavar="TIME"),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="When it broke; now.", metavar="TIME")
    ] = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 50,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What was edited before it broke, on these items and on what they rest on.

    Example: cmdb suspects checkout@production --until 2026-11-24T03:12:00Z
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.suspects import suspects as find
        from cmdb.times import read_time

        first, last = read_time(since, "--since"), read_time(until, "--until")
        return await find(cmdb, items, view.viewpoint(), since=first, until=last, limit=limit)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
    else:
        view.say_supposed()
        _print_suspects(found)
    return 0


def _print_suspects(found: Any) -> None:
    span = f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC"
    say(f"{plural(found.total, 'edit')} on what they rest on, {span}", "bold")
    print_table(
        ("score", "edited", "what", "steps up", "when", "by", "revision"),
        [
            (
                f"{s.score:.3f}",
                " and ".join(f"{item.kind} {item.name}".strip() for item in s.items),
                s.summary,
                s.distance,
                f"{s.time:%Y-%m-%d %H:%M}",
                s.actor,
                s.revision,
            )
            for s in found.suspects
        ],
    )
    if found.left_out:
        say(f"{plural(found.left_out, 'older edit')} of that time were too many to be looked at.")
    say(f"{plural(found.upstream, 'item')} upstream (revision {found.revision})")


def _print_causes(found: Any) -> None:
    if found.confident:
        say(f"The cause is most likely {_named(found.causes[0])}.", "bold")
    else:
        say("There is no confident cause; these are leads.", "bold")
    print_table(
        ("score", "cause", "fails as", "explains", "quiet"),
        [
            (
                f"{c.score:.3f}",
                _named(c),
                styled(c.state, STATE_STYLE[c.state]),
                f"{len(c.explains)} of {len(c.explains) + len(c.unexplained)}",
                c.quiet,
            )
            for c in found.causes
        ],
    )
    if found.causes:
        say(f"Why {_named(found.causes[0])}:")
        for evidence in found.causes[0].evidence:
            say(f"  {evidence.factor} {evidence.value:.2f}: {evidence.sentence}")
    if found.unexplained:
        say(f"Nothing here explains {plural(len(found.unexplained), 'alert')}.")
    say(
        f"{found.tried} of {plural(found.candidates, 'candidate')} tried "
        f"(revision {found.revision})"
    )


def _named(cause: Any) -> str:
    return " and ".join(f"{item.kind} {item.name}" for item in cause.items)
