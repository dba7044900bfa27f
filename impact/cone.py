"""What an item rests on by hard gates and networks: whatever may take it DOWN."""

from __future__ import annotations

from itertools import chain

import numpy as np

from impact.columns.layers import distinct
from impact.compiled.arrays import JUDGED, U32
from impact.compiled.engine import Engine
from impact.compiled.singles import Cone, network_devices
from impact.estate import Estate

AT_ONCE = 32
"""From so many items on, columns are asked for what all of them rest on."""


def cone_of(estate: Estate, engine: Engine, target: int) -> Cone:
    """The cone of the item: what hangs on a network rests on all of its devices.

    O(the cone and its gates), and a look at every item's flag to make room for them.
    """
    arrays = engine.graph.arrays
    steps = np.full(engine.graph.size, -1, np.int32)
    seen, queue = np.zeros(engine.graph.size, np.bool_), np.empty(engine.graph.size, np.uint32)
    layer = np.array([target], np.uint32)
    layers = list[U32]()
    while len(layer):
        steps[layer] = len(layers)
        layers.append(layer)
        found = [hard_members(estate, layer)]
        judged = layer[(arrays.flags[layer] & JUDGED != 0) & ~seen[layer]]
        for item in judged.tolist():
            if not seen[item]:
                found.append(queue[: network_devices(arrays, item, seen, queue)].copy())
        above = np.concatenate(found)
        layer = distinct(above[steps[above] < 0])
    return Cone.of(arrays, np.concatenate(layers), steps)


def hard_members(estate: Estate, items: U32) -> U32:
    """The members of the hard gates of these items, some of them more than once."""
    if estate.version is not None and len(items) >= AT_ONCE:
        from impact.columns.among import hard_members as among

        return among(estate.version, items)
    gates = (estate.gates[at] for i in items.tolist() for at in estate.gates_of.get(i, ()))
    return np.fromiter(chain.from_iterable(g.members for g in gates if not g.soft), np.uint32)
