"""A delta as people read it: what would be created, changed, merged, retired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmdb.cli.output import plural, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmdb.revisions import Delta
    from cmdb.revisions.views import Entity

SHOWN = 50
_SIGNS = {"created": "+", "removed": "-", "retired": "-", "missing": "?", "merged": "="}


def _lines(delta: Delta) -> list[tuple[str, Entity | None, Entity | None, str]]:
    changes = [(c.action.value, c.before, c.after, c.reason) for c in delta.items]
    links = [(c.action.value, c.before, c.after, c.reason) for c in delta.links]
    waiting = [(c.action.value, c.before, c.after, c.reason) for c in delta.waiting]
    return [*changes, *links, *waiting]


def shown_entities(delta: Delta) -> list[Entity | None]:
    """What :func:`print_delta` prints a line for."""
    return [after or before for _, before, after, _ in _lines(delta)[:SHOWN]]


def print_delta(delta: Delta, names: Mapping[str, str]) -> None:
    """Print the first changes, each with its fields and why; then how many more there are.

    ``names`` are those of items that the delta links to and does not change.
    """
    from cmdb.views import entity_name, field_changes

    names = {**names, **{c.after.id: entity_name(c.after) for c in delta.items}}
    lines = _lines(delta)
    for action, before, after, reason in lines[:SHOWN]:
        label = entity_name(after or before, names)
        say(f"{_SIGNS.get(action, '~')} {label} ({action}: {reason})")
        if before is not None and after is not None:
            for change in field_changes(before, after):
                say(f"    {change.field}: {change.before!r} -> {change.after!r}")
    if len(lines) > SHOWN:
        say(f"… and {plural(len(lines) - SHOWN, 'more change')}")
    for key in delta.shared:
        say(f"! {key} is shared by several things and identifies none of them any more")


def delta_data(delta: Delta) -> dict[str, Any]:
    """The delta as plain JSON values."""
    return {
        "items": delta.items,
        "links": delta.links,
        "waiting": delta.waiting,
        "shared": delta.shared,
        "touches": len(delta.touches),
    }
