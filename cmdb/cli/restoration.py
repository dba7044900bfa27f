"""The verb restoration-order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.analysis import FailureState
from cmdb.cli.comparison import print_answer_comparison
from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.run import JsonOption, LimitOption, OffsetOption, StoreOption, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, CompareOption, ViewOptions, with_view

if TYPE_CHECKING:
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command("restoration-order")(with_view(restoration_order))


def restoration_order(
    items: Annotated[
        list[str], typer.Argument(help="What failed: ids, identifiers or unique names.")
    ],
    state: Annotated[
        FailureState, typer.Option("--state", help="How badly it failed.")
    ] = FailureState.down,
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 1000,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """In which order to bring back all that these failures took down.

    Example: cmdb restoration-order dc1-r03-acc-sw1
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.analysis import analyse_failure, compare_restoration_since
        from impact import failure
        from impact.restoration import restoration_order as order

        how, seen = failure(state.value), view.viewpoint()
        page: Any = {"limit": limit, "offset": offset}
        if compare:
            return await compare_restoration_since(cmdb, items, compare, how, seen, **page)
        return order(await analyse_failure(cmdb, items, how, seen), **page)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    view.say_supposed()
    if compare:
        print_answer_comparison(found)
        return 0
    counts = found.counts
    say(f"{plural(counts.items, 'item')} in {plural(counts.waves, 'wave')}", "bold")
    print_table(
        ("wave", "item", "now", "together with"),
        [
            (wave.number, f"{first.kind} {first.name}", first.state, _named(others))
            for wave in found.waves
            for first, *others in (group.items for group in wave.groups)
        ],
    )
    if counts.at_risk:
        say(f"{plural(counts.at_risk, 'item')} at risk will be whole again after that.")
    if found.truncated:
        say("The list is cut at --limit; the counts are of everything.")
    say(f"(revision {found.revision})")
    return 0


def _named(items: Any) -> str:
    return ", ".join(f"{item.kind} {item.name}" for item in items)
