"""Single points of failure, compiled: who takes an item DOWN alone, and which redundancy is none.

All is about the *cone* of the item, which is what it rests on by hard gates and networks: nothing
else can take it DOWN. What the item and its weak points can't spare is weak too, so most weak
points are found by walking up. The rest of the cone is tried, the farthest first, by letting an
item fall and following it within the cone. What is DOWN takes no more along than what took it DOWN:
where that does no harm, neither does any of what fell with it, and none of those is tried.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impact.compiled.arrays import DEVICE, HARD, I32, SOFT, TALLIED, U8, U32, Arrays
from impact.compiled.detours import cut_off, take_out
from impact.compiled.jit import kernel
from impact.compiled.work import FALLEN, FOUND, REROUTED, TALLIES, Work, lose
from impact.states import State

DOWN = int(State.DOWN)

WEAK, SAFE, QUIET = 1, 2, 4
"""Marks by item: takes the target DOWN; does not; breaks no redundant gate of the cone."""

Flags = npt.NDArray[np.bool_]


class Cone(NamedTuple):
    """The items of a cone, the nearest first and the target in front.

    ``steps`` and ``row`` are by item, -1 for all others: how far up it is, and where in ``items``.
    ``start`` says where the rows of each of ``items`` are in ``member``, which has the members of
    its gates that those can't spare. ``critical`` marks tallied gates that can't spare some member.
    """

    items: U32
    steps: I32
    row: I32
    start: U32
    member: U32
    critical: U8

    @classmethod
    def of(cls, arrays: Arrays, items: U32, steps: I32) -> Cone:
        """The cone of these items. O(their entries)."""
        row = np.full(len(steps), -1, np.int32)
        row[items] = np.arange(len(items), dtype=np.int32)
        critical = np.zeros(len(arrays.tally_total), np.uint8)
        dependents, members = _critical_members(arrays, items, row, critical)
        start = np.zeros(len(items) + 1, np.uint32)
        np.cumsum(np.bincount(dependents, minlength=len(items)), out=start[1:])
        member = members[np.argsort(dependents, kind="stable")]
        return cls(items, steps, row, start, member, critical)


@kernel
def _longer(values: U32) -> U32:
    made = np.empty(2 * len(values), np.uint32)
    made[: len(values)] = values
    return made


@kernel
def _is_critical(arrays: Arrays, entry: int) -> bool:
    """Whether the entry's gate is hard and can't spare its member."""
    code, tally = arrays.entry_code[entry], arrays.entry_tally[entry]
    if code != TALLIED:
        return bool(code == HARD)
    spare = arrays.tally_total[tally] - arrays.tally_needed[tally]
    return bool(not arrays.tally_soft[tally] and arrays.entry_weight[entry] > spare)


@kernel
def _critical_members(arrays: Arrays, items: U32, row: I32, critical: U8) -> tuple[U32, U32]:
    """The rows of dependents in the cone, each with a member that its gates can't spare."""
    dependents, members, count = np.empty(1024, np.uint32), np.empty(1024, np.uint32), 0
    for item in items:
        for entry in range(arrays.entry_start[item], arrays.entry_end[item]):
            dependent = row[arrays.entry_to[entry]]
            if dependent >= 0 and _is_critical(arrays, entry):
                if count == len(members):
                    dependents, members = _longer(dependents), _longer(members)
                dependents[count], members[count] = dependent, item
                count += 1
                if arrays.entry_code[entry] == TALLIED:
                    critical[arrays.entry_tally[entry]] = 1
    return dependents[:count], members[:count]


@kernel
def network_devices(arrays: Arrays, item: int, seen: Flags, queue: U32) -> int:
    """Mark all of the item's network as seen, and list its devices in front of ``queue``; returns
    how many there are."""
    queue[0], seen[item] = item, True
    first, last, count = 0, 1, 0
    while first < last:
        beside = queue[first]
        first += 1
        for cable in range(arrays.cable_start[beside], arrays.cable_end[beside]):
            other = arrays.cable_to[cable]
            if not seen[other]:
                seen[other] = True
                queue[last] = other
                last += 1
        if arrays.flags[beside] & DEVICE:
            queue[count] = beside
            count += 1
    return count


@kernel
def close_upward(cone: Cone, item: int, marks: U8, stack: U32) -> None:
    """Mark the item as weak, and all that it or what is weak above it can't spare."""
    marks[item] |= WEAK
    stack[0] = item
    count = 1
    while count:
        count -= 1
        row = cone.row[stack[count]]
        for at in range(cone.start[row], cone.start[row + 1]):
            member = cone.member[at]
            if not marks[member] & WEAK:
                marks[member] |= WEAK
                stack[count] = member
                count += 1


@kernel
def try_cone(
    arrays: Arrays, work: Work, cone: Cone, marks: U8, most_looks: int
) -> tuple[U32, U32, bool]:
    """Mark everything in the cone as ``WEAK`` or ``SAFE``, the target and what is weak by
    :func:`close_upward` being marked already.

    Returns which redundant gates (by an entry of theirs) each item breaks, as two columns, and
    whether these are all: after ``most_looks`` at entries, no more gates are looked for.
    """
    entries, items, pairs = np.empty(1024, np.uint32), np.empty(1024, np.uint32), 0
    size = len(cone.items)
    stack, broken = np.empty(size + 1, np.uint32), np.empty(len(cone.critical), np.uint32)
    looks = 0
    for at in range(size - 1, -1, -1):
        item = cone.items[at]
        is_open = not marks[item] & (WEAK | SAFE)
        is_loud = looks <= most_looks and not marks[item] & QUIET
        if not is_open and not is_loud:
            continue
        is_weak, count, more = _follow(arrays, work, cone, marks, item, broken, is_loud)
        looks += more
        if not is_weak:
            _mark_found(work, marks, SAFE)
        elif is_open:
            close_upward(cone, item, marks, stack)
        if is_loud and count == 0:
            _mark_found(work, marks, QUIET)
        for place in range(count if is_loud else 0):
            if arrays.entry_to[broken[place]] != item:
                if pairs == len(items):
                    entries, items = _longer(entries), _longer(items)
                entries[pairs], items[pairs] = broken[place], item
                pairs += 1
        _clean(arrays, work)
    return entries[:pairs], items[:pairs], looks <= most_looks


@kernel
def _follow(
    arrays: Arrays, work: Work, cone: Cone, marks: U8, item: int, broken: U32, is_loud: bool
) -> tuple[bool, int, int]:
    """Let an item fall and follow it within the cone.

    Returns whether anything weak falls, how many redundant gates are listed in ``broken``, by the
    entry that broke them, and how many entries were looked at. Ends at the first that is weak,
    unless gates are asked for.
    """
    _fall(work, item)
    is_weak, count, looks, first, fallen = False, 0, 0, 0, 0
    while first < work.counts[FOUND] and (is_loud or not is_weak):
        failed = work.found[first]
        first += 1
        is_weak |= marks[failed] & WEAK != 0
        for entry in range(arrays.entry_start[failed], arrays.entry_end[failed]):
            looks += 1
            dependent, code = arrays.entry_to[entry], arrays.entry_code[entry]
            if cone.row[dependent] < 0 or code == SOFT:
                continue
            if code != HARD:
                tally = arrays.entry_tally[entry]
                if arrays.tally_soft[tally] or not _breaks_now(arrays, work, entry):
                    continue
                if not cone.critical[tally]:
                    broken[count] = entry
                    count += 1
            _fall(work, dependent)
        if arrays.flags[failed] & DEVICE:
            work.fallen[work.counts[FALLEN]] = failed
            work.counts[FALLEN] += 1
        if first == work.counts[FOUND] and fallen < work.counts[FALLEN]:
            take_out(arrays, work, fallen)
            for place in range(fallen, work.counts[FALLEN]):
                _cut(arrays, work, cone.row, work.fallen[place])
            fallen = work.counts[FALLEN]
    return is_weak, count, looks


@kernel
def _breaks_now(arrays: Arrays, work: Work, entry: int) -> bool:
    """Count the entry's member as failed; whether its gate has less than it needs since then."""
    tally, lost = arrays.entry_tally[entry], lose(arrays, work, entry)
    spare = arrays.tally_total[tally] - arrays.tally_needed[tally]
    return bool(lost - arrays.entry_weight[entry] <= spare < lost)


@kernel
def _fall(work: Work, item: int) -> None:
    if work.state[item] != DOWN:
        work.state[item] = DOWN
        work.found[work.counts[FOUND]] = item
        work.counts[FOUND] += 1


@kernel
def _cut(arrays: Arrays, work: Work, row: I32, device: int) -> None:
    """Let what is beside a fallen device fall where it is cut off."""
    for cable in range(arrays.cable_start[device], arrays.cable_end[device]):
        item = arrays.cable_to[cable]
        if row[item] >= 0 and work.state[item] != DOWN and cut_off(arrays, work, item):
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
