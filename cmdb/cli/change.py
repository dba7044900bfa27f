"""What a change does before it is made: change assess, of a plan or of a record; the other verbs of
change enablement are in :mod:`cmdb.cli.change_verbs`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.change_ruling import assess_record
from cmdb.cli.change_verbs import add_first, add_others
from cmdb.cli.change_words import SHOWN, found_by, item_of, listed, summary
from cmdb.cli.comparison import print_comparison, print_risk_comparison
from cmdb.cli.output import STATE_STYLE, plural, print_json, print_table, say, styled
from cmdb.cli.records import group
from cmdb.cli.risk import EndOption, PlannedFileOption, StartOption
from cmdb.cli.run import JsonOption, LimitOption, OffsetOption, StoreOption, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, CompareOption, ViewOptions, with_view
from cmdb.errors import InvalidInput

if TYPE_CHECKING:
    from cmdb.plans import Plan
    from cmdb.service import Cmdb


class AssessmentFormat(StrEnum):
    """What an assessment is written as."""

    text = "text"
    markdown = "markdown"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    verbs = group(app, "change", "What a change hits, who agrees to it, and what became of it.")
    add_first(verbs)
    verbs.command("assess")(with_view(assess))
    add_others(verbs)


def assess(
    change: Annotated[
        str | None, typer.Argument(help="The number of a change that is recorded here.")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            help="What terraform show -json prints, or Kubernetes manifests; - reads from a pipe.",
            metavar="FILE",
        ),
    ] = None,
    max_risk: Annotated[
        float | None,
        typer.Option(
            "--max-risk", min=0, max=100, help="Exit with 1 where the risk is above it (0 to 100)."
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Exit with 1 where the plan touches something that is not known here."
        ),
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", help="Which cluster Kubernetes objects are in.", metavar="ITEM"),
    ] = None,
    start: StartOption = None,
    end: EndOption = None,
    planned: PlannedFileOption = None,
    compare: CompareOption = None,
    written: Annotated[
        AssessmentFormat,
        typer.Option("--format", help="markdown is a comment for a pull request."),
    ] = AssessmentFormat.text,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 1000,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What a plan's apply takes down, replaces or merely edits, and how risky that is; or, of a
    recorded change, its impact, risk and conflicts, and who must agree to it (1: it is held).

    Example: cmdb change assess --plan plan.json --max-risk 60
    """
    if (change is None) == (plan is None):
        raise InvalidInput("Name a change, or a plan with --plan FILE.")
    if change is not None:
        window = (start, end, planned, compare)
        others = (strict, cluster, offset, *window, written is not AssessmentFormat.text)
        _only_for_plans(view, *others)
        return assess_record(change, store, max_risk=max_risk, as_json=as_json)
    assert plan is not None
    if compare and (strict or written is AssessmentFormat.markdown):
        other = "--strict" if strict else "--format markdown"
        raise InvalidInput(f"A comparison says what differs; {other} is for the whole answer.")
    found = with_cmdb(
        store,
        _asked(
            _read(plan),
            view,
            compare,
            (start, end, planned),
            {"cluster": cluster, "limit": limit, "offset": offset},
        ),
    )
    risk = found.risk.total if found.risk else 0.0
    refused = []
    if max_risk is not None and risk > max_risk:
        refused.append(f"The risk {risk:g} is above the most that is allowed, {max_risk:g}.")
    if strict and found.unmapped:
        what = plural(len(found.unmapped), "resource")
        refused.append(f"{what} of the plan: not known here, so what follows is not known either.")
    if as_json or written is AssessmentFormat.json:
        print_json(found)
    elif written is AssessmentFormat.markdown:
        from cmdb.cli.change_markdown import markdown

        sys.stdout.write(markdown(found, refused))
    else:
        view.say_supposed()
        if compare:
            _print_comparison(found)
        else:
            _print(found, offset)
        for sentence in refused:
            say(sentence, "bold red")
    return int(bool(refused))


def _asked(
    plan: Plan,
    view: ViewOptions,
    compare: str | None,
    times: tuple[str | None, str | None, Path | None],
    how: dict[str, Any],
) -> Callable[[Cmdb], Awaitable[Any]]:
    """The question that was typed. ``times`` are the window and the planned failures."""
    from cmdb.change_assessment import assess_plan, compare_assessment_since
    from cmdb.collisions import read_planned
    from cmdb.times import read_time

    start, end, planned = times
    seen, how = view.viewpoint(), {**how}
    how |= {"start": read_time(start, "--start"), "end": read_time(end, "--end")}
    how["planned"] = read_planned(planned) if planned else ()

    async def work(cmdb: Cmdb) -> Any:
        if compare:
            return await compare_assessment_since(cmdb, plan, compare, seen, **how)
        return await assess_plan(cmdb, plan, seen, **how)

    return work


def _only_for_plans(view: ViewOptions, *others: object) -> None:
    if any(others) or view != NO_VIEW:
        raise InvalidInput(
            "A recorded change is assessed as things stand, in its own window: --strict, "
            "--cluster, --format, --start, --end, --planned, --compare, --offset, --at, --what-if "
            "and --include-planned are for plans."
        )


def _read(path: Path) -> Plan:
    from cmdb.change_assessment import plan_file
    from cmdb.plans import read_plan

    if str(path) == "-":
        return read_plan(sys.stdin.buffer.read(), "the standard input")
    return plan_file(path)


def _print(found: Any, offset: int) -> None:
    from cmdb.cli.change_print import print_conflicts

    say(summary(found), "bold")
    rows = [c for c in found.changes if c.effect != "create"]
    if rows:
        print_table(
            ("effect", "resource", "item", "found by", ""),
            [(c.effect, c.address, item_of(c), found_by(c), c.reason) for c in rows[:SHOWN]],
        )
        if len(rows) > SHOWN:
            say(f"… and {plural(len(rows) - SHOWN, 'more resource')}")
    if found.unmapped:
        say(f"Not known here, so what follows from them is not known either: {listed(found)}.")
    if found.impact is None:
        say("Nothing that is known here is taken down.")
        print_conflicts(found.conflicts, found.total_conflicts)
        return
    from impact.render import sentence

    if not offset:
        say(sentence(found.impact))
    if found.impact.services:
        print_table(
            ("service", "state", "criticality"),
            [
                (
                    f"{s.kind} {s.name}",
                    styled(s.state.replace("_", " "), STATE_STYLE[s.state]),
                    s.criticality or "",
                )
                for s in found.impact.services[:SHOWN]
            ],
        )
    say(f"Risk {found.risk.total:g} of 100:")
    print_table(
        ("factor", "points", "because"),
        [
            (f.factor.replace("_", " "), f"{f.points:.1f}", f.sentence)
            for f in found.risk.factors
            if f.points
        ],
    )
    print_conflicts(found.conflicts, found.total_conflicts)
    say(f"(revision {found.revision})")


def _print_comparison(found: Any) -> None:
    if found.impact is None:
        say("Nothing that is known here is taken down, then or now.")
    else:
        print_comparison(found.impact)
        print_risk_comparison(found.risk)
    for title, rows in (
        ("New in the way:", found.new_conflicts),
        ("No longer in the way:", found.gone_conflicts),
    ):
        if rows:
            say(title, "bold")
            for row in rows:
                say(f"  {row.sentence}")
