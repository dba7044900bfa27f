"""An estate's compiled form, and walks over it from any number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from impact.compiled.arrays import Graph
from impact.compiled.found import Found, FoundStates
from impact.compiled.kernels import take, walk
from impact.compiled.singles import WEAK, close_upward, find_cone, try_cone
from impact.compiled.upward import Upward, upward_of
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
    _upward: Upward | None = None

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

    def singles(self, target: int, most_looks: int) -> Singles:
        """Who takes the target DOWN alone, and which redundancy of what it rests on is none; the
        latter as far as ``most_looks`` at entries go. The first call turns all entries round."""
        if self._upward is None:
            self._upward = upward_of(self.graph)
        arrays, up = self.graph.arrays, self._upward
        size = self.graph.size
        steps, marks = np.full(size, -1, np.int32), np.zeros(size, np.uint8)
        cone = np.empty(size, np.uint32)
        count = find_cone(arrays, up, target, steps, cone, marks)
        cone = cone[:count].copy()
        close_upward(arrays, up, target, marks, np.empty(count, np.uint32))
        with self._work() as work:
            broken = try_cone(arrays, up, work, steps, cone, marks, most_looks)
        return Singles(target, steps, cone, marks[cone] & WEAK != 0, up.gate, *broken)

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
