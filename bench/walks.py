"""Estates of any size as flat arrays, drawn at once and the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from impact.compiled.arrays import HARD, SOFT, TALLIED, Arrays, Graph, pointers

LAYERS = 10
SOFT_SHARE, GATED_SHARE = 0.1, 0.3
"""Of the dependents: how many suffer only from one provider, and how many have two that are a gate
of which one must serve."""


@dataclass(frozen=True, slots=True)
class Walked:
    """The arrays, and the same links as pairs of provider and dependent for those without gates."""

    graph: Graph
    providers: npt.NDArray[np.uint32]
    dependents: npt.NDArray[np.uint32]
    build_s: float
    """From pairs to arrays."""


def layered(items: int, links_per_item: int, *, gated: bool) -> Walked:
    """Ten layers; each item depends on ``links_per_item`` of the layer before, the first of which
    are depended on far more than the last. With ``gated``, some links are soft, and the first two
    of many an item's links are one gate."""
    random = np.random.default_rng(20_261_124)
    width = items // LAYERS
    dependents = np.repeat(np.arange(width, width * LAYERS, dtype=np.uint32), links_per_item)
    layer_start = (dependents // width - 1) * width
    skewed = (random.random(len(dependents)) ** 3 * width).astype(np.uint32)
    providers = (layer_start + skewed).astype(np.uint32)
    code = np.full(len(dependents), HARD, np.uint8)
    tally = np.zeros(len(dependents), np.uint32)
    tallies = 0
    if gated:
        code[random.random(len(code)) < SOFT_SHARE] = SOFT
        has_gate = random.random(width * (LAYERS - 1)) < GATED_SHARE
        first = np.flatnonzero(has_gate) * links_per_item
        tallies = len(first)
        for member in (first, first + 1):
            code[member] = TALLIED
            tally[member] = np.arange(tallies, dtype=np.uint32)
    started = perf_counter()
    order = np.argsort(providers, kind="stable")
    entry_ptr = pointers(np.bincount(providers, minlength=items))
    no_cables = np.zeros(items, np.uint32)
    arrays = Arrays(
        entry_start=entry_ptr[:-1],
        entry_end=entry_ptr[1:],
        entry_to=dependents[order],
        entry_code=code[order],
        entry_tally=tally[order],
        entry_weight=np.ones(len(order), np.int32),
        tally_total=np.full(tallies, 2, np.int64),
        tally_needed=np.ones(tallies, np.int64),
        tally_soft=np.zeros(tallies, np.uint8),
        cable_start=no_cables,
        cable_end=no_cables,
        cable_to=np.zeros(0, np.uint32),
        flags=np.zeros(items, np.uint8),
        hops=np.full(items, -1, np.int32),
    )
    nothing = np.zeros(0, np.uint32)
    graph = Graph(arrays, order.astype(np.uint32), providers[order], nothing, nothing)
    return Walked(graph, providers, dependents, perf_counter() - started)
