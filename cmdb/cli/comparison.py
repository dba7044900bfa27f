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


def print_dependencies_comparison(found: Any) -> None:
    """Print what came, what went, and what is otherwise."""
    counts = found.counts
    verb = "is what these rest on" if found.direction == "dependents" else "rests on these"
    say(
        f"{found.kind} {found.name} {verb}: {plural(counts.after, 'item')}, {counts.before} at "
        f"revision {found.before_revision}: {counts.new} new, {counts.gone} gone, "
        f"{counts.changed} otherwise",
        "bold",
    )
    for title, rows in (("New:", found.new), ("Gone:", found.gone)):
        if rows:
            say(title, "bold")
            print_table(
                ("steps", "item", "by", "gate", "strength"),
                [(d.depth, f"{d.kind} {d.name}", *_terms(d)[1:]) for d in rows],
            )
    if found.changed:
        say("Otherwise:", "bold")
        print_table(
            ("item", "then", "now"),
            [
                (f"{c.kind} {c.name}", *(_line(point) for point in (c.before, c.after)))
                for c in found.changed
            ],
        )
    if found.truncated:
        say("Lists are cut at --limit; the counts are of everything.")
    say(f"(revision {found.revision})")


def print_risk_comparison(found: Any) -> None:
    """Print both sums, then each factor whose points differ."""
    say(
        f"Risk {found.total:g} of 100, {found.before_total:g} at revision "
        f"{found.before_revision}; {plural(found.affected, 'item')} would not stay up, "
        f"{found.before_affected} then",
        "bold",
    )
    changed = [f for f in found.factors if f.before != f.after]
    if not changed:
        say("No factor differs.")
    else:
        print_table(
            ("factor", "then", "now", "because"),
            [
                (f.factor.replace("_", " "), f"{f.before:.1f}", f"{f.after:.1f}", f.after_sentence)
                for f in changed
            ],
        )
    say(f"(revision {found.revision})")


def _terms(found: Any) -> tuple[Any, ...]:
    return found.depth, found.relation, found.gate or "", found.strength


def _line(found: Any) -> str:
    depth, relation, gate, strength = _terms(found)
    of = f" {found.needed:g} of {found.total:g}" if found.needed is not None else ""
    way = f"{relation}, gate {gate}{of}" if gate else relation
    return f"{plural(depth, 'step')}, {way}, {strength}"
