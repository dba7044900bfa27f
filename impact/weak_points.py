"""The weak points of one service: single points of failure, and redundancy that is none."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.errors import InvalidInput
from impact.analysis import Analysis, analyse
from impact.answer import Because
from impact.blast_radius import because, services_reached
from impact.estate import Estate
from impact.states import State
from impact.takedowns import Takedowns

DEFAULT_LIMIT = 100


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
    """

    id: str
    kind: str
    name: str
    gate: str
    members: tuple[str, ...]
    needed: int | float
    total: int | float
    shared: tuple[SharedItem, ...]
    sentence: str


class WeakPointCounts(msgspec.Struct, frozen=True):
    """How many there are, never cut; ``looked_at`` counts what the service rests on."""

    weak_points: int
    false_redundancies: int
    looked_at: int


class WeakPoints(msgspec.Struct, frozen=True):
    """The weak points of the service or other item ``id``: the nearest first, then by kind, name
    and id. ``truncated`` says that a list was cut."""

    revision: int
    as_of: datetime
    id: str
    kind: str
    name: str
    weak_points: tuple[WeakPoint, ...]
    false_redundancies: tuple[FalseRedundancy, ...]
    counts: WeakPointCounts
    truncated: bool


def weak_points(estate: Estate, item_id: str, *, limit: int | None = DEFAULT_LIMIT) -> WeakPoints:
    """Every other item whose DOWN alone takes this one DOWN, and the false redundancies on the way:
    exact, by the definition that :mod:`impact.takedowns` gives.

    ``limit`` cuts both lists. Raises what :meth:`~impact.estate.Estate.position` raises, and
    :class:`~cmdb.errors.InvalidInput` for a negative limit. Costs what the takedowns cost, and one
    analysis for each weak point that is listed.
    """
    if limit is not None and limit < 0:
        raise InvalidInput(f"The limit must be 0 or more, not {limit}.")
    target = estate.position(item_id)
    takedowns = Takedowns.of(estate, target)
    weak = takedowns.takes_down()
    shared = takedowns.shared()

    def order(item: int) -> tuple[int, str, str, str]:
        value = estate.items[item]
        return takedowns.steps[item], value.kind, value.name, value.id

    def gate_order(at: int) -> tuple[int, str, str, str, int]:
        return *order(estate.gates[at].dependent), at

    value = estate.items[target]
    return WeakPoints(
        revision=estate.revision,
        as_of=estate.as_of,
        id=value.id,
        kind=value.kind,
        name=value.name,
        weak_points=tuple(
            sorted(
                (_row(estate, i, target) for i in sorted(weak, key=order)[:limit]),
                key=lambda row: (row.distance, row.kind, row.name, row.id),
            )
        ),
        false_redundancies=tuple(
            _false_redundancy(estate, at, sorted(shared[at], key=order), weak | {target})
            for at in sorted(shared, key=gate_order)[:limit]
        ),
        counts=WeakPointCounts(len(weak), len(shared), len(takedowns.steps)),
        truncated=limit is not None and max(len(weak), len(shared)) > limit,
    )


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
        services_down=_services_down(analysis),
        items_down=sum(state is State.DOWN for state in analysis.states.values()),
    )


def _services_down(analysis: Analysis) -> int:
    return sum(service.state == State.DOWN.label for service in services_reached(analysis))


def _false_redundancy(
    estate: Estate, at: int, shared: list[int], weak: set[int]
) -> FalseRedundancy:
    gate = estate.gates[at]
    dependent = estate.items[gate.dependent]
    rows = tuple(
        SharedItem(i.id, i.kind, i.name, place in weak)
        for place, i in ((place, estate.items[place]) for place in shared)
    )
    label = gate.label or gate.name
    named = " or ".join(f"{row.kind} {row.name!r}" for row in rows[:3])
    more = f" or {len(rows) - 3} more" if len(rows) > 3 else ""
    return FalseRedundancy(
        id=dependent.id,
        kind=dependent.kind,
        name=dependent.name,
        gate=label,
        members=tuple(estate.items[member].id for member in gate.members),
        needed=gate.shown(gate.needed),
        total=gate.shown(gate.total),
        shared=rows,
        sentence=(
            f"{dependent.kind} {dependent.name!r}, gate {label!r}: any one of its "
            f"{len(gate.members)} members may fail, but {named}{more} takes down too many alone."
        ),
    )


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
    before: Estate, after: Estate, item_id: str, *, limit: int | None = DEFAULT_LIMIT
) -> WeakPointsComparison:
    """What differs between an item's single points of failure in two estates.

    In an estate that does not have the item, it has none; one of them must have it. ``limit`` cuts
    both lists. Raises what :meth:`~impact.estate.Estate.position` raises, and
    :class:`~cmdb.errors.InvalidInput` for a negative limit. Costs the takedowns of both.
    """
    if limit is not None and limit < 0:
        raise InvalidInput(f"The limit must be 0 or more, not {limit}.")
    if item_id not in before.index:
        after.position(item_id)
    then, now = _all_weak(before, item_id), _all_weak(after, item_id)
    new = sorted((now[i] for i in now.keys() - then.keys()), key=_nearest)
    gone = sorted((then[i] for i in then.keys() - now.keys()), key=_nearest)
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
        new=tuple(new[:limit]),
        gone=tuple(gone[:limit]),
        counts=WeakPointsComparisonCounts(
            before=len(then),
            after=len(now),
            new=len(new),
            gone=len(gone),
            kept=len(now) - len(new),
        ),
        truncated=limit is not None and max(len(new), len(gone)) > limit,
    )


def _nearest(row: WeakPointRow) -> tuple[int, str, str, str]:
    return row.distance, row.kind, row.name, row.id


def _all_weak(estate: Estate, item_id: str) -> dict[str, WeakPointRow]:
    at = estate.index.get(item_id)
    if at is None:
        return {}
    takedowns = Takedowns.of(estate, at)
    rows: dict[str, WeakPointRow] = {}
    for item in takedowns.takes_down():
        kind, name, id_ = estate.label_of(item)
        rows[id_] = WeakPointRow(id_, kind, name, takedowns.steps[item])
    return rows
