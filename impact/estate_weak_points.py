"""The weak points of a whole estate: what to fix first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from impact.downs import Downs
from impact.estate import Estate
from impact.page import Page
from impact.takedowns import spare, upstream_of

DEFAULT_LIMIT = 20

TELL_EVERY = 100

Progress = Callable[[int, int], None]
"""Told how many items were tried so far, and how many there are."""


class RankedItem(msgspec.Struct, frozen=True):
    """An item, and what its failure alone costs.

    ``services_down`` and ``items_down`` count what goes down with it, the item itself included, as
    everywhere. ``redundancies`` counts what hangs on it directly and alone: hard gates, of what
    services rest on, that can't spare it, and items that it alone connects. Were each of those
    redundant, its failure would take no other service down; ``saved_per_redundancy`` is those
    services by that.
    """

    id: str
    kind: str
    name: str
    services_down: int
    items_down: int
    redundancies: int
    saved_per_redundancy: float


class EstateWeakPointCounts(msgspec.Struct, frozen=True):
    """Never cut: the services, what they rest on, and how many of those take a service down."""

    services: int
    looked_at: int
    weak_points: int


class EstateWeakPoints(msgspec.Struct, frozen=True):
    """All items whose failure alone takes a service other than itself DOWN, ranked twice.

    ``by_services_down`` has those first that cost most, ``by_saved_per_redundancy`` those where a
    redundancy saves most; ties go to the larger of the other, then by kind, name and id.
    ``truncated`` says that the lists were cut.
    """

    revision: int
    as_of: datetime
    by_services_down: tuple[RankedItem, ...]
    by_saved_per_redundancy: tuple[RankedItem, ...]
    counts: EstateWeakPointCounts
    truncated: bool


def estate_weak_points(
    estate: Estate,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
    progress: Progress | None = None,
) -> EstateWeakPoints:
    """Let everything that services rest on fail, one after the other. Exact.

    ``limit`` and ``offset`` say what of both lists is given. Raises
    :class:`~cmdb.errors.InvalidInput` where one is negative. A batch: one walk for each item that
    any service rests on.
    """
    page = Page(limit, offset)
    downs = Downs(estate)
    services = downs.services
    candidates = upstream_of(estate, sorted(services))
    found: list[RankedItem] = []
    for number, item in enumerate(sorted(candidates), 1):
        down = downs.of([item])
        lost = sum(other in services for other in down)
        if lost > (item in services):
            others = lost - (item in services)
            found.append(_ranked(estate, item, (lost, others, len(down)), candidates))
        if progress is not None and (number % TELL_EVERY == 0 or number == len(candidates)):
            progress(number, len(candidates))

    def by_services(row: RankedItem) -> tuple[object, ...]:
        return -row.services_down, -row.saved_per_redundancy, row.kind, row.name, row.id

    def by_saved(row: RankedItem) -> tuple[object, ...]:
        return -row.saved_per_redundancy, -row.services_down, row.kind, row.name, row.id

    return EstateWeakPoints(
        revision=estate.revision,
        as_of=estate.as_of,
        by_services_down=page.of(sorted(found, key=by_services)),
        by_saved_per_redundancy=page.of(sorted(found, key=by_saved)),
        counts=EstateWeakPointCounts(len(services), len(candidates), len(found)),
        truncated=page.cuts(len(found)),
    )


def _ranked(
    estate: Estate, item: int, down: tuple[int, int, int], rested_on: dict[int, int]
) -> RankedItem:
    """``down`` counts the services that go down with the item, the other services, all items."""
    services, others, items = down
    kind, name, id_ = estate.label_of(item)
    count = max(1, _hanging_gates(estate, item, rested_on) + _hanging_on_network(estate, item))
    return RankedItem(
        id=id_,
        kind=kind,
        name=name,
        services_down=services,
        items_down=items,
        redundancies=count,
        saved_per_redundancy=round(others / count, 3),
    )


def _hanging_gates(estate: Estate, item: int, rested_on: dict[int, int]) -> int:
    gates = (estate.gates[at] for at in estate.gates_with.get(item, ()))
    return sum(
        not gate.soft and gate.dependent in rested_on and gate.weight_of(item) > spare(gate)
        for gate in gates
    )


def _hanging_on_network(estate: Estate, item: int) -> int:
    """How many items beside a network device have no other that connects them."""
    topology = estate.topology
    if item not in topology.devices or item not in topology.judged:
        return 0
    network = topology.network_of[item]
    reached = topology.reached(network, {item})
    return sum(
        other in topology.judged and not topology.is_connected(other, {item}, reached)
        for other, _ in topology.neighbours[item]
    )
