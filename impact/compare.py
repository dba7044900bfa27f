"""One failure on two estates: what it does to one and not to the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from impact.answer import Counts, OtherState
from impact.estate import Estate
from impact.page import Page
from impact.propagate import propagate
from impact.states import State


class ComparedPoint(msgspec.Struct, frozen=True):
    """What the failure does at one of two points: the revision and time it is true of, the failed
    items that are there, and how many items end up in which state."""

    revision: int
    as_of: datetime
    failed: tuple[str, ...]
    counts: Counts


class Comparison(msgspec.Struct, frozen=True):
    """What the same failure does at two points.

    ``changes`` are the items whose state differs and those that are affected at one point and not
    part of the estate at the other (None there), the largest steps first. ``worse``, ``better``,
    ``appeared`` and ``gone`` count all of them; ``truncated`` says that the list was cut.
    """

    revision: int
    as_of: datetime
    before: ComparedPoint
    after: ComparedPoint
    worse: int
    better: int
    appeared: int
    gone: int
    changes: tuple[OtherState, ...]
    truncated: bool


def compare(
    before: Estate,
    after: Estate,
    failed: Mapping[str, State],
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Comparison:
    """What lets the failure of these items, given by id, differ between two estates.

    An item that is not part of one estate does not fail there. Raises what
    :meth:`~impact.estate.Estate.position` raises for one that is part of neither, and
    :class:`~cmdb.errors.InvalidInput` for a negative limit or offset. Costs two propagations.
    """
    page = Page(limit, offset)
    for item in failed:
        if item not in before.index:
            after.position(item)
    first, states_before = _point(before, failed)
    second, states_after = _point(after, failed)
    rows = sorted(_differing(before, after, states_before, states_after), key=_order)
    there = [(c.before, c.after) for c in rows if c.before is not None and c.after is not None]
    return Comparison(
        revision=after.revision,
        as_of=after.as_of,
        before=first,
        after=second,
        worse=sum(_rank(was) < _rank(now) for was, now in there),
        better=sum(_rank(was) > _rank(now) for was, now in there),
        appeared=sum(row.before is None for row in rows),
        gone=sum(row.after is None for row in rows),
        changes=page.of(rows),
        truncated=page.cuts(len(rows)),
    )


def _point(estate: Estate, failed: Mapping[str, State]) -> tuple[ComparedPoint, dict[str, State]]:
    given = {estate.index[item]: state for item, state in failed.items() if item in estate.index}
    states = propagate(estate, given)
    counts = Counter(states.values())
    point = ComparedPoint(
        revision=estate.revision,
        as_of=estate.as_of,
        failed=tuple(estate.items[item].id for item in given),
        counts=Counts(counts[State.DOWN], counts[State.DEGRADED], counts[State.AT_RISK]),
    )
    return point, {estate.items[item].id: state for item, state in states.items()}


def _differing(
    before: Estate,
    after: Estate,
    states_before: Mapping[str, State],
    states_after: Mapping[str, State],
) -> Iterable[OtherState]:
    for item in states_before.keys() | states_after.keys():
        was = states_before.get(item, State.UP).label if item in before.index else None
        now = states_after.get(item, State.UP).label if item in after.index else None
        if was != now:
            there = after if now is not None else before
            value = there.items[there.index[item]]
            yield OtherState(value.id, value.kind, value.name, was, now)


def _rank(state: str | None) -> State:
    return State.UP if state is None else State[state.upper()]


def _order(row: OtherState) -> tuple[int, str, str, str]:
    return -abs(_rank(row.before) - _rank(row.after)), row.kind, row.name, row.id
