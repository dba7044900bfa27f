"""What goes DOWN with some items, and nothing else: asked thousands of times in a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from impact.blast_radius import service_kinds
from impact.estate import Estate
from impact.propagate import at_least, propagate
from impact.states import State


@dataclass
class Downs:
    """Walks of one estate, counted."""

    estate: Estate
    walks: int = 0

    def of(self, items: Iterable[int]) -> list[int]:
        """Everything that is DOWN once these items are; O(what is reached)."""
        self.walks += 1
        states = propagate(self.estate, dict.fromkeys(items, State.DOWN))
        return at_least(states, State.DOWN)

    @cached_property
    def services(self) -> frozenset[int]:
        """All items that are services. O(items) once."""
        estate, kinds = self.estate, service_kinds(self.estate)
        places = (estate.index[item_id] for item_id in estate.index)
        return frozenset(at for at in places if estate.kind_of(at) in kinds)
