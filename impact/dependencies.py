"""What an item rests on, and what rests on it, with nothing failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from cmdb.errors import InvalidInput
from impact.estate import Estate
from impact.page import Page

DEFAULT_LIMIT = 1000


class Dependency(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item on the way, and the step that leads to it first.

    ``depth`` counts the steps, ``via`` is the id of the item one step nearer to the one asked
    about. ``link`` is the link of that step, ``relation`` its relation, and ``strength`` says
    whether the dependent falls with the provider or merely suffers. Where the provider shares a
    gate with others, ``gate`` is what it is called, and ``needed`` of ``total`` (weights) must
    serve; for a standby, ``link`` is the one to the primary. A step over LINKED_TO leads to the
    network device that connects the dependent.
    """

    id: str
    kind: str
    name: str
    depth: int
    via: str
    relation: str
    link: str
    strength: Literal["hard", "soft"]
    gate: str | None = None
    needed: int | float | None = None
    total: int | float | None = None


class Dependencies(msgspec.Struct, frozen=True):
    """What was found, nearest first, then by kind, name and id.

    ``direction`` is ``dependencies`` (what the item rests on) or ``dependents`` (what rests on it).
    ``total`` counts everything that was found within the depth; ``truncated`` says that ``items``
    has not all of it.
    """

    revision: int
    id: str
    kind: str
    name: str
    direction: Literal["dependencies", "dependents"]
    items: tuple[Dependency, ...]
    total: int
    truncated: bool


class Step(NamedTuple):
    """From a dependent to one provider, or back. ``gate`` is None where the network connects."""

    other: int
    link: int
    gate: int | None


def dependencies(
    estate: Estate,
    item_id: str,
    *,
    depth: int | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> Dependencies:
    """What the item rests on, to any depth unless told.

    Raises :class:`~cmdb.errors.UnknownItem` or :class:`~cmdb.errors.InvalidInput` for an item that
    the estate does not have, or a negative depth, limit or offset. O(what is found and its links).
    """
    return _spread(estate, item_id, "dependencies", depth, Page(limit, offset))


def dependents(
    estate: Estate,
    item_id: str,
    *,
    depth: int | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> Dependencies:
    """What rests on the item, to any depth unless told. Otherwise as :func:`dependencies`."""
    return _spread(estate, item_id, "dependents", depth, Page(limit, offset))


def providers(estate: Estate, item: int) -> Iterator[Step]:
    """The items that this one rests on directly: the members of its gates, and the network devices
    that connect it.

    In a network with anchors, a device rests on those devices beside it that are nearer to one. In
    a network without, and for anything but a device, it is all beside it: with any of them down,
    less redundancy is left.
    """
    for position in estate.gates_of.get(item, ()):
        gate = estate.gates[position]
        for member, link in zip(gate.members, gate.links, strict=True):
            yield Step(member, link, position)
    for device, link in estate.topology.beside.get(item, ()):
        if _connects(estate, device, item):
            yield Step(device, link, None)


def consumers(estate: Estate, item: int) -> Iterator[Step]:
    """The items that rest on this one directly: :func:`providers` turned round."""
    for position in estate.gates_with.get(item, ()):
        gate = estate.gates[position]
        yield Step(gate.dependent, gate.link_of(item), position)
    if item in estate.topology.devices:
        for other, link in estate.topology.neighbours[item]:
            if _connects(estate, item, other):
                yield Step(other, link, None)


def _connects(estate: Estate, device: int, item: int) -> bool:
    topology = estate.topology
    network = topology.networks[topology.network_of[item]]
    if not network.anchors:
        return True
    if item not in topology.devices:
        return item in topology.judged
    return device in network.hops and network.hops[device] < network.hops[item]


def _spread(
    estate: Estate,
    item_id: str,
    direction: Literal["dependencies", "dependents"],
    depth: int | None,
    page: Page,
) -> Dependencies:
    if depth is not None and depth < 0:
        raise InvalidInput(f"The depth must be 0 or more, not {depth}.")
    start = estate.position(item_id)
    steps = providers if direction == "dependencies" else consumers
    seen, layer, found = {start}, [start], list[Dependency]()
    while layer and (depth is None or depth > 0):
        depth = None if depth is None else depth - 1
        new: dict[int, Dependency] = {}
        away = found[-1].depth + 1 if found else 1
        for item in layer:
            for step in steps(estate, item):
                if step.other not in seen:
                    seen.add(step.other)
                    new[step.other] = _dependency(estate, item, step, away)
        layer = sorted(new)
        found += sorted(new.values(), key=lambda d: (d.kind, d.name, d.id))
    value = estate.items[start]
    return Dependencies(
        revision=estate.revision,
        id=value.id,
        kind=value.kind,
        name=value.name,
        direction=direction,
        items=page.of(found),
        total=len(found),
        truncated=page.cuts(len(found)),
    )


def _dependency(estate: Estate, via: int, step: Step, depth: int) -> Dependency:
    value, link = estate.items[step.other], estate.links[step.link]
    gate = None if step.gate is None else estate.gates[step.gate]
    redundant = gate is not None and len(gate.members) > 1
    return Dependency(
        id=value.id,
        kind=value.kind,
        name=value.name,
        depth=depth,
        via=estate.items[via].id,
        relation=link.relation,
        link=link.id,
        strength="soft" if gate and gate.soft else "hard",
        gate=gate.label if gate else None,
        needed=gate.shown(gate.needed) if gate and redundant else None,
        total=gate.shown(gate.total) if gate and redundant else None,
    )
