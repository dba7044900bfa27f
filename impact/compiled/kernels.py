"""The walk itself, compiled.

States are settled from the worst to the best. What takes an item DOWN is DOWN itself, so a first
phase finds all that is DOWN and never looks at it again; a second finds what is DEGRADED, from the
first phase's items that have a dependent left and from its own; a third what is AT_RISK. In each,
items are found by layers of distance, and within a layer members are taken in order, so that the
explanation chosen is that of :mod:`impact.reasons`. An entry is looked at once in a phase and,
where its dependent is DOWN by then, never again: O(what is reached).

Networks belong to the first phase; see :mod:`impact.compiled.detours`.
"""

from __future__ import annotations

import numpy as np

from impact.compiled.arrays import DEVICE, HARD, I32, JUDGED, REDUNDANT, SOFT, U8, U32, Arrays
from impact.compiled.detours import cut_off, take_out
from impact.compiled.jit import kernel
from impact.compiled.work import (
    ALL_BROKEN,
    ALL_DOWN,
    CABLE,
    DISTANCE,
    FALLEN,
    FOUND,
    GIVEN,
    OPEN_BROKEN,
    OPEN_DOWN,
    REROUTED,
    TALLIES,
    VIA,
    Work,
    lose,
)
from impact.states import State

UP, AT_RISK, DEGRADED, DOWN = (
    int(State.UP),
    int(State.AT_RISK),
    int(State.DEGRADED),
    int(State.DOWN),
)

SCAN_FROM = 16
"""A layer of more than one item in this many is sorted by a look at every item's mark."""

RADIX_FROM = 128
"""A layer of more items than this is sorted digit by digit."""

DIGIT_BITS = 11


@kernel
def walk(arrays: Arrays, work: Work, given: U32, given_states: U8) -> None:
    """Fill ``work`` with what follows from the given failures.

    The given items are in order, each once. Whoever calls cleans up with :func:`take`.
    """
    _find_down(arrays, work, given, given_states)
    work.counts[ALL_DOWN] = work.counts[FOUND]
    _forget_tallies(work)
    _find_degraded(arrays, work, given, given_states)
    work.counts[ALL_BROKEN] = work.counts[FOUND]
    _forget_tallies(work)
    _find_at_risk(arrays, work)
    _forget_tallies(work)


@kernel
def take(arrays: Arrays, work: Work, items: U32, distances: I32, vias: I32) -> None:
    """Copy what was found, and put back all that the walk left marked. O(what was reached)."""
    counts = work.counts
    for at in range(counts[FOUND]):
        item = work.found[at]
        items[at] = item
        distances[at] = work.why[item, DISTANCE]
        vias[at] = work.why[item, VIA]
        work.state[item] = UP
    for at in range(counts[FALLEN]):
        work.gone[work.fallen[at]] = 0
    for at in range(counts[REROUTED]):
        item = work.rerouted[at]
        work.hops[item] = arrays.hops[item]
    counts[:] = 0


@kernel
def _forget_tallies(work: Work) -> None:
    for at in range(work.counts[TALLIES]):
        work.lost[work.tallied[at]] = 0
    work.counts[TALLIES] = 0


@kernel
def _settle(work: Work, item: int, state: int, distance: int, via: int) -> None:
    count = work.counts[FOUND]
    work.state[item] = state
    work.why[item, DISTANCE] = distance
    work.why[item, VIA] = via
    work.found[count] = item
    work.counts[FOUND] = count + 1


@kernel
def _breaks(arrays: Arrays, work: Work, entry: int) -> bool:
    """Count the entry's member as failed; whether its gate has less than it needs now."""
    tally, lost = arrays.entry_tally[entry], lose(arrays, work, entry)
    return bool(arrays.tally_total[tally] - lost < arrays.tally_needed[tally])


@kernel
def _sort_layer(work: Work, first: int, last: int, distance: int, state: int) -> None:
    """Put a layer of ``found`` in order."""
    if last - first <= RADIX_FROM:
        work.found[first:last].sort()
        return
    if (last - first) * SCAN_FROM < len(work.state):
        _sort_by_digits(work, first, last)
        return
    at = first
    for item in range(len(work.state)):
        if work.state[item] == state and work.why[item, DISTANCE] == distance:
            work.found[at] = item
            at += 1


@kernel
def _sort_by_digits(work: Work, first: int, last: int) -> None:
    """Sort by the lowest digit, then by the next, to and fro between ``found`` and ``queue``."""
    source, target, shift, here = work.found[first:last], work.queue, 0, True
    starts = np.empty((1 << DIGIT_BITS) + 1, np.int64)
    largest = len(work.state) - 1
    while largest >> shift:
        starts[:] = 0
        for at in range(last - first):
            starts[((source[at] >> shift) & ((1 << DIGIT_BITS) - 1)) + 1] += 1
        for digit in range(1, 1 << DIGIT_BITS):
            starts[digit] += starts[digit - 1]
        for at in range(last - first):
            digit = (source[at] >> shift) & ((1 << DIGIT_BITS) - 1)
            target[starts[digit]] = source[at]
            starts[digit] += 1
        source, target, here = target, source, not here
        shift += DIGIT_BITS
    if not here:
        work.found[first:last] = work.queue[: last - first]


@kernel
def _find_down(arrays: Arrays, work: Work, given: U32, given_states: U8) -> None:
    for at in range(len(given)):
        if given_states[at] == DOWN:
            _settle(work, given[at], DOWN, 0, GIVEN)
    first, distance = 0, 0
    while first < work.counts[FOUND]:
        last = work.counts[FOUND]
        _sort_layer(work, first, last, distance, DOWN)
        distance += 1
        fallen = work.counts[FALLEN]
        for at in range(first, last):
            item = work.found[at]
            if _spread_down(arrays, work, item, distance):
                work.open_down[work.counts[OPEN_DOWN]] = item
                work.counts[OPEN_DOWN] += 1
            if arrays.flags[item] & DEVICE:
                work.fallen[work.counts[FALLEN]] = item
                work.counts[FALLEN] += 1
        if fallen < work.counts[FALLEN]:
            take_out(arrays, work, fallen)
            _spread_cut(arrays, work, fallen, distance)
        first = last


@kernel
def _spread_down(arrays: Arrays, work: Work, item: int, distance: int) -> bool:
    """Tell an item's dependents that it is DOWN; whether one of them is not DOWN yet."""
    is_open = False
    for entry in range(arrays.entry_start[item], arrays.entry_end[item]):
        dependent = arrays.entry_to[entry]
        if work.state[dependent] == DOWN:
            continue
        code = arrays.entry_code[entry]
        if code == HARD:
            _settle(work, dependent, DOWN, distance, entry)
        elif code == SOFT or arrays.tally_soft[arrays.entry_tally[entry]]:
            is_open = True
        elif _breaks(arrays, work, entry):
            _settle(work, dependent, DOWN, distance, entry)
        else:
            is_open = True
    return is_open


@kernel
def _spread_cut(arrays: Arrays, work: Work, first: int, distance: int) -> None:
    """Find what is beside the devices that just fell and is cut off."""
    for at in range(first, work.counts[FALLEN]):
        device = work.fallen[at]
        for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
            item = arrays.cable_to[cable]
            if work.state[item] != DOWN and cut_off(arrays, work, item):
                _settle(work, item, DOWN, distance, CABLE - cable)


@kernel
def _find_degraded(arrays: Arrays, work: Work, given: U32, given_states: U8) -> None:
    first = work.counts[FOUND]
    for at in range(len(given)):
        if given_states[at] == DEGRADED and work.state[given[at]] != DOWN:
            _settle(work, given[at], DEGRADED, 0, GIVEN)
    waiting, distance = 0, 0
    while first < work.counts[FOUND] or waiting < work.counts[OPEN_DOWN]:
        last = work.counts[FOUND]
        if first == last:
            distance = work.why[work.open_down[waiting], DISTANCE]
        _sort_layer(work, first, last, distance, DEGRADED)
        while True:
            is_down = waiting < work.counts[OPEN_DOWN]
            if is_down:
                is_down = work.why[work.open_down[waiting], DISTANCE] == distance
            if not is_down and first == last:
                break
            if is_down and (first == last or work.open_down[waiting] < work.found[first]):
                item = int(work.open_down[waiting])
                waiting += 1
            else:
                item = int(work.found[first])
                first += 1
            if _spread_degraded(arrays, work, item, distance + 1):
                work.open_broken[work.counts[OPEN_BROKEN]] = item
                work.counts[OPEN_BROKEN] += 1
        distance += 1


@kernel
def _spread_degraded(arrays: Arrays, work: Work, item: int, distance: int) -> bool:
    """Tell an item's dependents that it is DEGRADED or DOWN; whether one of them is neither."""
    is_open = False
    is_down = work.state[item] == DOWN
    for entry in range(arrays.entry_start[item], arrays.entry_end[item]):
        dependent = arrays.entry_to[entry]
        if work.state[dependent] >= DEGRADED:
            continue
        code = arrays.entry_code[entry]
        if code == HARD:
            breaks = True
        elif code == SOFT:
            breaks = is_down
        elif is_down or not arrays.tally_soft[arrays.entry_tally[entry]]:
            breaks = _breaks(arrays, work, entry)
        else:
            breaks = False
        if breaks:
            _settle(work, dependent, DEGRADED, distance, entry)
        else:
            is_open = True
    return is_open


@kernel
def _find_at_risk(arrays: Arrays, work: Work) -> None:
    first = work.counts[FOUND]
    waiting, fallen, distance = 0, 0, 0
    while (
        first < work.counts[FOUND]
        or waiting < work.counts[OPEN_BROKEN]
        or fallen < work.counts[FALLEN]
    ):
        last = work.counts[FOUND]
        if first == last:
            distance = _nearest(work, waiting, fallen)
        _sort_layer(work, first, last, distance, AT_RISK)
        while True:
            is_broken = waiting < work.counts[OPEN_BROKEN]
            if is_broken:
                is_broken = work.why[work.open_broken[waiting], DISTANCE] == distance
            if not is_broken and first == last:
                break
            if is_broken and (first == last or work.open_broken[waiting] < work.found[first]):
                item = int(work.open_broken[waiting])
                waiting += 1
            else:
                item = int(work.found[first])
                first += 1
            _spread_at_risk(arrays, work, item, distance + 1)
        distance += 1
        while fallen < work.counts[FALLEN] and work.why[work.fallen[fallen], DISTANCE] < distance:
            _spread_lost_redundancy(arrays, work, work.fallen[fallen], distance)
            fallen += 1


@kernel
def _nearest(work: Work, waiting: int, fallen: int) -> int:
    nearest = 2**31 - 1
    if waiting < work.counts[OPEN_BROKEN]:
        nearest = work.why[work.open_broken[waiting], DISTANCE]
    if fallen < work.counts[FALLEN]:
        nearest = min(nearest, work.why[work.fallen[fallen], DISTANCE])
    return nearest


@kernel
def _spread_at_risk(arrays: Arrays, work: Work, item: int, distance: int) -> None:
    """Tell an item's dependents that it is not UP."""
    state = work.state[item]
    for entry in range(arrays.entry_start[item], arrays.entry_end[item]):
        dependent = arrays.entry_to[entry]
        if work.state[dependent] != UP:
            continue
        code = arrays.entry_code[entry]
        if code == HARD:
            breaks = True
        elif code == SOFT:
            breaks = state == DEGRADED
        elif not arrays.tally_soft[arrays.entry_tally[entry]]:
            # A member that is broken costs the redundancy, whatever it weighs.
            breaks = state >= DEGRADED or _breaks(arrays, work, entry)
        else:
            breaks = state >= DEGRADED and _breaks(arrays, work, entry)
        if breaks:
            _settle(work, dependent, AT_RISK, distance, entry)


@kernel
def _spread_lost_redundancy(arrays: Arrays, work: Work, device: int, distance: int) -> None:
    """Find what is beside a device that is DOWN and has others left."""
    for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
        item = arrays.cable_to[cable]
        if (
            work.state[item] == UP
            and arrays.flags[item] & REDUNDANT
            and arrays.flags[item] & JUDGED
        ):
            _settle(work, item, AT_RISK, distance, CABLE - cable)
