"""Whose failure alone takes an item down.

What is DOWN is so because of what is DOWN: soft gates and lost redundancy never lead there. So for
every item there is a set of those whose DOWN alone takes it DOWN, and these sets follow from each
other: an item takes itself down, and takes down the dependent of a hard gate where the members it
takes down weigh more than the gate can spare. The sets are the least that hold so, cycles included.

Networks do not work by sets: what is cut off depends on all devices that fall together. So an item
that takes a network device down is tried out with :func:`~impact.propagate.propagate`.

That is the plain way, which :mod:`impact.compiled.singles` must agree with on large estates.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from impact.compiled.choice import engine_of
from impact.estate import Estate
from impact.gates import Gate
from impact.propagate import propagate
from impact.states import State

MOST_LOOKS = 50_000_000
"""Entries that are looked at for redundancies that are none, in a large estate: about a second."""


class Takedowns(Protocol):
    """Who takes an item down alone. Positions in the estate everywhere."""

    @property
    def complete(self) -> bool:
        """Whether ``shared`` has everything; ``weak_points`` always has."""
        ...

    @property
    def looked_at(self) -> int:
        """How many items there are whose failure might, the item itself included."""
        ...

    def weak_points(self) -> list[int]:
        """Every other item whose DOWN alone takes the item down, the nearest first."""
        ...

    def shared(self) -> Mapping[int, list[int]]:
        """By gate that tolerates the loss of any one member: the items whose DOWN alone takes its
        output DOWN all the same, the nearest first. Only gates that have some."""
        ...

    def step(self, item: int) -> int:
        """How many steps above the item another is that its takedowns name."""
        ...

    def is_weak(self, item: int) -> bool:
        """Whether the other is a weak point, or the item itself."""
        ...


def takedowns(estate: Estate, target: int, *, most_looks: int = MOST_LOOKS) -> Takedowns:
    """The takedowns of an item. Weak points are exact and all of them.

    In a large estate, what is shared is all there is unless ``most_looks`` at members of gates did
    not suffice; then the farthest was looked at first.
    """
    engine = engine_of(estate)
    if engine is None:
        return PlainTakedowns.of(estate, target)
    from impact.cone import cone_of

    return engine.singles(cone_of(estate, engine, target), most_looks)


@dataclass
class PlainTakedowns:
    """The takedowns of an item and of all that it rests on, in plain Python.

    ``steps`` has everything whose failure may take the item down, and how far up it is; ``sets``
    the takedowns of each of those, as far as no network device falls; ``tried`` what goes DOWN
    with each item that takes a device down.
    """

    estate: Estate
    target: int
    steps: dict[int, int] = field(default_factory=dict)
    sets: dict[int, set[int]] = field(default_factory=dict)
    tried: dict[int, frozenset[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, estate: Estate, target: int) -> PlainTakedowns:
        """Work them out. The cost grows with what the item rests on and how long the sets are, and
        for every item that takes a network device down by one propagation."""
        made = cls(estate, target)
        made.steps = upstream_of(estate, [target])
        devices = [item for item in made.steps if item in estate.topology.devices]
        for item in upstream_of(estate, devices):
            states = propagate(estate, {item: State.DOWN})
            made.tried[item] = frozenset(i for i, s in states.items() if s is State.DOWN)
        made._find_sets()
        return made

    @property
    def complete(self) -> bool:
        """True."""
        return True

    @property
    def looked_at(self) -> int:
        """See :class:`Takedowns`."""
        return len(self.steps)

    def step(self, item: int) -> int:
        """See :class:`Takedowns`."""
        return self.steps[item]

    def weak_points(self) -> list[int]:
        """See :class:`Takedowns`."""
        found = {item for item, down in self.tried.items() if self.target in down}
        weak = (found | self.sets.get(self.target, set())) - {self.target}
        return sorted(weak, key=self._nearest)

    def is_weak(self, item: int) -> bool:
        """See :class:`Takedowns`."""
        return item in self._weak

    @cached_property
    def _weak(self) -> frozenset[int]:
        return frozenset((*self.weak_points(), self.target))

    def _nearest(self, item: int) -> tuple[int, int]:
        return self.steps[item], item

    def gates(self) -> Iterator[tuple[int, Gate]]:
        """The hard gates of all that the target rests on, with their positions."""
        for item in self.steps:
            for position in self.estate.gates_of.get(item, ()):
                gate = self.estate.gates[position]
                if not gate.soft:
                    yield position, gate

    def shared(self) -> Mapping[int, list[int]]:
        """See :class:`Takedowns`."""
        redundant = {at: gate for at, gate in self.gates() if is_redundant(gate)}
        found: dict[int, set[int]] = {}
        for at, gate in redundant.items():
            if breaking := _breaking(gate, self.sets) - {gate.dependent}:
                found[at] = breaking
        for item, down in self.tried.items():
            for at in self._broken_by(down, redundant):
                if redundant[at].dependent != item:
                    found.setdefault(at, set()).add(item)
        return {at: sorted(items, key=self._nearest) for at, items in found.items()}

    def _broken_by(self, down: Iterable[int], gates: Mapping[int, Gate]) -> list[int]:
        lost: dict[int, int] = {}
        for member in down:
            for at in self.estate.gates_with.get(member, ()):
                if at in gates:
                    lost[at] = lost.get(at, 0) + gates[at].weight_of(member)
        return [at for at, weight in lost.items() if weight > spare(gates[at])]

    def _find_sets(self) -> None:
        """Grow all sets until none grows any more; those nearest to the top first."""
        above = [item for item in self.steps if item not in self.tried]
        self.sets = {item: {item} for item in above}
        waiting = deque(sorted(above, key=lambda item: -self.steps[item]))
        queued = set(waiting)
        while waiting:
            item = waiting.popleft()
            queued.discard(item)
            mine = self.sets[item]
            before = len(mine)
            for position in self.estate.gates_of.get(item, ()):
                gate = self.estate.gates[position]
                if not gate.soft:
                    mine |= _breaking(gate, self.sets)
            if len(mine) == before:
                continue
            for position in self.estate.gates_with.get(item, ()):
                dependent = self.estate.gates[position].dependent
                if dependent in self.sets and dependent not in queued:
                    queued.add(dependent)
                    waiting.append(dependent)


def spare(gate: Gate) -> int:
    """What the gate's members that are lost may weigh before its output is DOWN."""
    return gate.total - gate.needed


def is_redundant(gate: Gate) -> bool:
    """Whether the gate tolerates the loss of any one member."""
    return len(gate.members) > 1 and max(gate.weights) <= spare(gate)


def upstream_of(estate: Estate, items: Iterable[int]) -> dict[int, int]:
    """Everything whose DOWN may take one of the items DOWN, themselves included, and how many steps
    up it is: by hard gates, and from what hangs on a network by all of its devices."""
    steps = dict.fromkeys(items, 0)
    waiting, networks = deque(steps), set[int]()
    while waiting:
        item = waiting.popleft()
        for provider in _providers(estate, item, networks):
            if provider not in steps:
                steps[provider] = steps[item] + 1
                waiting.append(provider)
    return steps


def _providers(estate: Estate, item: int, networks: set[int]) -> Iterator[int]:
    for position in estate.gates_of.get(item, ()):
        gate = estate.gates[position]
        if not gate.soft:
            yield from gate.members
    network = estate.topology.network_of.get(item)
    if network is not None and network not in networks and item in estate.topology.judged:
        networks.add(network)
        for other in estate.topology.networks[network].items:
            if other in estate.topology.devices:
                yield other


def _breaking(gate: Gate, sets: Mapping[int, set[int]]) -> set[int]:
    """Whose loss takes more of the gate's members than it can spare."""
    limit = spare(gate)
    if len(gate.members) == 1:
        return sets.get(gate.members[0], set()) if gate.total > limit else set()
    lost: dict[int, int] = {}
    for member, weight in zip(gate.members, gate.weights, strict=True):
        for item in sets.get(member, ()):
            lost[item] = lost.get(item, 0) + weight
    return {item for item, weight in lost.items() if weight > limit}
