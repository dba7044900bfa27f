"""Networks laid out, compiled: what belongs together, and how far devices are from an anchor."""

from __future__ import annotations

import numpy as np

from impact.compiled.arrays import ANCHORED, DEVICE, I32, JUDGED, NO_HOPS, REDUNDANT, U8, U32
from impact.compiled.jit import kernel

NO_NETWORK = -1
"""The network of what has no cables."""


@kernel
def lay_out(
    cable_start: U32,
    cable_end: U32,
    cable_to: U32,
    is_device: U8,
    is_anchor: U8,
    network_of: I32,
    hops: I32,
    flags: U8,
) -> int:
    """Fill the last three with what :func:`impact.network.lay_out` finds; returns how many networks
    there are, numbered by their first items. O(items and cables)."""
    size = len(flags)
    queue = np.empty(size, np.uint32)
    network_of[:] = NO_NETWORK
    hops[:] = NO_HOPS
    flags[:] = 0
    count = 0
    for item in range(size):
        if cable_start[item] < cable_end[item] and network_of[item] == NO_NETWORK:
            _label(cable_start, cable_end, cable_to, network_of, queue, item, count)
            count += 1
    anchored = np.zeros(count, np.uint8)
    last = 0
    for item in range(size):
        if network_of[item] != NO_NETWORK and is_anchor[item]:
            anchored[network_of[item]] = 1
            hops[item] = 0
            queue[last] = item
            last += 1
    first = 0
    while first < last:
        nearer = queue[first]
        first += 1
        for cable in range(cable_start[nearer], cable_end[nearer]):
            device = cable_to[cable]
            if is_device[device] and hops[device] == NO_HOPS:
                hops[device] = hops[nearer] + 1
                queue[last] = device
                last += 1
    for item in range(size):
        if network_of[item] != NO_NETWORK:
            flags[item] = _flags(
                cable_start,
                cable_end,
                cable_to,
                is_device,
                hops,
                item,
                int(anchored[network_of[item]]),
            )
    return count


@kernel
def _label(
    cable_start: U32,
    cable_end: U32,
    cable_to: U32,
    network_of: I32,
    queue: U32,
    start: int,
    network: int,
) -> None:
    network_of[start] = network
    queue[0] = start
    first, last = 0, 1
    while first < last:
        item = queue[first]
        first += 1
        for cable in range(cable_start[item], cable_end[item]):
            other = cable_to[cable]
            if network_of[other] == NO_NETWORK:
                network_of[other] = network
                queue[last] = other
                last += 1


@kernel
def _flags(
    cable_start: U32,
    cable_end: U32,
    cable_to: U32,
    is_device: U8,
    hops: I32,
    item: int,
    is_anchored: int,
) -> int:
    beside, is_connected = 0, False
    for cable in range(cable_start[item], cable_end[item]):
        other = cable_to[cable]
        if is_device[other]:
            beside += 1
            is_connected |= not is_anchored or hops[other] != NO_HOPS
    is_connected |= bool(is_anchored) and hops[item] != NO_HOPS
    flags = 0
    if is_device[item]:
        flags |= DEVICE
    elif beside > 1:
        flags |= REDUNDANT
    if is_anchored:
        flags |= ANCHORED
    if is_connected:
        flags |= JUDGED
    return flags
