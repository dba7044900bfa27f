"""Verbs about planned failures: risk, collisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.analysis import FailureState
from cmdb.cli.comparison import print_answer_comparison, print_risk_comparison
from cmdb.cli.output import STATE_STYLE, plural, print_json, print_table, say, styled
from cmdb.cli.run import JsonOption, LimitOption, OffsetOption, StoreOption, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, CompareOption, ViewOptions, with_view

if TYPE_CHECKING:
    from cmdb.service import Cmdb

StartOption = Annotated[
    str | None,
    typer.Option(
        "--start", help="When the work begins; UTC unless it has an offset.", metavar="TIME"
    ),
]
EndOption = Annotated[
    str | None,
    typer.Option("--end", help="When it is over; UTC unless it has an offset.", metavar="TIME"),
]
PlannedFileOption = Annotated[
    Path | None,
    typer.Option(
        "--planned",
        help="Count collisions with the planned failures in this file, as `cmdb collisions` takes "
        "them.",
        metavar="FILE",
    ),
]

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
    start: StartOption = None,
    end: EndOption = None,
    max_risk: Annotated[
        float | None,
        typer.Option(
            "--max-risk", min=0, max=100, help="Exit with 1 where the risk is above it (0 to 100)."
        ),
    ] = None,
    planned: PlannedFileOption = None,
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """How risky it is to take these items down, and why: a sum of explained factors.

    Example: cmdb risk dc1-hv03 --start 2026-11-28T22:00Z --end 2026-11-29T02:00Z --max-risk 60
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.collisions import read_planned
        from cmdb.risk import assess, compare_risk_since
        from cmdb.times import read_time
        from impact import failure

        how, seen = failure(state.value), view.viewpoint()
        span: Any = {"start": read_time(start, "--start"), "end": read_time(end, "--end")}
        others = read_planned(planned) if planned else None
        if compare:
            return await compare_risk_since(cmdb, items, compare, how, seen, **span, planned=others)
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
            help='A JSON list, or lines, of {"name", "items": [...], "state", "start", "end"}; '
            "times are UTC unless they have an offset.",
            metavar="FILE",
        ),
    ],
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Which planned failures are in each other's way; exits with 1 where some are, or with
    --compare where some are that were not.

    Example: cmdb collisions --planned tonight.json
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.collisions import collisions as find
        from cmdb.collisions import compare_collisions_since, read_planned

        given, page = read_planned(planned), {"limit": limit, "offset": offset}
        if compare:
            return await compare_collisions_since(cmdb, given, compare, view.viewpoint(), **page)
        return await find(cmdb, given, view.viewpoint(), **page)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
    else:
        view.say_supposed()
        (print_answer_comparison if compare else _print_collisions)(found)
    return int((found.counts.new if compare else found.total) > 0)


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
