"""An estate's compiled form, and walks over it from any number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from impact.compiled.arrays import Graph
from impact.compiled.found import Found, FoundStates
from impact.compiled.kernels import clean, walk
from impact.compiled.work import ALL_BROKEN, ALL_DOWN, DISTANCE, FOUND, VIA, Work, make_work
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
            try:
                walk(self.graph.arrays, work, items, states)
                return _found(self.graph, work)
            finally:
                clean(self.graph.arrays, work)

    @contextmanager
    def _work(self) -> Iterator[Work]:
        try:
            work = self._spare.pop()
        except IndexError:
            work = make_work(self.graph.arrays)
        yield work
        if len(self._spare) < SPARE_WORK:
            self._spare.append(work)


def _found(graph: Graph, work: Work) -> Found:
    count = int(work.counts[FOUND])
    items = work.found[:count].copy()
    return Found(
        graph=graph,
        items=items,
        distances=work.why[items, DISTANCE],
        vias=work.why[items, VIA],
        down=int(work.counts[ALL_DOWN]),
        broken=int(work.counts[ALL_BROKEN]),
    )
