"""What a walk writes to: made once for a graph and thread, and left clean by every walk.

A buffer as long as the estate takes longer to make than most answers; so each walk notes what it
touched, and :func:`impact.compiled.kernels.take` puts just that back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from impact.compiled.arrays import I32, I64, U8, U32, Arrays
from impact.compiled.jit import kernel


class Work(NamedTuple):
    """Marks by item, by tallied gate, and lists of what was touched."""

    state: U8
    why: I32
    """By item, side by side as they are written together: its distance, and what explains it (an
    entry, ``CABLE - cable``, or ``GIVEN``)."""
    found: U32
    """The items that are not UP: DOWN first, then DEGRADED, then AT_RISK; each by distance."""
    lost: I64
    """By tallied gate: what its failed members weigh."""
    tallied: U32
    """The tallied gates that lost something in this phase."""
    open_down: U32
    """Items that are DOWN, by distance, and a member of a gate whose dependent is not."""
    open_broken: U32
    """Items that are DEGRADED or DOWN, by distance, and a member of a gate whose dependent is
    neither."""
    gone: U8
    """Whether the network device is known to be DOWN."""
    fallen: U32
    """Those devices, by distance."""
    hops: I32
    """The hops of the arrays, after what is gone; NO_HOPS for what was cut off."""
    rerouted: U32
    """The devices whose hops differ from those of the arrays."""
    orphans: U32
    """Devices that lost all neighbours nearer to an anchor."""
    orphaned: U8
    queue: U32
    counts: I64
    """How many of each list there are, by the numbers below."""


FOUND, TALLIES, OPEN_DOWN, OPEN_BROKEN, FALLEN, REROUTED, FARTHEST, ALL_DOWN, ALL_BROKEN = range(9)
"""Where ``counts`` has the length of each list; the most hops given to any device; and how many of
``found`` are DOWN, and DOWN or DEGRADED."""

GIVEN, CABLE = -1, -2

DISTANCE, VIA = 0, 1
"""The columns of ``why``."""


def make_work(arrays: Arrays) -> Work:
    """Clean buffers for walks over these arrays: some 40 bytes an item."""
    size, tallies = len(arrays.flags), len(arrays.tally_total)
    return Work(
        state=np.zeros(size, np.uint8),
        why=np.zeros((size, 2), np.int32),
        found=np.zeros(size, np.uint32),
        lost=np.zeros(tallies, np.int64),
        tallied=np.zeros(tallies, np.uint32),
        open_down=np.zeros(size, np.uint32),
        open_broken=np.zeros(size, np.uint32),
        gone=np.zeros(size, np.uint8),
        fallen=np.zeros(size, np.uint32),
        hops=arrays.hops.copy(),
        rerouted=np.zeros(size, np.uint32),
        orphans=np.zeros(size, np.uint32),
        orphaned=np.zeros(size, np.uint8),
        queue=np.zeros(size, np.uint32),
        counts=np.zeros(9, np.int64),
    )


@kernel
def lose(arrays: Arrays, work: Work, entry: int) -> int:
    """Count the entry's member as failed; returns what its gate has lost with it, by weight."""
    tally, weight = arrays.entry_tally[entry], arrays.entry_weight[entry]
    lost = int(work.lost[tally])
    if lost == 0 and weight > 0:
        work.tallied[work.counts[TALLIES]] = tally
        work.counts[TALLIES] += 1
    work.lost[tally] = lost + weight
    return lost + int(weight)
