"""The verb weak-points."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.run import AtOption, JsonOption, LimitOption, StoreOption, with_cmdb


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command("weak-points")(weak_points)


def weak_points(
    service: Annotated[
        str, typer.Argument(help="A service or any other item: an id, identifier or unique name.")
    ],
    planned: Annotated[
        bool, typer.Option("--planned", help="Count planned items as if they were there.")
    ] = False,
    at: AtOption = None,
    limit: LimitOption = 100,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What takes a service down alone, and which redundancy is none.

    Example: cmdb weak-points payments@production
    """
    from cmdb.weak_points import find_weak_points

    found = with_cmdb(
        store,
        lambda cmdb: find_weak_points(cmdb, service, at=at, include_planned=planned, limit=limit),
    )
    if as_json:
        print_json(found)
        return 0
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
    if found.truncated:
        say("Lists are cut at --limit; the counts are of everything.")
    say(f"(revision {found.revision})")
    return 0
