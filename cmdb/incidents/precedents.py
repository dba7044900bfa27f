"""What was to blame before: items that earlier incidents like this one name as their cause.

Where nobody drew how things depend on each other, history is what there is. An earlier incident
that affects the same item counts, the younger the more; any other hardly does. Nothing but
incidents opened before counts, and of those only causes that were known by then.

The ranking is that of a nearest-neighbour vote, each neighbour weighted by its likeness and age
(Dudani, "The distance-weighted k-nearest-neighbor rule", IEEE Trans. SMC 6(4), 1976); where it
departs is that likeness is given by shared items, not by a distance of features.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

HALF_LIFE = timedelta(days=60)
"""After so long an earlier incident counts half."""
SAME_ITEM = 1.0
ANYTHING = 0.001
"""What any other earlier incident counts: enough to say what mostly breaks, where nothing else is
known."""
ITSELF = 1.0
"""What speaks for the affected item itself, in incidents like it."""


class Past(msgspec.Struct, frozen=True):
    """An earlier incident: when it was opened and its cause became known, the ids of what it
    affected and of what caused it."""

    opened: datetime
    known: datetime
    affected: tuple[str, ...]
    causes: tuple[str, ...]


class Precedent(msgspec.Struct, frozen=True):
    """An item that was to blame before: ``score`` is its share of the vote, 0 to 1, ``times`` how
    often it caused an incident that affects the same items."""

    item: str
    score: float
    times: int


def precedents(
    affected: Sequence[str], at: datetime, past: Iterable[Past], *, limit: int = 5
) -> list[Precedent]:
    """The items that earlier incidents speak for, the likeliest first; ties go by id.

    Only incidents opened, and causes known, before ``at`` count. O(past).
    """
    votes: dict[str, float] = defaultdict(float)
    times: dict[str, int] = defaultdict(int)
    own = frozenset(affected)
    for item in own:
        votes[item] += ITSELF
    for incident in past:
        if incident.opened >= at or incident.known >= at:
            continue
        is_same = not own.isdisjoint(incident.affected)
        likeness = SAME_ITEM if is_same else ANYTHING
        weight = likeness * 0.5 ** ((at - incident.opened) / HALF_LIFE)
        for cause in incident.causes:
            votes[cause] += weight
            times[cause] += is_same
    total = sum(votes.values())
    ranked = sorted(votes, key=lambda item: (-votes[item], item))[:limit]
    return [Precedent(i, round(votes[i] / total, 4), times[i]) for i in ranked] if total else []
