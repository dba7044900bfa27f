"""The verb weak-points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.comparison import print_answer_comparison
from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.run import JsonOption, LimitOption, OffsetOption, StoreOption, told, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, CompareOption, ViewOptions, with_view

if TYPE_CHECKING:
    from cmdb.service import Cmdb
    from impact.cut_pairs import CutPairs
    from impact.estate_weak_points import EstateWeakPoints
    from impact.weak_points import WeakPoints, WeakPointsComparison


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command("weak-points")(with_view(weak_points))


def weak_points(
    service: Annotated[
        str | None,
        typer.Argument(help="A service or any other item: an id, identifier or unique name."),
    ] = None,
    pairs: Annotated[
        bool,
        typer.Option("--pairs", help="Show pairs that take it down together, and neither alone."),
    ] = False,
    estate: Annotated[
        bool, typer.Option("--estate", help="Rank all items that take any service down alone.")
    ] = False,
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 100,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What takes a service down alone, and which redundancy is none.

    Example: cmdb weak-points payments@production
    """
    mode = _mode(service, {"--pairs": pairs, "--estate": estate})

    async def work(cmdb: Cmdb) -> Any:
        from cmdb import weak_points as cases

        seen = view.viewpoint()
        page: Any = {"limit": limit, "offset": offset}
        if service is None:
            with told("Trying", quiet=as_json) as tell:
                if compare:
                    since = cases.compare_rankings_since
                    return await since(cmdb, compare, seen, progress=tell, **page)
                return await cases.rank_weak_points(cmdb, seen, progress=tell, **page)
        if compare:
            differ = cases.compare_cut_pairs_since if pairs else cases.compare_weak_points_since
            return await differ(cmdb, service, compare, seen, **page)
        find = cases.find_cut_pairs if pairs else cases.find_weak_points
        return await find(cmdb, service, seen, **page)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    view.say_supposed()
    if compare and mode:
        print_answer_comparison(found)
        return 0
    _PRINT["--compare" if compare else mode](found)
    if found.truncated:
        say("Lists are cut at --limit; the counts are of everything.")
    say(f"(revision {found.revision})")
    return 0


def _mode(service: str | None, given: Mapping[str, bool]) -> str:
    """The one option given that says what is asked; raises where there are two, or no service."""
    chosen = [option for option, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise typer.BadParameter(f"can't be combined with {chosen[0]}", param_hint=chosen[1])
    mode = chosen[0] if chosen else ""
    if mode == "--estate" and service is not None:
        raise typer.BadParameter("is the whole estate: name no SERVICE", param_hint="--estate")
    if mode != "--estate" and service is None:
        raise typer.BadParameter("name one, or give --estate", param_hint="SERVICE")
    return mode


def _print_weak_points(found: WeakPoints) -> None:
    counts, name = found.counts, f"{found.kind} {found.name}"
    say(
        f"{name}: {plural(counts.weak_points, 'single point')} of failure among the "
        f"{counts.looked_at - 1} it rests on",
        "bold",
    )
    if found.weak_points:
        print_table(
            ("steps", "item", "services down", "items down"),
            [
                (row.distance, f"{row.kind} {row.name}", row.services_down, row.items_down)
                for row in found.weak_points
            ],
        )
    if found.false_redundancies:
        say(f"False redundancy ({counts.false_redundancies}):", "bold")
        for false in found.false_redundancies:
            say(f"  {false.sentence}")
    if not found.complete:
        say("The search for false redundancy was broken off; there may be more of it.")


def _print_pairs(found: CutPairs) -> None:
    some = "" if found.complete else " at least"
    say(
        f"{found.kind} {found.name}:{some} {plural(found.total, 'pair')} of failures among the "
        f"{found.looked_at} it rests on",
        "bold",
    )
    if found.pairs:
        print_table(
            ("one", "other", "services down", "items down"),
            [
                (*(f"{i.kind} {i.name}" for i in row.items), row.services_down, row.items_down)
                for row in found.pairs
            ],
        )
    if not found.complete:
        say(f"The search was broken off after {found.walks:,} failures were tried.")


def _print_ranking(found: EstateWeakPoints) -> None:
    counts = found.counts
    say(
        f"{plural(counts.weak_points, 'item')} of the {counts.looked_at:,} that "
        f"{plural(counts.services, 'service')} rest on take a service down alone",
        "bold",
    )
    for title, rows in (
        ("Most services down:", found.by_services_down),
        ("Most saved by a redundancy:", found.by_saved_per_redundancy),
    ):
        if rows:
            say(title, "bold")
            print_table(
                ("item", "services down", "items down", "redundancies", "saved by each"),
                [
                    (
                        f"{row.kind} {row.name}",
                        row.services_down,
                        row.items_down,
                        row.redundancies,
                        f"{row.saved_per_redundancy:g}",
                    )
                    for row in rows
                ],
            )


def _print_comparison(found: WeakPointsComparison) -> None:
    counts = found.counts
    say(
        f"{found.kind} {found.name}: {plural(counts.after, 'single point')} of failure, "
        f"{counts.before} at revision {found.before_revision}: "
        f"{counts.new} new, {counts.gone} gone",
        "bold",
    )
    for title, rows in (("New:", found.new), ("Gone:", found.gone)):
        if rows:
            say(title, "bold")
            print_table(
                ("steps", "item"), [(row.distance, f"{row.kind} {row.name}") for row in rows]
            )


_PRINT: Mapping[str, Callable[[Any], None]] = {
    "": _print_weak_points,
    "--pairs": _print_pairs,
    "--estate": _print_ranking,
    "--compare": _print_comparison,
}
