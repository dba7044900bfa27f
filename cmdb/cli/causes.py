"""Verbs that look for what went wrong: causes, suspects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.comparison import print_answer_comparison
from cmdb.cli.output import STATE_STYLE, plural, print_json, print_table, say, styled
from cmdb.cli.run import JsonOption, LimitOption, OffsetOption, StoreOption, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, CompareOption, ViewOptions, with_view

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
            help='A file of lines {"item": identifier, "since": time, "strength": number}; times '
            "are UTC unless they have an offset.",
            metavar="FILE",
        ),
    ] = None,
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 10,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What may have caused these alerts, the best explanation first.

    Example: cmdb causes checkout@production payments@production ledger-db-1
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.causes import GivenAlert, compare_causes_since, read_alerts
        from cmdb.causes import causes as find

        given = [GivenAlert(item) for item in items or ()]
        if alerts is not None:
            given += read_alerts(alerts)
        page: Any = {"limit": limit, "offset": offset}
        if compare:
            return await compare_causes_since(cmdb, given, compare, view.viewpoint(), **page)
        return await find(cmdb, given, view.viewpoint(), **page)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
    else:
        view.say_supposed()
        (print_answer_comparison if compare else _print_causes)(found)
    return 0


def suspects(
    items: Annotated[
        list[str], typer.Argument(help="What is affected: ids, identifiers or unique names.")
    ],
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="From when; 24 hours before the end. UTC unless it has an offset.",
            metavar="TIME",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", help="When it broke; now. UTC unless it has an offset.", metavar="TIME"
        ),
    ] = None,
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 50,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What was edited before it broke, on these items and on what they rest on.

    Example: cmdb suspects checkout@production --until 2026-11-24T03:12:00Z
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.suspects import compare_suspects_since
        from cmdb.suspects import suspects as find
        from cmdb.times import read_time

        how: Any = {"since": read_time(since, "--since"), "until": read_time(until, "--until")}
        how |= {"limit": limit, "offset": offset}
        if compare:
            return await compare_suspects_since(cmdb, items, compare, view.viewpoint(), **how)
        return await find(cmdb, items, view.viewpoint(), **how)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
    else:
        view.say_supposed()
        (print_answer_comparison if compare else _print_suspects)(found)
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
    _more(found.total, len(found.suspects))
    if found.left_out:
        say(f"{plural(found.left_out, 'older edit')} of that time were too many to be looked at.")
    say(f"{plural(found.upstream, 'item')} upstream (revision {found.revision})")


def _print_causes(found: Any) -> None:
    if found.confident and found.causes:
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
    _more(found.total, len(found.causes))
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


def _more(total: int, shown: int) -> None:
    if total > shown:
        say(f"{shown} of {total:,}; --limit and --offset give the others.")


def _named(cause: Any) -> str:
    return " and ".join(f"{item.kind} {item.name}" for item in cause.items)
