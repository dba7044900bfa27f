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


def print_answer_comparison(found: Any) -> None:
    """Print both answers' sentences, then the rows that came, went and moved."""
    say(f" then: {found.before_sentence} (revision {found.before_revision})")
    say(f"  now: {found.after_sentence} (revision {found.revision})")
    for title, rows, side in (("New:", found.new, "after"), ("Gone:", found.gone, "before")):
        if rows:
            say(title, "bold")
            print_table(
                ("rank", "what", "state", "score", ""),
                [_standing(row, getattr(row, side)) for row in rows[:SHOWN]],
            )
    if found.changed:
        say("Otherwise:", "bold")
        print_table(
            ("what", "then", "now"),
            [(row.name, _stood(row.before), _stood(row.after)) for row in found.changed[:SHOWN]],
        )
    counts = found.counts
    if not counts.new + counts.gone + counts.changed:
        say("Nothing differs.")
    if found.truncated or max(len(found.new), len(found.gone), len(found.changed)) > SHOWN:
        say("Lists are cut at --limit; the counts are of everything.")
    if not found.complete:
        say("A search was broken off at one of the points, so that rows may be missing there.")
    say(
        f"{counts.new:,} new, {counts.gone:,} gone, {counts.changed:,} otherwise; {counts.after:,} "
        f"now, {counts.before:,} then"
    )


def _standing(row: Any, stood: Any) -> tuple[Any, ...]:
    state = styled(_spoken(stood.state), STATE_STYLE[stood.state]) if stood.state else ""
    score = "" if stood.score is None else f"{stood.score:g}"
    return stood.rank, row.name, state, score, stood.text


def _stood(stood: Any) -> str:
    parts = [f"rank {stood.rank}", _spoken(stood.state or "")]
    parts += ["" if stood.score is None else f"score {stood.score:g}", stood.text]
    return ", ".join(part for part in parts if part)


def _spoken(state: str) -> str:
    return state.replace("_", " ")


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
