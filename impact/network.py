"""Reachability: who is cut off when network devices fail.

A network is what LINKED_TO links connect. Calls pass through network devices only, and an item is
connected while it reaches an anchor: a network device whose role is core or gateway.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from impact.states import State

ANCHOR_ROLES = frozenset({"core", "gateway"})

Neighbours = Mapping[int, Sequence[tuple[int, int]]]
"""For each item those beside it: (item, link), sorted, each item once."""


@dataclass(frozen=True)
class Network:
    """Everything that LINKED_TO connects, directly or not.

    ``hops`` has the devices that an anchor reaches with nothing failed, and how far they are from
    the nearest one.
    """

    items: tuple[int, ...]
    anchors: tuple[int, ...]
    hops: Mapping[int, int]

    @cached_property
    def reached(self) -> frozenset[int]:
        """The devices that an anchor reaches with nothing failed."""
        return frozenset(self.hops)


@dataclass(frozen=True, slots=True)
class Topology:
    """All networks. Items and links are positions in the estate.

    ``beside`` has the network devices beside an item, ``neighbours`` all items beside it. Only the
    items in ``judged``, those that are connected with nothing failed, ever get a verdict.
    """

    devices: AbstractSet[int]
    neighbours: Neighbours
    beside: Neighbours
    networks: Sequence[Network]
    network_of: Mapping[int, int]
    judged: AbstractSet[int]

    def reached(self, network: int, down: Collection[int]) -> frozenset[int]:
        """The devices that an anchor reaches over devices that are not DOWN; none is DOWN itself.

        O(devices and the links between them) of that network.
        """
        return frozenset(_hops(self.networks[network].anchors, self.beside, down))

    def is_connected(self, item: int, down: Collection[int], reached: Collection[int]) -> bool:
        """Whether the item reaches an anchor; in a network without any, whether one device beside
        it is not DOWN. ``reached`` is what :meth:`reached` gave for the same ``down``."""
        if not self.networks[self.network_of[item]].anchors:
            return any(device not in down for device, _ in self.beside[item])
        return item in reached or any(device in reached for device, _ in self.beside[item])

    def verdict(self, item: int, down: Collection[int], reached: Collection[int]) -> State:
        """DOWN where the item is cut off; AT_RISK where one of several devices beside it is DOWN
        (network devices themselves excepted: other paths are what they are for)."""
        if item not in self.judged:
            return State.UP
        if not self.is_connected(item, down, reached):
            return State.DOWN
        beside = self.beside[item]
        if item not in self.devices and len(beside) > 1 and any(d in down for d, _ in beside):
            return State.AT_RISK
        return State.UP

    def touched(self, devices: Iterable[int]) -> set[int]:
        """The devices and everything beside them: all whose verdict may change with them."""
        found = set(devices)
        for device in tuple(found):
            found.update(item for item, _ in self.neighbours[device])
        return found


def lay_out(
    cables: Iterable[tuple[int, int, int]], devices: Collection[int], anchors: Collection[int]
) -> Topology:
    """The topology of LINKED_TO links, given as (one end, other end, link). O(links)."""
    links: dict[int, dict[int, int]] = defaultdict(dict)
    for one, other, link in sorted(cables, key=lambda cable: cable[2]):
        if one != other:
            links[one].setdefault(other, link)
            links[other].setdefault(one, link)
    neighbours = {item: tuple(sorted(ends.items())) for item, ends in links.items()}
    beside = {
        item: tuple(pair for pair in pairs if pair[0] in devices)
        for item, pairs in neighbours.items()
    }
    networks: list[Network] = []
    network_of: dict[int, int] = {}
    for start in sorted(neighbours):
        if start not in network_of:
            items = _spread(start, neighbours)
            found = tuple(item for item in items if item in anchors)
            network_of.update(dict.fromkeys(items, len(networks)))
            networks.append(Network(items, found, _hops(found, beside, ())))
    topology = Topology(
        devices=frozenset(item for item in neighbours if item in devices),
        neighbours=neighbours,
        beside=beside,
        networks=tuple(networks),
        network_of=network_of,
        judged=frozenset(neighbours),
    )
    connected = frozenset(
        item
        for item in neighbours
        if topology.is_connected(item, (), networks[network_of[item]].reached)
    )
    return Topology(topology.devices, neighbours, beside, topology.networks, network_of, connected)


def _hops(anchors: Iterable[int], beside: Neighbours, down: Collection[int]) -> dict[int, int]:
    """The devices that are not DOWN and reached from anchors over such, with their distance."""
    hops = {anchor: 0 for anchor in anchors if anchor not in down}
    waiting = deque(hops)
    while waiting:
        nearer = waiting.popleft()
        for device, _ in beside[nearer]:
            if device not in hops and device not in down:
                hops[device] = hops[nearer] + 1
                waiting.append(device)
    return hops


def _spread(start: int, neighbours: Neighbours) -> tuple[int, ...]:
    found, waiting = {start}, [start]
    while waiting:
        for item, _ in neighbours[waiting.pop()]:
            if item not in found:
                found.add(item)
                waiting.append(item)
    return tuple(sorted(found))
