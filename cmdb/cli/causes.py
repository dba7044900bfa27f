"""Verbs that look for what went wrong: causes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import STATE_STYLE, plural, print_json, print_table, say, styled
from cmdb.cli.run import AtOption, JsonOption, LimitOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("causes")(causes)


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
    at: AtOption = None,
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
        return await find(cmdb, given, at=at, limit=limit)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
    else:
        _print_causes(found)
    return 0


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
