"""The weak points of one service: single points of failure, and redundancy that is none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from impact.analysis import analyse
from impact.answer import Because
from impact.blast_radius import because, services_among
from impact.difference import difference
from impact.estate import Estate
from impact.page import Page
from impact.propagate import count_at_least
from impact.states import State
from impact.takedowns import Takedowns, takedowns

DEFAULT_LIMIT = 100
NAMED = 3
"""What is shared of a gate that a sentence names at most."""


class WeakPoint(msgspec.Struct, frozen=True):
    """An item whose DOWN alone takes the service down.

    ``because`` is the last step of how it does, ``path`` has the ids from the item to the service,
    and ``distance`` its steps. ``services_down`` and ``items_down`` count what goes down with it,
    this service and the item itself included.
    """

    id: str
    kind: str
    name: str
    distance: int
    because: Because | None
    path: tuple[str, ...]
    services_down: int
    items_down: int


class SharedItem(msgspec.Struct, frozen=True):
    """An item that the members of a gate have in common; ``weak_point`` says whether its loss goes
    on to take the whole service down."""

    id: str
    kind: str
    name: str
    weak_point: bool


class FalseRedundancy(msgspec.Struct, frozen=True):
    """A gate that could lose any one of its members, and yet fails with a single item.

    ``id``, ``kind`` and ``name`` are those of the dependent. ``needed`` and ``total`` are weights.
    ``shared`` has the nearest first and may be cut; ``shared_total`` counts them all.
    """

    id: str
    kind: str
    name: str
    gate: str
    members: tuple[str, ...]
    needed: int | float
    total: int | float
    shared: tuple[SharedItem, ...]
    shared_total: int
    sentence: str


class WeakPointCounts(msgspec.Struct, frozen=True):
    """How many there are, never cut; ``looked_at`` counts what the service rests on."""

    weak_points: int
    false_redundancies: int
    looked_at: int


class WeakPoints(msgspec.Struct, frozen=True):
    """The weak points of the service or other item ``id``: those with the shortest way up first
    (that of the explanation may be longer), then by kind, name and id. ``complete`` says that there
    are no other false redundancies, and nothing else shared in these; else the search for them was
    broken off. ``truncated`` says that a list is not whole."""

    revision: int
    as_of: datetime
    id: str
    kind: str
    name: str
    weak_points: tuple[WeakPoint, ...]
    false_redundancies: tuple[FalseRedundancy, ...]
    counts: WeakPointCounts
    complete: bool
    truncated: bool


def weak_points(
    estate: Estate, item_id: str, *, limit: int | None = DEFAULT_LIMIT, offset: int = 0
) -> WeakPoints:
    """Every other item whose DOWN alone takes this one DOWN, and the false redundancies on the way:
    exact, by the definition that :mod:`impact.takedowns` gives.

    ``limit`` and ``offset`` say what of both lists is given; what is shared of a gate is cut to its
    first ``limit``. Raises what :meth:`~impact.estate.Estate.position` raises, and
    :class:`~cmdb.errors.InvalidInput` for a negative limit or offset. Costs what the takedowns
    cost, and one analysis for each weak point that is listed.
    """
    page = Page(limit, offset)
    target = estate.position(item_id)
    found = takedowns(estate, target)
    kind, name, id_ = estate.label_of(target)
    weak, shared = found.weak_points(), found.shared()
    gates = sorted(shared, key=lambda at: found.step(estate.gates[at].dependent))
    rows = [_row(estate, item, target) for item in _first(estate, found, weak, page)]
    return WeakPoints(
        revision=estate.revision,
        as_of=estate.as_of,
        id=id_,
        kind=kind,
        name=name,
        weak_points=tuple(rows),
        false_redundancies=tuple(
            _false_redundancy(estate, found, at, shared[at], Page(limit))
            for at in _first_gates(estate, found, gates, page)
        ),
        counts=WeakPointCounts(len(weak), len(shared), found.looked_at),
        complete=found.complete,
        truncated=page.cuts(len(weak), len(shared)),
    )


def _first(estate: Estate, found: Takedowns, items: Sequence[int], page: Page) -> tuple[int, ...]:
    """Those on the page of items that are sorted by distance, then by kind, name and id."""
    near = _up_to(items, [found.step(item) for item in items[: page.end]], found.step)
    return page.of(sorted(near, key=lambda item: (found.step(item), *estate.label_of(item))))


def _first_gates(
    estate: Estate, found: Takedowns, gates: Sequence[int], page: Page
) -> tuple[int, ...]:
    """The same of gates, by their dependents."""

    def step(gate: int) -> int:
        return found.step(estate.gates[gate].dependent)

    def order(gate: int) -> tuple[int, str, str, str, int]:
        return step(gate), *estate.label_of(estate.gates[gate].dependent), gate

    near = _up_to(gates, [step(gate) for gate in gates[: page.end]], step)
    return page.of(sorted(near, key=order))


def _up_to(
    things: Sequence[int], steps: Sequence[int], step: Callable[[int], int]
) -> Sequence[int]:
    """The first of things that are sorted by steps, and all that are as far as the last of them:
    only these have to be put in order by name. ``steps`` are those of the first."""
    if not steps or len(steps) == len(things):
        return things[: len(steps)]
    return things[: bisect_right(things, steps[-1], lo=len(steps), key=step)]


def _row(estate: Estate, item: int, target: int) -> WeakPoint:
    analysis = analyse(estate, [estate.items[item].id])
    value = estate.items[item]
    path = analysis.path(target)
    return WeakPoint(
        id=value.id,
        kind=value.kind,
        name=value.name,
        distance=len(path) - 1,
        because=because(analysis, target),
        path=tuple(estate.items[step].id for step in path),
        services_down=len(services_among(estate, analysis.states, State.DOWN)),
        items_down=count_at_least(analysis.states, State.DOWN),
    )


def _false_redundancy(
    estate: Estate, found: Takedowns, at: int, shared: Sequence[int], page: Page
) -> FalseRedundancy:
    gate = estate.gates[at]
    kind, name, id_ = estate.label_of(gate.dependent)
    first = _first(estate, found, shared, page)
    rows = tuple(SharedItem(*_of(estate, item), found.is_weak(item)) for item in first)
    label = gate.label or gate.name
    named = " or ".join(f"{row.kind} {row.name!r}" for row in rows[:NAMED])
    left = len(shared) - len(rows[:NAMED])
    more = f" or {left:,} more" if left else ""
    return FalseRedundancy(
        id=id_,
        kind=kind,
        name=name,
        gate=label,
        members=tuple(estate.items[member].id for member in gate.members),
        needed=gate.shown(gate.needed),
        total=gate.shown(gate.total),
        shared=rows,
        shared_total=len(shared),
        sentence=(
            f"{kind} {name!r}, gate {label!r}: any one of its {len(gate.members)} members may "
            f"fail, but {named}{more} takes down too many alone."
        ),
    )


def _of(estate: Estate, item: int) -> tuple[str, str, str]:
    kind, name, id_ = estate.label_of(item)
    return id_, kind, name


class WeakPointRow(msgspec.Struct, frozen=True):
    """An item that takes the service down alone, and how many steps it is above it."""

    id: str
    kind: str
    name: str
    distance: int


class WeakPointsComparisonCounts(msgspec.Struct, frozen=True):
    """How many single points of failure there were and are, never cut."""

    before: int
    after: int
    new: int
    gone: int
    kept: int


class WeakPointsComparison(msgspec.Struct, frozen=True):
    """Which single points of failure of the item ``id`` are new and which are gone.

    ``revision`` and ``as_of`` are those of the later point, ``before_revision`` and
    ``before_as_of`` of the earlier. ``kept`` counts those of both. Lists have the nearest first;
    ``counts`` are of all, and ``truncated`` says that a list was cut.
    """

    revision: int
    as_of: datetime
    before_revision: int
    before_as_of: datetime
    id: str
    kind: str
    name: str
    new: tuple[WeakPointRow, ...]
    gone: tuple[WeakPointRow, ...]
    counts: WeakPointsComparisonCounts
    truncated: bool


def compare_weak_points(
    before: Estate,
    after: Estate,
    item_id: str,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> WeakPointsComparison:
    """What differs between an item's single points of failure in two estates.

    In an estate that does not have the item, it has none; one of them must have it. ``limit`` and
    ``offset`` say what of both lists is given. Raises what :meth:`~impact.estate.Estate.position`
    raises, and :class:`~cmdb.errors.InvalidInput` for a negative limit or offset. Costs the
    takedowns of both.
    """
    page = Page(limit, offset)
    if item_id not in before.index:
        after.position(item_id)
    then, now = _all_weak(before, item_id), _all_weak(after, item_id)
    found = difference(then, now, lambda row: row.id)
    counts = found.counts
    there = after if item_id in after.index else before
    kind, name, _ = there.label_of(there.index[item_id])
    return WeakPointsComparison(
        revision=after.revision,
        as_of=after.as_of,
        before_revision=before.revision,
        before_as_of=before.as_of,
        id=item_id,
        kind=kind,
        name=name,
        new=page.of(sorted(found.new, key=_nearest)),
        gone=page.of(sorted(found.gone, key=_nearest)),
        counts=WeakPointsComparisonCounts(
            before=counts.before,
            after=counts.after,
            new=counts.new,
            gone=counts.gone,
            kept=counts.after - counts.new,
        ),
        truncated=found.cut_by(page),
    )


def _nearest(row: WeakPoint | WeakPointRow) -> tuple[int, str, str, str]:
    return row.distance, row.kind, row.name, row.id


def _all_weak(estate: Estate, item_id: str) -> dict[str, WeakPointRow]:
    at = estate.index.get(item_id)
    if at is None:
        return {}
    found = takedowns(estate, at, most_looks=0)
    rows: dict[str, WeakPointRow] = {}
    for item in found.weak_points():
        kind, name, id_ = estate.label_of(item)
        rows[id_] = WeakPointRow(id_, kind, name, found.step(item))
    return rows
