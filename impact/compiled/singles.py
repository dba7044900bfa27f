"""Single points of failure, compiled: who takes an item DOWN alone, and which redundancy is none.

All is about the *cone* of the item, which is what it rests on by hard gates and networks: nothing
else can take it DOWN. What the item and its weak points can't spare is weak too, so most weak
points are found by walking up. The rest of the cone is tried, the farthest first, by letting an
item fall and following it within the cone. What is DOWN takes no more along than what took it DOWN:
where that does no harm, neither does any of what fell with it, and none of those is tried.
"""

from __future__ import annotations

import numpy as np

from impact.compiled.arrays import DEVICE, HARD, I32, JUDGED, SOFT, U8, U32, Arrays
from impact.compiled.detours import cut_off, take_out
from impact.compiled.jit import kernel
from impact.compiled.upward import Upward, is_critical
from impact.compiled.work import FALLEN, FOUND, REROUTED, TALLIES, Work
from impact.states import State

DOWN = int(State.DOWN)

WEAK, SAFE, QUIET, NETWORK = 1, 2, 4, 8
"""Marks by item: takes the target DOWN; does not; breaks no redundant gate of the cone; its network
is in the cone."""


@kernel
def find_cone(arrays: Arrays, up: Upward, target: int, steps: I32, cone: U32, marks: U8) -> int:
    """List the cone in ``cone``, the nearest first; ``steps`` are -1 elsewhere. Returns how many.

    What hangs on a network rests on all of its devices.
    """
    steps[target], cone[0] = 0, target
    first, count = 0, 1
    queue = np.empty(len(steps), np.uint32)
    while first < count:
        item = cone[first]
        first += 1
        for at in range(up.start[item], up.start[item + 1]):
            member = up.member[at]
            if steps[member] < 0:
                steps[member] = steps[item] + 1
                cone[count] = member
                count += 1
        if arrays.flags[item] & JUDGED and not marks[item] & NETWORK:
            count = _add_network(arrays, item, steps, cone, count, marks, queue)
    return count


@kernel
def _add_network(
    arrays: Arrays, item: int, steps: I32, cone: U32, count: int, marks: U8, queue: U32
) -> int:
    queue[0] = item
    marks[item] |= NETWORK
    first, last = 0, 1
    while first < last:
        beside = queue[first]
        first += 1
        if arrays.flags[beside] & DEVICE and steps[beside] < 0:
            steps[beside] = steps[item] + 1
            cone[count] = beside
            count += 1
        for cable in range(arrays.cable_start[beside], arrays.cable_end[beside]):
            other = arrays.cable_to[cable]
            if not marks[other] & NETWORK:
                marks[other] |= NETWORK
                queue[last] = other
                last += 1
    return count


@kernel
def close_upward(arrays: Arrays, up: Upward, item: int, marks: U8, stack: U32) -> None:
    """Mark the item as weak, and all that it or what is weak above it can't spare."""
    marks[item] |= WEAK
    stack[0] = item
    count = 1
    while count:
        count -= 1
        weak = stack[count]
        for at in range(up.start[weak], up.start[weak + 1]):
            member = up.member[at]
            if not marks[member] & WEAK and is_critical(arrays, up.entry[at]):
                marks[member] |= WEAK
                stack[count] = member
                count += 1


@kernel
def try_cone(
    arrays: Arrays, up: Upward, work: Work, steps: I32, cone: U32, marks: U8, most_looks: int
) -> tuple[U32, U32, bool]:
    """Mark everything in the cone as ``WEAK`` or ``SAFE``, the target and what is weak by
    :func:`close_upward` being marked already.

    Returns which redundant gates (by tally) each item breaks, as two columns, and whether these are
    all: after ``most_looks`` at entries, no more gates are looked for.
    """
    tallies, items, pairs = np.empty(1024, np.uint32), np.empty(1024, np.uint32), 0
    stack, broken = np.empty(len(cone) + 1, np.uint32), np.empty(len(up.gate), np.uint32)
    looks = 0
    for at in range(len(cone) - 1, -1, -1):
        item = cone[at]
        is_open = not marks[item] & (WEAK | SAFE)
        is_loud = looks <= most_looks and not marks[item] & QUIET
        if not is_open and not is_loud:
            continue
        is_weak, count, more = _follow(arrays, up, work, steps, marks, item, broken, is_loud)
        looks += more
        if not is_weak:
            _mark_found(work, marks, SAFE)
        elif is_open:
            close_upward(arrays, up, item, marks, stack)
        if is_loud and count == 0:
            _mark_found(work, marks, QUIET)
        for place in range(count if is_loud else 0):
            if up.dependent[broken[place]] != item:
                if pairs == len(items):
                    tallies, items = _longer(tallies), _longer(items)
                tallies[pairs], items[pairs] = broken[place], item
                pairs += 1
        _clean(arrays, work)
    return tallies[:pairs], items[:pairs], looks <= most_looks


@kernel
def _follow(
    arrays: Arrays,
    up: Upward,
    work: Work,
    steps: I32,
    marks: U8,
    item: int,
    broken: U32,
    is_loud: bool,
) -> tuple[bool, int, int]:
    """Let an item fall and follow it within the cone: whether anything weak falls, how many
    redundant gates are listed in ``broken``, and how many entries were looked at. Ends at the first
    that is weak, unless gates are asked for."""
    _fall(work, item)
    is_weak, count, looks, first, fallen = False, 0, 0, 0, 0
    while first < work.counts[FOUND] and (is_loud or not is_weak):
        failed = work.found[first]
        first += 1
        is_weak |= marks[failed] & WEAK != 0
        for entry in range(arrays.entry_start[failed], arrays.entry_end[failed]):
            looks += 1
            dependent, code = arrays.entry_to[entry], arrays.entry_code[entry]
            if steps[dependent] < 0 or code == SOFT:
                continue
            if code != HARD:
                tally = arrays.entry_tally[entry]
                if arrays.tally_soft[tally] or not _breaks_now(arrays, work, entry):
                    continue
                if up.redundant[tally]:
                    broken[count] = tally
                    count += 1
            _fall(work, dependent)
        if arrays.flags[failed] & DEVICE:
            work.fallen[work.counts[FALLEN]] = failed
            work.counts[FALLEN] += 1
        if first == work.counts[FOUND] and fallen < work.counts[FALLEN]:
            take_out(arrays, work, fallen)
            for place in range(fallen, work.counts[FALLEN]):
                _cut(arrays, work, steps, work.fallen[place])
            fallen = work.counts[FALLEN]
    return is_weak, count, looks


@kernel
def _breaks_now(arrays: Arrays, work: Work, entry: int) -> bool:
    """Count the entry's member as failed; whether its gate has less than it needs since then."""
    tally, weight = arrays.entry_tally[entry], arrays.entry_weight[entry]
    lost = work.lost[tally]
    if lost == 0 and weight > 0:
        work.tallied[work.counts[TALLIES]] = tally
        work.counts[TALLIES] += 1
    work.lost[tally] = lost + weight
    spare = arrays.tally_total[tally] - arrays.tally_needed[tally]
    return bool(lost <= spare < lost + weight)


@kernel
def _fall(work: Work, item: int) -> None:
    if work.state[item] != DOWN:
        work.state[item] = DOWN
        work.found[work.counts[FOUND]] = item
        work.counts[FOUND] += 1


@kernel
def _cut(arrays: Arrays, work: Work, steps: I32, device: int) -> None:
    """Let what is beside a fallen device fall where it is cut off."""
    for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
        item = arrays.cable_to[cable]
        if steps[item] >= 0 and work.state[item] != DOWN and cut_off(arrays, work, item):
            _fall(work, item)


@kernel
def _mark_found(work: Work, marks: U8, mark: int) -> None:
    for at in range(work.counts[FOUND]):
        marks[work.found[at]] |= mark


@kernel
def _clean(arrays: Arrays, work: Work) -> None:
    """Put back all that a trial left marked."""
    for at in range(work.counts[FOUND]):
        work.state[work.found[at]] = 0
    for at in range(work.counts[TALLIES]):
        work.lost[work.tallied[at]] = 0
    for at in range(work.counts[FALLEN]):
        work.gone[work.fallen[at]] = 0
    for at in range(work.counts[REROUTED]):
        item = work.rerouted[at]
        work.hops[item] = arrays.hops[item]
    work.counts[:] = 0


@kernel
def _longer(values: U32) -> U32:
    made = np.empty(2 * len(values), np.uint32)
    made[: len(values)] = values
    return made
