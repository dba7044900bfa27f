"""What is said of an assessed plan, on the terminal and in a pull request alike."""

from __future__ import annotations

from typing import Any

SHOWN = 20
"""Rows of a list."""


def summary(found: Any) -> str:
    """How many resources the plan does what to: ``deletes 1 resource, creates 2``."""
    counts = found.counts
    parts = [
        f"{verb} {count}"
        for verb, count in (
            ("deletes", counts.delete),
            ("replaces", counts.replace),
            ("edits", counts.update),
            ("creates", counts.create),
            ("forgets", counts.forget),
        )
        if count
    ]
    tool = {"terraform": "The plan", "kubernetes": "Applying these manifests"}[found.tool]
    return f"{tool} {', '.join(parts)}." if parts else f"{tool} changes nothing."


def item_of(change: Any) -> str:
    """The item that a resource is, for a cell."""
    if change.match == "several":
        return f"one of {len(change.candidates)}"
    return f"{change.kind} {change.name}" if change.id else "not known"


def found_by(change: Any) -> str:
    """How its item was found, for a cell."""
    if change.match == "name":
        return "name only"
    return change.matched_by or ""


def listed(found: Any) -> str:
    """The first unmapped resources, and how many more there are."""
    more = len(found.unmapped) - SHOWN
    names = ", ".join(found.unmapped[:SHOWN])
    return f"{names} and {more} more" if more > 0 else names
