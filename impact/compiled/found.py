"""What a walk found, as the rest of the analysis reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from impact.compiled.arrays import I32, U8, U32, Graph
from impact.compiled.work import CABLE, GIVEN
from impact.reasons import Reason
from impact.states import State

if TYPE_CHECKING:
    from impact.estate import Estate


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

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """The places of the items in ``items``, by item."""
        return np.argsort(self.items)

    @cached_property
    def sorted(self) -> U32:
        """The items in order."""
        return self.items[self.order]

    def place(self, item: object) -> int:
        """Where the item is in ``items``; -1 where it is UP. O(log items)."""
        if not isinstance(item, int) or item < 0:
            return -1
        at = int(np.searchsorted(self.sorted, item))
        if at == len(self.sorted) or self.sorted[at] != item:
            return -1
        return int(self.order[at])

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
    """The states by item, looked up where they are asked for."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def __getitem__(self, item: int) -> State:
        place = self.found.place(item)
        if place < 0:
            raise KeyError(item)
        return self.found.state_at(place)

    def __contains__(self, item: object) -> bool:
        return self.found.place(item) >= 0

    def __len__(self) -> int:
        return len(self.found.items)

    def __iter__(self) -> Iterator[int]:
        return iter(self.found.items.tolist())


class FoundReasons(Mapping[int, Reason]):
    """The reasons by item, made where they are asked for."""

    def __init__(self, found: Found, estate: Estate) -> None:
        self.found = found
        self.estate = estate

    def __getitem__(self, item: int) -> Reason:
        place = self.found.place(item)
        if place < 0:
            raise KeyError(item)
        found = self.found
        distance, via = int(found.distances[place]), int(found.vias[place])
        if via == GIVEN:
            return Reason(distance, "given")
        arrays = found.graph.arrays
        if via <= CABLE:
            source = _owner(arrays.cable_ptr, CABLE - via)
            link = int(found.graph.cable_link[CABLE - via])
            return Reason(distance, "network", source, link)
        source = _owner(arrays.entry_ptr, via)
        gate = int(found.graph.entry_gate[via])
        return Reason(distance, "gate", source, self.estate.gates[gate].link_of(source), gate)

    def __contains__(self, item: object) -> bool:
        return self.found.place(item) >= 0

    def __len__(self) -> int:
        return len(self.found.items)

    def __iter__(self) -> Iterator[int]:
        return iter(self.found.items.tolist())


def _owner(pointers: U32, row: int) -> int:
    """The item that the row belongs to. O(log items)."""
    return int(np.searchsorted(pointers, row, side="right")) - 1
