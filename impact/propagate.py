"""From what failed to the state of everything: the least fixpoint, from all UP.

An item's state is the worst of its own given failure, its gates' outputs and its network's verdict.
All three only get worse as states get worse, so raising states until nothing changes ends in the
same answer in whatever order it is done, cycles included.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from impact.compiled.choice import engine_of
from impact.estate import Estate
from impact.states import State

if TYPE_CHECKING:
    from impact.compiled.arrays import U32


@runtime_checkable
class Sifted(Protocol):
    """States that are in order of how bad they are."""

    def at_least(self, state: State) -> list[int]:
        """The items in this state or a worse one."""
        ...

    def column(self, state: State) -> U32:
        """The same as a column."""
        ...

    def plain(self) -> dict[int, State]:
        """The same as a dict."""
        ...


def propagate(estate: Estate, given: Mapping[int, State]) -> Mapping[int, State]:
    """The state of every item that is not UP once the given items fail as stated.

    Items are positions in the estate. What it costs grows with what is reached. Large estates are
    walked by :mod:`impact.compiled`, small ones by :func:`propagate_plainly`.
    """
    engine = engine_of(estate)
    if engine is not None:
        return engine.states(given)
    states = propagate_plainly(estate, given)
    estate.memo.walked += len(states)
    return states


def at_least(states: Mapping[int, State], state: State) -> list[int]:
    """The items in a state or a worse one, of what :func:`propagate` gave; fast where kernels did.
    O(those items), or all."""
    if isinstance(states, Sifted):
        return states.at_least(state)
    return [item for item, found in states.items() if found >= state]


def count_at_least(states: Mapping[int, State], state: State) -> int:
    """How many :func:`at_least` has."""
    return len(states.column(state) if isinstance(states, Sifted) else at_least(states, state))


def propagate_all(estate: Estate, given: Mapping[int, State]) -> dict[int, State]:
    """What :func:`propagate` gives, for whoever goes through all of it more than once."""
    states = propagate(estate, given)
    return states.plain() if isinstance(states, Sifted) else dict(states)


def propagate_plainly(estate: Estate, given: Mapping[int, State]) -> dict[int, State]:
    """What :func:`propagate` gives, in plain Python: the definition that the kernels must meet.

    Every member of a gate is told to it at most three times. A network is walked anew whenever,
    with all gates settled, devices in it have newly gone DOWN.
    """
    walk = _Walk(estate)
    for item, state in given.items():
        walk.raise_to(item, state)
    walk.settle_gates()
    while walk.newly_down:
        walk.judge_networks()
        walk.settle_gates()
    return walk.states


@dataclass(slots=True)
class _Tally:
    """What a gate's members weigh in each state, and whether one is DEGRADED or DOWN."""

    weight_by_state: list[int]
    broken: bool = False


@dataclass(slots=True)
class _Walk:
    estate: Estate
    states: dict[int, State] = field(default_factory=dict)
    newly_down: dict[int, list[int]] = field(default_factory=dict)
    """Devices that went DOWN since their network was last judged, by network."""

    _told: dict[int, State] = field(default_factory=dict)
    """The state of an item that the gates it is a member of have heard of."""
    _to_tell: deque[int] = field(default_factory=deque)
    _tallies: dict[int, _Tally] = field(default_factory=dict)
    _down_devices: set[int] = field(default_factory=set)
    _reached: dict[int, frozenset[int]] = field(default_factory=dict)

    def raise_to(self, item: int, state: State) -> None:
        """Make the item's state that bad, unless it is already."""
        if state <= self.states.get(item, State.UP):
            return
        self.states[item] = state
        self._to_tell.append(item)
        topology = self.estate.topology
        if state is State.DOWN and item in topology.devices:
            self._down_devices.add(item)
            self.newly_down.setdefault(topology.network_of[item], []).append(item)

    def settle_gates(self) -> None:
        """Tell gates about their members until no state changes any more."""
        while self._to_tell:
            item = self._to_tell.popleft()
            before, now = self._told.get(item, State.UP), self.states[item]
            if before == now:
                continue
            self._told[item] = now
            for gate in self.estate.gates_with.get(item, ()):
                self._tell(gate, item, before, now)

    def _tell(self, position: int, member: int, before: State, now: State) -> None:
        gate = self.estate.gates[position]
        tally = self._tallies.get(position)
        if tally is None:
            tally = self._tallies[position] = _Tally([gate.total, 0, 0, 0])
        weight = gate.weight_of(member)
        tally.weight_by_state[before] -= weight
        tally.weight_by_state[now] += weight
        tally.broken |= now >= State.DEGRADED
        self.raise_to(gate.dependent, gate.output(tally.weight_by_state, broken=tally.broken))

    def judge_networks(self) -> None:
        """Give a verdict to all whom the devices that newly went DOWN may have cut off."""
        topology, down = self.estate.topology, self._down_devices
        pending, self.newly_down = self.newly_down, {}
        for network, devices in pending.items():
            before = self._reached.get(network, topology.networks[network].reached)
            # What was not reached before takes nothing with it.
            lost = not before.isdisjoint(devices)
            reached = topology.reached(network, down) if lost else before
            self._reached[network] = reached
            for item in topology.touched((before - reached).union(devices)):
                self.raise_to(item, topology.verdict(item, down, reached))
