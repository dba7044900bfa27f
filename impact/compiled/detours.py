"""Who is cut off when network devices fall, compiled.

Every device that an anchor reaches has a neighbour with fewer hops. A device that loses all such is
an orphan, and so are those that it leaves without any. Orphans beside a device that is still
reached are joined to it, with more hops than any device had before; the others are cut off. So a
failure costs what hung on it, not the network (after Even and Shiloach, "An on-line edge-deletion
problem", J. ACM 28(1), 1981, who keep exact distances: here any order will do that leads to an
anchor).
"""

from __future__ import annotations

from impact.compiled.arrays import ANCHORED, DEVICE, JUDGED, NO_HOPS, Arrays
from impact.compiled.jit import kernel
from impact.compiled.work import FALLEN, FARTHEST, REROUTED, Work


@kernel
def take_out(arrays: Arrays, work: Work, first: int) -> None:
    """Bring ``hops`` up to date with the devices of ``fallen`` from the ``first`` on."""
    if work.counts[FARTHEST] == 0:
        work.counts[FARTHEST] = len(work.hops)
    for at in range(first, work.counts[FALLEN]):
        work.gone[work.fallen[at]] = 1
    orphans = 0
    for at in range(first, work.counts[FALLEN]):
        device = work.fallen[at]
        if work.hops[device] != NO_HOPS:
            orphans = _orphan_beyond(arrays, work, device, orphans)
    at = 0
    while at < orphans:
        orphans = _orphan_beyond(arrays, work, work.orphans[at], orphans)
        at += 1
    for at in range(first, work.counts[FALLEN]):
        if work.hops[work.fallen[at]] != NO_HOPS:
            _set_hops(arrays, work, work.fallen[at], NO_HOPS)
    _adopt(arrays, work, orphans)
    for at in range(orphans):
        if work.orphaned[work.orphans[at]]:
            work.orphaned[work.orphans[at]] = 0
            _set_hops(arrays, work, work.orphans[at], NO_HOPS)


@kernel
def cut_off(arrays: Arrays, work: Work, item: int) -> bool:
    """Whether an item that was connected no longer is."""
    flags = arrays.flags[item]
    if not flags & JUDGED or work.hops[item] != NO_HOPS:
        return False
    for cable in range(arrays.cable_start[item], arrays.cable_end[item]):
        beside = arrays.cable_to[cable]
        if flags & ANCHORED:
            if work.hops[beside] != NO_HOPS:
                return False
        elif arrays.flags[beside] & DEVICE and not work.gone[beside]:
            return False
    return True


@kernel
def _orphan_beyond(arrays: Arrays, work: Work, device: int, orphans: int) -> int:
    """Add to ``orphans`` those farther than the device that nothing else brings to an anchor."""
    for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
        beside = arrays.cable_to[cable]
        if (
            work.hops[beside] > work.hops[device]
            and not work.gone[beside]
            and not work.orphaned[beside]
            and not _is_held(arrays, work, beside)
        ):
            work.orphaned[beside] = 1
            work.orphans[orphans] = beside
            orphans += 1
    return orphans


@kernel
def _is_held(arrays: Arrays, work: Work, device: int) -> bool:
    """Whether a neighbour that is reached has fewer hops."""
    for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
        beside = arrays.cable_to[cable]
        if _is_reached(work, beside) and work.hops[beside] < work.hops[device]:
            return True
    return False


@kernel
def _is_reached(work: Work, item: int) -> bool:
    return work.hops[item] != NO_HOPS and not work.gone[item] and not work.orphaned[item]


@kernel
def _adopt(arrays: Arrays, work: Work, orphans: int) -> None:
    """Join the orphans to what is still reached, the nearest first."""
    last = 0
    for at in range(orphans):
        device = work.orphans[at]
        for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
            if _is_reached(work, arrays.cable_to[cable]):
                work.queue[last] = device
                last += 1
                break
    if last == 0:
        return
    farthest = work.counts[FARTHEST] + 1
    for at in range(last):
        work.orphaned[work.queue[at]] = 0
        _set_hops(arrays, work, work.queue[at], farthest)
    first = 0
    while first < last:
        device = work.queue[first]
        first += 1
        farthest = int(work.hops[device]) + 1
        for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
            beside = arrays.cable_to[cable]
            if work.orphaned[beside]:
                work.orphaned[beside] = 0
                _set_hops(arrays, work, beside, farthest)
                work.queue[last] = beside
                last += 1
    work.counts[FARTHEST] = farthest


@kernel
def _set_hops(arrays: Arrays, work: Work, device: int, hops: int) -> None:
    if work.hops[device] == arrays.hops[device]:
        work.rerouted[work.counts[REROUTED]] = device
        work.counts[REROUTED] += 1
    work.hops[device] = hops
