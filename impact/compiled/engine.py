"""An estate's compiled form, and walks over it from any number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from impact.compiled.arrays import Graph
from impact.compiled.found import Found, FoundStates
from impact.compiled.kernels import take, walk
from impact.compiled.singles import WEAK, Cone, close_upward, try_cone
from impact.compiled.weak import Singles
from impact.compiled.work import ALL_BROKEN, ALL_DOWN, FOUND, Work, make_work
from impact.states import State

SPARE_WORK = 8
"""Buffers kept for the next walks at most."""


@dataclass(slots=True)
class Engine:
    """Walks over one graph. Threads may share it: each walk takes buffers of its own."""

    graph: Graph
    _spare: list[Work] = field(default_factory=list)

    def states(self, given: Mapping[int, State]) -> FoundStates:
        """As :meth:`walk`, as a mapping from items to states."""
        return FoundStates(self.walk(given))

    def walk(self, given: Mapping[int, State]) -> Found:
        """What follows when the given items fail. O(what is reached)."""
        items = np.array(sorted(given), np.uint32)
        states = np.array([given[int(item)] for item in items], np.uint8)
        with self._work() as work:
            walk(self.graph.arrays, work, items, states)
            return _taken(self.graph, work)

    def singles(self, cone: Cone, most_looks: int) -> Singles:
        """Who takes the cone's target DOWN alone, and which redundancy in the cone is none; the
        latter as far as ``most_looks`` at entries go."""
        marks = np.zeros(self.graph.size, np.uint8)
        close_upward(cone, int(cone.items[0]), marks, np.empty(len(cone.items), np.uint32))
        with self._work() as work:
            entries, items, complete = try_cone(self.graph.arrays, work, cone, marks, most_looks)
        gates = self.graph.entry_gate[entries]
        return Singles(cone, marks[cone.items] & WEAK != 0, gates, items, complete)

    def take_over(self, other: Engine) -> None:
        """Share the buffers of another engine, where they serve for this one's graph as well."""
        mine, its = self.graph.arrays, other.graph.arrays
        if (
            mine.hops is its.hops
            and len(mine.flags) == len(its.flags)
            and len(mine.tally_total) == len(its.tally_total)
        ):
            self._spare = other._spare

    @contextmanager
    def _work(self) -> Iterator[Work]:
        try:
            work = self._spare.pop()
        except IndexError:
            work = make_work(self.graph.arrays)
        yield work  # what a walk that was broken off leaves marked is not used again
        if len(self._spare) < SPARE_WORK:
            self._spare.append(work)


def _taken(graph: Graph, work: Work) -> Found:
    count, down, broken = (int(work.counts[of]) for of in (FOUND, ALL_DOWN, ALL_BROKEN))
    items = np.empty(count, np.uint32)
    distances, vias = np.empty(count, np.int32), np.empty(count, np.int32)
    take(graph.arrays, work, items, distances, vias)
    return Found(graph, items, distances, vias, down, broken)
