"""In which order to bring back what failed: providers first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from impact.analysis import Analysis
from impact.page import Page
from impact.states import State, StateName

if TYPE_CHECKING:
    import networkx as nx

DEFAULT_LIMIT = 1000


class RestoredItem(msgspec.Struct, frozen=True):
    """An item to bring back, and the state it is in now."""

    id: str
    kind: str
    name: str
    state: StateName


class RestorationGroup(msgspec.Struct, frozen=True):
    """Items to start together, since each needs the others; mostly it is one alone. ``total``
    counts them all; ``items`` has fewer where a page begins or ends among them."""

    items: tuple[RestoredItem, ...]
    total: int


class RestorationWave(msgspec.Struct, frozen=True):
    """What may be brought back at the same time, once all waves before are back."""

    number: int
    groups: tuple[RestorationGroup, ...]


class RestorationCounts(msgspec.Struct, frozen=True):
    """Of everything, never cut: the items to bring back, the waves, the groups of more than one
    item; and the items at risk, which serve and are whole again once the others are."""

    items: int
    waves: int
    groups_together: int
    at_risk: int


class RestorationOrder(msgspec.Struct, frozen=True):
    """The order in which what is DOWN or DEGRADED comes back. ``failed`` are the ids asked about.
    ``truncated`` says that not all of it is listed."""

    revision: int
    as_of: datetime
    failed: tuple[str, ...]
    waves: tuple[RestorationWave, ...]
    counts: RestorationCounts
    truncated: bool


def restoration_order(
    analysis: Analysis, *, limit: int | None = DEFAULT_LIMIT, offset: int = 0
) -> RestorationOrder:
    """Waves such that, with only those up to any of them back, what is back stays up.

    An item comes after the broken members of each gate that fails it, and after the fallen network
    devices beside it that are nearer to an anchor. Items that need each other in a circle are one
    group. Waves are as early as can be; inside, groups are sorted by kind, name and id. ``limit``
    and ``offset`` count items. Raises :class:`~cmdb.errors.InvalidInput` where one is negative.
    O(what is affected, and its gates).
    """
    page = Page(limit, offset)
    waves = _waves(analysis)
    shown: list[RestorationWave] = []
    items = 0
    for number, groups in enumerate(waves, 1):
        kept: list[RestorationGroup] = []
        for group in groups:
            if rows := page.of(group, first=items):
                restored = tuple(_restored(analysis, item) for item in rows)
                kept.append(RestorationGroup(restored, len(group)))
            items += len(group)
        if kept:
            shown.append(RestorationWave(number, tuple(kept)))
    estate = analysis.estate
    return RestorationOrder(
        revision=estate.revision,
        as_of=estate.as_of,
        failed=tuple(estate.items[item].id for item in analysis.given),
        waves=tuple(shown),
        counts=RestorationCounts(
            items=items,
            waves=len(waves),
            groups_together=sum(len(group) > 1 for groups in waves for group in groups),
            at_risk=len(analysis.states) - items,
        ),
        truncated=page.cuts(items),
    )


def _waves(analysis: Analysis) -> list[list[list[int]]]:
    """Groups of items, sorted, by wave."""
    import networkx

    graph: nx.DiGraph[int] = networkx.DiGraph()
    for item, state in analysis.states.items():
        if state >= State.DEGRADED:
            graph.add_node(item)
            graph.add_edges_from((needed, item) for needed in _needs(analysis, item))
    whole = networkx.condensation(graph)
    items = analysis.estate.items

    def name(item: int) -> tuple[str, str, str]:
        return items[item].kind, items[item].name, items[item].id

    waves: list[list[list[int]]] = []
    for generation in networkx.topological_generations(whole):
        groups = [sorted(whole.nodes[group]["members"], key=name) for group in generation]
        waves.append(sorted(groups, key=lambda group: name(group[0])))
    return waves


def _needs(analysis: Analysis, item: int) -> Iterator[int]:
    """What has to be back before the item can be."""
    estate = analysis.estate
    for position in estate.gates_of.get(item, ()):
        gate = estate.gates[position]
        broken = [m for m in gate.members if analysis.state(m) >= State.DEGRADED]
        weights = gate.weight_by_state(analysis.states)
        if gate.output(weights, broken=bool(broken)) >= State.DEGRADED:
            yield from broken
    topology = estate.topology
    if item not in topology.judged:
        return
    hops = topology.networks[topology.network_of[item]].hops
    mine = hops.get(item)
    for device, _ in topology.beside[item]:
        is_nearer = mine is None or hops.get(device, mine) < mine
        if is_nearer and analysis.state(device) is State.DOWN:
            yield device


def _restored(analysis: Analysis, item: int) -> RestoredItem:
    value = analysis.estate.items[item]
    return RestoredItem(value.id, value.kind, value.name, analysis.states[item].label)
