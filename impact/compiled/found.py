"""What a walk found, as the rest of the analysis reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from impact.compiled.arrays import I32, U8, U32, Graph
from impact.compiled.work import CABLE, GIVEN
from impact.reasons import Reason, Reasons
from impact.states import State

if TYPE_CHECKING:
    from impact.estate import Estate


SEARCH_FROM = 5000
MOST_SEARCHES = 30


@dataclass(frozen=True)
class Found:
    """The items that are not UP: first those that are ``down``, up to ``broken`` those that are
    DEGRADED, then those AT_RISK; and for each, how far and why."""

    graph: Graph
    items: U32
    distances: I32
    vias: I32
    down: int
    broken: int
    _searched: list[int] = field(default_factory=list)

    def place(self, item: int) -> int:
        """Where the item is in ``items``; -1 where it is not.

        The first few that are asked for in a large answer are searched: that is quicker than to
        note where everything is.
        """
        if len(self.items) < SEARCH_FROM or len(self._searched) >= MOST_SEARCHES:
            return self.places.get(item, -1)
        self._searched.append(item)
        found = np.flatnonzero(self.items == item)
        return int(found[0]) if len(found) else -1

    def place_of(self, item: int) -> int:
        """As :meth:`place`; raises KeyError where it is not there."""
        place = self.place(item)
        if place < 0:
            raise KeyError(item)
        return place

    @cached_property
    def places(self) -> dict[int, int]:
        """Where each item is in ``items``. O(items) once: a thousandth of what a walk in plain
        Python costs."""
        return {item: place for place, item in enumerate(self.items.tolist())}

    def state_at(self, place: int) -> State:
        """The state of the item at a place of ``items``."""
        if place < self.down:
            return State.DOWN
        return State.DEGRADED if place < self.broken else State.AT_RISK

    @property
    def states(self) -> U8:
        """The states, in the order of ``items``."""
        states = np.full(len(self.items), State.AT_RISK, np.uint8)
        states[: self.broken] = State.DEGRADED
        states[: self.down] = State.DOWN
        return states


class FoundStates(Mapping[int, State]):
    """The states by item."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def __getitem__(self, item: int) -> State:
        return self.found.state_at(self.found.place_of(item))

    def get(self, item: int, default: Any = None) -> Any:
        """As of a dict: asked far more often than any other."""
        place = self.found.place(item)
        return default if place < 0 else self.found.state_at(place)

    def __contains__(self, item: object) -> bool:
        return isinstance(item, int) and self.found.place(item) >= 0

    def __len__(self) -> int:
        return len(self.found.items)

    def __iter__(self) -> Iterator[int]:
        return iter(self.found.items.tolist())

    def plain(self) -> dict[int, State]:
        """The same as a dict, which is quicker to ask for all of it."""
        found, items = self.found, self.found.items.tolist()
        states = dict.fromkeys(items, State.AT_RISK)
        states.update(dict.fromkeys(items[: found.broken], State.DEGRADED))
        states.update(dict.fromkeys(items[: found.down], State.DOWN))
        return states

    def at_least(self, state: State) -> list[int]:
        """The items in this state or a worse one."""
        items: list[int] = self.column(state).tolist()
        return items

    def column(self, state: State) -> U32:
        """The same as a column."""
        found = self.found
        count = {State.DOWN: found.down, State.DEGRADED: found.broken}.get(state, len(found.items))
        return found.items[:count]


class FoundReasons(Reasons):
    """The reasons by item, made where they are asked for."""

    def __init__(self, found: Found, estate: Estate) -> None:
        self.found = found
        self.estate = estate

    def __getitem__(self, item: int) -> Reason:
        found = self.found
        place = found.place_of(item)
        distance, via = int(found.distances[place]), int(found.vias[place])
        if via == GIVEN:
            return Reason(distance, "given")
        graph = found.graph
        if via <= CABLE:
            source = int(graph.cable_from[CABLE - via])
            return Reason(distance, "network", source, int(graph.cable_link[CABLE - via]))
        source, gate = int(graph.entry_member[via]), int(graph.entry_gate[via])
        return Reason(distance, "gate", source, self.estate.gates[gate].link_of(source), gate)

    def distance(self, item: int) -> int:
        """How far the item is from what failed."""
        return int(self.found.distances[self.found.place_of(item)])

    def by_network(self) -> list[int]:
        """The items whose network explains them."""
        by_network: list[int] = self.found.items[self.found.vias <= CABLE].tolist()
        return by_network

    def layers(self) -> Iterator[list[int]]:
        """All items by state, the worst first, and then by distance: as they were found."""
        found = self.found
        ends = {found.down, found.broken, len(found.items)}
        ends.update((np.flatnonzero(np.diff(found.distances)) + 1).tolist())
        for first, last in pairwise(sorted({0, *ends})):
            yield found.items[first:last].tolist()

    def __contains__(self, item: object) -> bool:
        return isinstance(item, int) and self.found.place(item) >= 0

    def __len__(self) -> int:
        return len(self.found.items)

    def __iter__(self) -> Iterator[int]:
        return iter(self.found.items.tolist())
