"""Which alerts belong together: those that one likely cause explains. Pure, over the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from impact import State
from impact.cause_answer import Cause
from impact.causes import Alert, find_causes
from impact.estate import Estate
from impact.propagate import propagate

LISTED = 20
"""Causes of which the group is chosen."""
MOST_GROUPS = 50
"""Causes that are looked for; what they leave unexplained is gathered item by item."""
ENOUGH_PRECISION = 0.2
"""Of what a cause would break, the part that must alert for it to gather alerts of other items."""
MOST_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Group:
    """Alerting items (ids) with the items that most likely caused it: one that stands alone is its
    own."""

    items: tuple[str, ...]
    causes: tuple[str, ...]
    state: State


def symptoms(estate: Estate, failed: Mapping[str, State]) -> frozenset[str]:
    """The ids of all items that would not be up if these failed, themselves included."""
    given = {estate.index[item]: state for item, state in failed.items() if item in estate.index}
    return (
        frozenset(estate.items[at].id for at in propagate(estate, given)) if given else frozenset()
    )


def grouped(
    estate: Estate,
    alerts: Sequence[Alert],
    monitored: Callable[[str], bool],
    prior: Callable[[str], int] | None = None,
) -> list[Group]:
    """The alerts' items in groups, the largest explanation first.

    Time and again the best single cause of what is left takes what it explains. Where several
    failed at once, they are told apart as long as each explains alerts of its own. O(groups) runs
    of :func:`~impact.causes.find_causes`.
    """
    left = {alert.item: alert for alert in alerts if alert.item in estate.index}
    found: list[Group] = []
    while left and len(found) < MOST_GROUPS:
        ranked = find_causes(
            estate,
            left.values(),
            monitored=lambda item: item in left or monitored(item),
            prior=prior,
            limit=LISTED,
            most_tried=MOST_CANDIDATES,
        )
        cause = _chosen(ranked.causes)
        if cause is None:
            break
        group = tuple(item for item in cause.explains if item in left)
        if not group:
            break
        state = State.DEGRADED if cause.state == "degraded" else State.DOWN
        found.append(Group(group, tuple(item.id for item in cause.items), state))
        for item in group:
            del left[item]
    return found + [Group((item,), (item,), State.DOWN) for item in left]


def _chosen(causes: Sequence[Cause]) -> Cause | None:
    """The best cause; of a set whose members explain apart what it explains together, the member
    that explains most."""
    if not causes:
        return None
    best = causes[0]
    singles = {c.items[0].id: c for c in causes if len(c.items) == 1}
    members = [singles[item.id] for item in best.items if item.id in singles]
    if len(best.items) > 1 and len(members) == len(best.items):
        together = {item for member in members for item in member.explains}
        if together >= set(best.explains):
            return max(members, key=lambda m: (len(m.explains), m.score))
    return best
