"""One failure, analysed: the states, the reasons, and the way back from each item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cmdb.errors import InvalidInput
from impact.estate import Estate
from impact.propagate import propagate
from impact.reasons import Reasons, reasons
from impact.states import State


@dataclass(frozen=True)
class Analysis:
    """What follows from ``given``. Items are positions in the estate; ``states`` has those that
    are not UP, the failed ones included."""

    estate: Estate
    given: Mapping[int, State]
    states: Mapping[int, State]
    reasons: Reasons

    def state(self, item: int) -> State:
        """The state of the item at that position."""
        return self.states.get(item, State.UP)

    @cached_property
    def affected(self) -> tuple[int, ...]:
        """Everything that is not UP: worst state first, then by distance, kind, name and id."""
        return tuple(self.first_affected())

    def first_affected(self, limit: int | None = None) -> list[int]:
        """The first of ``affected``, up to ``limit`` of them, without putting all in order."""
        found: list[int] = []
        for layer in self.reasons.layers():
            if limit is not None and len(found) >= limit:
                break
            found += sorted(layer, key=self.estate.label_of)
        return found[:limit]

    def in_order(self, items: Iterable[int]) -> list[int]:
        """These items, all affected, as they come in ``affected``."""

        def order(item: int) -> tuple[int, int, str, str, str]:
            return -self.states[item], self.reasons.distance(item), *self.estate.label_of(item)

        return sorted(items, key=order)

    def path(self, item: int) -> tuple[int, ...]:
        """From a failed item to this one, both included, step by step along the reasons.

        Every item on it is affected, each at a distance one larger than the one before. Empty for
        an item that is UP.
        """
        path: list[int] = []
        step: int | None = item if item in self.reasons else None
        while step is not None:
            path.append(step)
            step = self.reasons[step].source
        return tuple(reversed(path))

    @cached_property
    def borders(self) -> Mapping[int, frozenset[int]]:
        """For every item that its network cut off, the devices that did it: those DOWN for another
        reason that border on the part of the network it is left in."""
        topology = self.estate.topology
        cut = {item for item in self.reasons.by_network() if self.states[item] is State.DOWN}
        borders: dict[int, frozenset[int]] = {}
        for start in sorted(cut & topology.devices):
            if start in borders:
                continue
            part, border, waiting = {start}, set[int](), [start]
            while waiting:
                for device, _ in topology.beside[waiting.pop()]:
                    if device in cut and device not in part:
                        part.add(device)
                        waiting.append(device)
                    elif device not in cut and self.state(device) is State.DOWN:
                        border.add(device)
            borders.update(dict.fromkeys(part, frozenset(border)))
        for item in cut - topology.devices:
            borders[item] = frozenset[int]().union(
                *(
                    borders[device] if device in cut else {device}
                    for device, _ in topology.beside[item]
                    if self.state(device) is State.DOWN
                )
            )
        return borders


def analyse(
    estate: Estate,
    failed: Iterable[str] | Mapping[str, State],
    state: State = State.DOWN,
) -> Analysis:
    """What follows when these items, given by id, fail as ``state`` (or each as its own).

    No items, no consequences. Raises :class:`~cmdb.errors.UnknownItem` for an id that the estate
    does not have, and :class:`~cmdb.errors.InvalidInput` for an item that is retired or planned, or
    a state other than DOWN or DEGRADED. The cost grows with what is reached, not with the estate.
    """
    wanted = failed if isinstance(failed, Mapping) else dict.fromkeys(failed, state)
    for given in wanted.values():
        if given not in (State.DOWN, State.DEGRADED):
            raise InvalidInput(f"An item can fail as down or degraded, not as {given.label}.")
    positions = {estate.position(item): given for item, given in wanted.items()}
    states = propagate(estate, positions)
    return Analysis(estate, positions, states, reasons(estate, positions, states))
