"""Verbs about planned failures: risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.analysis import FailureState
from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.run import AtOption, JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.service import Cmdb

SHOWN_EVIDENCE = 3


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("risk")(risk)


def risk(
    items: Annotated[
        list[str], typer.Argument(help="What is to fail: ids, identifiers or unique names.")
    ],
    state: Annotated[
        FailureState, typer.Option("--state", help="How badly it fails.")
    ] = FailureState.down,
    start: Annotated[
        str | None, typer.Option("--start", help="When the work begins.", metavar="TIME")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", help="When it is over.", metavar="TIME")
    ] = None,
    max_risk: Annotated[
        float | None,
        typer.Option(
            "--max-risk", min=0, max=100, help="Exit with 1 where the risk is above it (0 to 100)."
        ),
    ] = None,
    at: AtOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """How risky it is to take these items down, and why: a sum of explained factors.

    Example: cmdb risk dc1-hv03 --start 2026-11-28T22:00Z --end 2026-11-29T02:00Z --max-risk 60
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.risk import assess
        from cmdb.times import read_time
        from impact import failure

        return await assess(
            cmdb,
            items,
            state=failure(state.value),
            start=read_time(start, "--start"),
            end=read_time(end, "--end"),
            at=at,
        )

    found = with_cmdb(store, work)
    status = int(max_risk is not None and found.total > max_risk)
    if as_json:
        print_json(found)
        return status
    say(f"Risk {found.total:g} of 100; {plural(found.affected, 'item')} would not stay up", "bold")
    rows = [
        (
            f.factor.replace("_", " "),
            f"{f.value:.2f}",
            f"{f.weight:g}",
            f"{f.points:.1f}",
            f.sentence,
        )
        for f in found.factors
    ]
    print_table(
        ("factor", "value", "weight", "points", "because"),
        [*rows, ("sum", "", "", f"{found.total:.1f}", "")],
    )
    for factor in found.factors:
        for evidence in factor.evidence[:SHOWN_EVIDENCE] if factor.points else ():
            say(f"  {factor.factor.replace('_', ' ')}: {evidence.text}")
    say(f"(revision {found.revision})")
    if status:
        say(f"That is above the most that is allowed, {max_risk:g}.", "bold red")
    return status
