"""Verbs about planned failures: risk, collisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.analysis import FailureState
from cmdb.cli.comparison import print_risk_comparison
from cmdb.cli.output import STATE_STYLE, plural, print_json, print_table, say, styled
from cmdb.cli.run import JsonOption, LimitOption, StoreOption, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, CompareOption, ViewOptions, with_view

if TYPE_CHECKING:
    from cmdb.service import Cmdb

SHOWN_EVIDENCE = 3
SHOWN_WORSE = 5


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("risk")(with_view(risk))
    app.command("collisions")(with_view(collisions))


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
    planned: Annotated[
        Path | None,
        typer.Option(
            "--planned",
            help="Count collisions with the planned failures in this file, as `cmdb collisions` "
            "takes them.",
            metavar="FILE",
        ),
    ] = None,
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """How risky it is to take these items down, and why: a sum of explained factors.

    Example: cmdb risk dc1-hv03 --start 2026-11-28T22:00Z --end 2026-11-29T02:00Z --max-risk 60
    """
    if compare and planned:
        raise typer.BadParameter("can't be combined with --compare", param_hint="--planned")

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.collisions import read_planned
        from cmdb.risk import assess, compare_risk_since
        from cmdb.times import read_time
        from impact import failure

        how, seen = failure(state.value), view.viewpoint()
        span: Any = {"start": read_time(start, "--start"), "end": read_time(end, "--end")}
        if compare:
            return await compare_risk_since(cmdb, items, compare, how, seen, **span)
        others = read_planned(planned) if planned else None
        return await assess(cmdb, items, how, seen, **span, planned=others)

    found = with_cmdb(store, work)
    status = int(max_risk is not None and found.total > max_risk)
    if as_json:
        print_json(found)
        return status
    view.say_supposed()
    if compare:
        print_risk_comparison(found)
    else:
        _print_risk(found)
    if status:
        say(f"That is above the most that is allowed, {max_risk:g}.", "bold red")
    return status


def _print_risk(found: Any) -> None:
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


def collisions(
    planned: Annotated[
        Path,
        typer.Option(
            "--planned",
            help='A JSON list, or lines, of {"name", "items": [...], "state", "start", "end"}.',
            metavar="FILE",
        ),
    ],
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 100,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Which planned failures are in each other's way; exits with 1 where some are.

    Example: cmdb collisions --planned tonight.json
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.collisions import collisions as find
        from cmdb.collisions import read_planned

        return await find(cmdb, read_planned(planned), view.viewpoint(), limit=limit)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
    else:
        view.say_supposed()
        _print_collisions(found)
    return int(found.total > 0)


def _print_collisions(found: Any) -> None:
    among = plural(found.planned, "planned failure")
    say(f"{plural(found.total, 'collision')} among {among}", "bold")
    for collision in found.collisions:
        span = f"{collision.start:%Y-%m-%d %H:%M} to {collision.end:%Y-%m-%d %H:%M} UTC"
        *others, last = collision.planned
        say(f"{', '.join(others)} and {last}: {span}", "bold")
        rows = [
            (f"{w.kind} {w.name}", _state(w.apart), _state(w.together))
            for w in collision.worse[:SHOWN_WORSE]
        ]
        if rows:
            print_table(("worse together", "apart", "together"), rows)
        if (more := collision.worse_total - len(rows)) > 0:
            say(f"  … and {plural(more, 'more item')} worse together")
        if collision.shared:
            names = ", ".join(f"{i.kind} {i.name}" for i in collision.shared)
            say(f"  both work on {names}")
        for i in collision.inside[:SHOWN_WORSE]:
            state = i.state.replace("_", " ")
            say(f"  {i.planned_by} works on {i.kind} {i.name}, which is {state} by {i.hit_by}")
    if found.truncated:
        say("The list is cut at --limit; the count is of everything.")
    if found.incomplete:
        say("There were too many combinations to look at all of them; there may be more.")
    say(f"(revision {found.revision})")


def _state(name: str) -> Any:
    return styled(name.replace("_", " "), STATE_STYLE[name])
