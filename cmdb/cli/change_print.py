"""A change on the terminal, as an approver reads it."""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.changes.view import AssessmentMoved, ChangeAnalysis, ChangeReview, ChangeView, Conflict
from cmdb.cli.output import STATE_STYLE, print_table, say, styled

SHOWN = 8


def print_change(view: ChangeView) -> None:
    """Print a change."""
    props = view.properties
    say(f"{view.number}  {props.get('short_description', '')}", "bold")
    kind = props.get("change_model") or props.get("change_type") or "normal"
    following = ", ".join(s.replace("_", " ") for s in view.next_states)
    say(f"{view.state.replace('_', ' ')}, {kind}; next: {following or 'nothing'}")
    for name, label in (
        ("requested_by", "requested by"),
        ("assigned_to", "made by"),
        ("waiver", "waiver"),
        ("commit", "commit"),
        ("close_code", "outcome"),
        ("close_notes", "notes"),
        ("review_notes", "review"),
    ):
        if props.get(name):
            say(f"{label}: {props[name]}")
    _span(view, "planned", "start_date", "end_date")
    _span(view, "actual", "work_start", "work_end")
    if view.items:
        print_table(
            ("works on", "action", "while it is made"),
            [
                (f"{i.kind} {i.name}", i.action, styled(i.state, STATE_STYLE[i.state]))
                for i in view.items[:SHOWN]
            ],
        )
    for label, rows in (("for", view.affected), ("fixes", view.fixes)):
        if rows:
            say(f"{label}: {', '.join(f'{r.kind} {r.name}' for r in rows)}")
    if view.analysis is not None:
        _analysis(view.analysis)
    if view.moved_since is not None:
        say("Since it was assessed (assess it again to record it):", "bold yellow")
        _moved(view.moved_since)
    _approvals(view)
    for step in view.steps:
        who = f", {step.assigned_to}" if step.assigned_to else ""
        said = step.state.replace("_", " ")
        say(f"step {step.order}: {step.number} {step.short_description} ({said}{who})")
    if view.review is not None:
        _review(view.review)


def _span(view: ChangeView, label: str, first: str, last: str) -> None:
    start, end = view.properties.get(first), view.properties.get(last)
    if start or end:
        say(f"{label}: {_clock(start)} to {_clock(end)}")


def _clock(value: object) -> str:
    from cmdb.items.value import parse_time

    return f"{parse_time(value):%Y-%m-%d %H:%M} UTC" if isinstance(value, str) else "open"


def _analysis(found: ChangeAnalysis) -> None:
    say(f"As of revision {found.revision}: {found.sentence}")
    if found.services:
        print_table(
            ("service", "state", "criticality"),
            [
                (
                    f"{s.kind} {s.name}",
                    styled(s.state.replace("_", " "), STATE_STYLE[s.state]),
                    s.criticality or "",
                )
                for s in found.services[:SHOWN]
            ],
        )
    say(f"Risk {found.risk_score:g} of 100 ({found.risk}):")
    rows = [
        (f.factor.replace("_", " "), f"{f.points:.1f}", f.sentence)
        for f in found.risk_factors
        if f.points
    ]
    if rows:
        print_table(("factor", "points", "because"), rows)
    print_conflicts(found.conflicts, len(found.conflicts))
    ruling = found.ruling
    who = ", ".join(ruling.authorities) or "nobody"
    when = "afterwards" if ruling.is_after else "before"
    say(f"Policy: {ruling.ruling}; {who} must agree {when} ({'; '.join(ruling.reasons)}).")
    if found.moved is not None:
        say(f"What the last assessment changed (before: revision {found.moved.since_revision}):")
        _moved(found.moved)


def print_conflicts(found: Sequence[Conflict], total: int) -> None:
    """Print what is in a change's way: the first of ``total``."""
    if found:
        say("In the way:")
        for conflict in found[:SHOWN]:
            say(f"  {conflict.sentence}")
        if total > SHOWN:
            say(f"  … and {total - SHOWN} more")


def _moved(found: AssessmentMoved) -> None:
    if found.risk_before != found.risk_after or found.class_before != found.class_after:
        say(
            f"  risk {found.risk_before:g} ({found.class_before}) -> "
            f"{found.risk_after:g} ({found.class_after})"
        )
    for label, rows in (
        ("hits as well", found.services_gained),
        ("no longer hits", found.services_lost),
        ("new in the way", found.conflicts_gained),
        ("no longer in the way", found.conflicts_gone),
    ):
        _sentences(f"  {label}:", rows, "    ")


def _sentences(title: str, rows: Sequence[str], indent: str = "  ") -> None:
    if rows:
        say(title)
        for row in rows[:SHOWN]:
            say(f"{indent}{row}")
        if len(rows) > SHOWN:
            say(f"{indent}… and {len(rows) - SHOWN} more")


def _approvals(view: ChangeView) -> None:
    rows = []
    for a in view.approvals:
        who = a.decided_by or (f"could: {', '.join(a.eligible)}" if a.eligible else "")
        rows.append((a.number, a.authority, a.state.replace("_", " "), who, a.comments or ""))
    if rows:
        print_table(("approval", "authority", "state", "by", ""), rows)


def _review(found: ChangeReview) -> None:
    say(f"What followed: {found.sentence}")
    for row in found.revisions[:SHOWN]:
        where = "within" if row.is_inside else "after"
        say(f"  {row.time:%Y-%m-%d %H:%M} {where}: {row.name} {row.summary} ({row.actor})")
    for incident in found.incidents[:SHOWN]:
        say(f"  {incident.number} {incident.short_description} ({incident.state})")
