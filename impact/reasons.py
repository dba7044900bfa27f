"""Why each affected item is in its state, and how far that is from what failed.

An item's *distance* counts steps along explanations, and is the smallest there is:

- 0 where the item's own given failure is its state;
- through a gate, one more than the farthest of some failed members that alone make the gate put
  out that state: a gate that lost two members is as far as the one that made it fail;
- through a network, where failed devices alone cut it off, one more than that of a device beside it
  which is the last of those, or is itself cut off by them; where redundancy is lost, one more than
  that of the failed device beside it.

So no item is ever explained, however indirectly, by itself.

Every affected item has such an explanation. What makes a state is never a better state, so all of
DOWN can be explained by DOWN alone, then DEGRADED by those, then AT_RISK.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from impact.compiled.choice import engine_of
from impact.estate import Estate
from impact.gates import Gate
from impact.states import State


@dataclass(frozen=True, slots=True)
class Reason:
    """The explanation of one item's state. Items, links and gates are positions in the estate.

    ``source`` is the member or device that was the last to be needed, one step nearer to what
    failed, and ``link`` the link that leads to it; both are None for a given failure. A cut-off
    item's source is the device beside it, itself failed or cut off.
    """

    distance: int
    how: Literal["given", "gate", "network"]
    source: int | None = None
    link: int | None = None
    gate: int | None = None


class Reasons(Mapping[int, Reason]):
    """The reason of every affected item, and what is asked of many of them at once."""

    def distance(self, item: int) -> int:
        """How far the item is from what failed."""
        return self[item].distance

    def by_network(self) -> list[int]:
        """The items whose network explains them."""
        return [item for item, reason in self.items() if reason.how == "network"]

    @abstractmethod
    def layers(self) -> Iterator[list[int]]:
        """All items by state, the worst first, and then by distance."""


class PlainReasons(dict[int, Reason], Reasons):
    """Reasons that are all there, for items in the given states."""

    def __init__(self, states: Mapping[int, State]) -> None:
        super().__init__()
        self.states = states

    def layers(self) -> Iterator[list[int]]:
        """All items by state, the worst first, and then by distance. O(n log n)."""
        layers: dict[tuple[int, int], list[int]] = {}
        for item, reason in self.items():
            layers.setdefault((-self.states[item], reason.distance), []).append(item)
        for key in sorted(layers):
            yield layers[key]


def reasons(estate: Estate, given: Mapping[int, State], states: Mapping[int, State]) -> Reasons:
    """A reason for every item in ``states``, which must be what ``propagate`` made of ``given``.

    Where kernels made the states, they found the reasons as well.
    """
    if engine_of(estate) is not None:
        from impact.compiled.found import FoundReasons, FoundStates

        if isinstance(states, FoundStates):
            return FoundReasons(states.found, estate)
    return reasons_plainly(estate, given, states)


def reasons_plainly(
    estate: Estate, given: Mapping[int, State], states: Mapping[int, State]
) -> PlainReasons:
    """What :func:`reasons` gives, in plain Python.

    Among explanations of the same distance, the one whose source has the smallest id is chosen.
    The cost is that of ``propagate``, and one walk of a network for each distance at which a
    device in it fails.
    """
    walk = _Walk(estate, states, PlainReasons(states))
    layer = sorted(item for item, state in given.items() if state == states.get(item))
    walk.found.update((item, Reason(0, "given")) for item in layer)
    distance = 0
    while layer:
        distance += 1
        layer = walk.next_layer(layer, distance)
    return walk.found


def explaining(gate: Gate, state: State) -> State | None:
    """The state from which on a member of the gate helps to explain that its dependent is in
    ``state``; None where the gate can't have caused it."""
    wanted = state + 1 if gate.soft else state
    return State(wanted) if wanted <= State.DOWN else None


@dataclass(slots=True)
class _Walk:
    estate: Estate
    states: Mapping[int, State]
    found: PlainReasons
    _failed_weight: dict[int, int] = field(default_factory=dict)
    """By gate, what its explained members weigh that are bad enough to explain the dependent."""
    _down: set[int] = field(default_factory=set)
    """The explained devices that are DOWN."""
    _reached: dict[int, frozenset[int]] = field(default_factory=dict)
    _cut_off: set[int] = field(default_factory=set)
    """What those devices alone cut off."""

    def next_layer(self, layer: Sequence[int], distance: int) -> list[int]:
        """All items that are explained once those in ``layer`` are, sorted."""
        new: dict[int, Reason] = {}
        for item in layer:
            for gate in self.estate.gates_with.get(item, ()):
                self._through_gate(gate, item, distance, new)
        self._through_networks(layer, distance, new)
        self.found.update(new)
        return sorted(new)

    def _unexplained(self, item: int, new: Mapping[int, Reason]) -> bool:
        return item in self.states and item not in self.found and item not in new

    def _through_gate(
        self, position: int, member: int, distance: int, new: dict[int, Reason]
    ) -> None:
        gate = self.estate.gates[position]
        if not self._unexplained(gate.dependent, new):
            return
        wanted = explaining(gate, self.states[gate.dependent])
        state = self.states[member]
        if wanted is None or state < wanted:
            return
        failed = self._failed_weight.get(position, 0) + gate.weight_of(member)
        self._failed_weight[position] = failed
        redundancy_lost = wanted is State.AT_RISK and state >= State.DEGRADED
        if redundancy_lost or gate.total - failed < gate.needed:
            new[gate.dependent] = Reason(distance, "gate", member, gate.link_of(member), position)

    def _through_networks(
        self, layer: Iterable[int], distance: int, new: dict[int, Reason]
    ) -> None:
        topology = self.estate.topology
        newly: dict[int, list[int]] = {}
        for item in layer:
            if item in topology.devices and self.states[item] is State.DOWN:
                newly.setdefault(topology.network_of[item], []).append(item)
        for network, devices in newly.items():
            self._down.update(devices)
            self._find_cut_off(network, devices)
            for device in devices:
                for item, link in topology.neighbours[device]:
                    if self._unexplained(item, new) and self._is_told_by_network(item):
                        new[item] = Reason(distance, "network", device, link)

    def _find_cut_off(self, network: int, devices: Iterable[int]) -> None:
        """Those beside the devices that are cut off now; those behind them follow in their turn."""
        topology = self.estate.topology
        reached = self._reached.get(network, topology.networks[network].reached)
        if not reached.isdisjoint(devices):
            reached = topology.reached(network, self._down)
        self._reached[network] = reached
        for item in topology.touched(devices):
            if topology.verdict(item, self._down, reached) is State.DOWN:
                self._cut_off.add(item)

    def _is_told_by_network(self, item: int) -> bool:
        """Whether the explained devices that are DOWN, of which one is beside it, explain it."""
        if self.states[item] is State.DOWN:
            return item in self._cut_off
        topology = self.estate.topology
        reached = self._reached[topology.network_of[item]]
        return self.states[item] is topology.verdict(item, self._down, reached)
