"""Printing what the same failure does at two points."""

from __future__ import annotations

from typing import Any

from cmdb.cli.output import STATE_STYLE, plural, print_table, say, styled

SHOWN = 50


def print_comparison(found: Any) -> None:
    """Print both counts, then the items whose state differs."""
    for label, point in (("then", found.before), ("now", found.after)):
        counts = point.counts
        say(
            f"{label:>5}: {counts.down} down, {counts.degraded} degraded, {counts.at_risk} at risk"
            f" (revision {point.revision})"
        )
    if not found.changes:
        say("No item's state differs.")
        return
    print_table(
        ("item", "then", "now"),
        [(f"{c.kind} {c.name}", _cell(c.before), _cell(c.after)) for c in found.changes[:SHOWN]],
    )
    total = found.worse + found.better + found.appeared + found.gone
    if total > SHOWN:
        say(f"… and {plural(total - SHOWN, 'more item')}")
    say(
        f"{found.worse} worse, {found.better} better, {found.appeared} new, {found.gone} no longer "
        "there"
    )


def _cell(state: str | None) -> Any:
    if state is None:
        return styled("not there", "dim")
    return styled(state.replace("_", " "), STATE_STYLE[state])
