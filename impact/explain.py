"""The proof that an item is in its state: every failed member and device, back to what failed."""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

from cmdb.errors import InvalidInput
from impact.analysis import Analysis
from impact.gates import Gate
from impact.reasons import explaining
from impact.states import State, StateName

DEFAULT_STEPS = 1000


class ProofMember(msgspec.Struct, frozen=True):
    """A failed member of a gate, or a failed device of a network.

    ``weight`` is what it weighs in the gate (1 for a device). ``proven`` says that it has a step of
    its own in the explanation; the others failed later, or because of this very item.
    """

    id: str
    kind: str
    name: str
    state: StateName
    weight: int | float
    proven: bool


class ProofStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why one item is in its state.

    ``how`` is ``given`` (it failed itself), ``gate`` or ``network``. For a gate, ``gate`` is what
    it is called (None for a single link), ``relation`` and ``link`` are those of the last failed
    member that was needed, and ``left`` of ``total`` is the weight of the members that are better,
    where ``needed`` would have been enough (more than enough, where only redundancy is lost).
    ``soft`` says that the dependent only suffers. ``failed`` has every failed member, or the
    devices that cut the item off. ``sentence`` says it all.
    """

    id: str
    kind: str
    name: str
    state: StateName
    distance: int
    how: Literal["given", "gate", "network"]
    sentence: str
    relation: str | None = None
    link: str | None = None
    gate: str | None = None
    soft: bool = False
    left: int | float | None = None
    needed: int | float | None = None
    total: int | float | None = None
    failed: tuple[ProofMember, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """The proof of one item's state; each item has one step, the one asked about the first.

    ``steps`` is empty for an item that is up. Following the proven members from step to step always
    ends at steps whose ``how`` is ``given``, unless ``truncated`` says that steps were cut.
    """

    id: str
    kind: str
    name: str
    state: StateName
    steps: tuple[ProofStep, ...]
    truncated: bool


def explain(analysis: Analysis, item_id: str, *, limit: int | None = DEFAULT_STEPS) -> Explanation:
    """Why the item with that id is in its state, in at most ``limit`` steps (None: in all).

    Raises :class:`~cmdb.errors.UnknownItem` or :class:`~cmdb.errors.InvalidInput` for an item that
    the estate does not have, and the latter for a limit below 1. O(steps and their members).
    """
    if limit is not None and limit < 1:
        raise InvalidInput(f"The limit must be 1 or more, not {limit}.")
    start = analysis.estate.position(item_id)
    steps: list[ProofStep] = []
    waiting = deque([start] if start in analysis.states else [])
    seen = {start}
    while waiting and (limit is None or len(steps) < limit):
        item = waiting.popleft()
        members = _failed_members(analysis, item)
        steps.append(_step(analysis, item, members))
        for member in members:
            if _is_proven(analysis, member, item) and member not in seen:
                seen.add(member)
                waiting.append(member)
    value = analysis.estate.items[start]
    state = analysis.state(start).label
    return Explanation(value.id, value.kind, value.name, state, tuple(steps), bool(waiting))


def _is_proven(analysis: Analysis, member: int, item: int) -> bool:
    return analysis.reasons[member].distance < analysis.reasons[item].distance


def _failed_members(analysis: Analysis, item: int) -> list[int]:
    """What the item's state rests on, the nearest to what failed first."""
    reason, topology = analysis.reasons[item], analysis.estate.topology
    if reason.gate is not None:
        gate = analysis.estate.gates[reason.gate]
        wanted = explaining(gate, analysis.states[item])
        found = [m for m in gate.members if wanted is not None and analysis.state(m) >= wanted]
    elif reason.how == "network" and analysis.states[item] is State.DOWN:
        found = list(analysis.borders[item])
    elif reason.how == "network":
        found = [d for d, _ in topology.beside[item] if analysis.state(d) is State.DOWN]
    else:
        found = []
    return sorted(found, key=lambda member: (analysis.reasons[member].distance, member))


def _step(analysis: Analysis, item: int, members: list[int]) -> ProofStep:
    estate, reason = analysis.estate, analysis.reasons[item]
    value, state = estate.items[item], analysis.states[item]
    link = None if reason.link is None else estate.links[reason.link]
    gate = None if reason.gate is None else estate.gates[reason.gate]
    left = None if gate is None else _left(analysis, gate, state)
    return ProofStep(
        id=value.id,
        kind=value.kind,
        name=value.name,
        state=state.label,
        distance=reason.distance,
        how=reason.how,
        sentence=_sentence(analysis, item, members, left),
        relation=link.relation if link else None,
        link=link.id if link else None,
        gate=gate.label if gate else None,
        soft=gate.soft if gate else False,
        left=gate.shown(left) if gate and left is not None else None,
        needed=gate.shown(gate.needed) if gate else None,
        total=gate.shown(gate.total) if gate else None,
        failed=tuple(_member(analysis, member, item, gate) for member in members),
    )


def _member(analysis: Analysis, member: int, item: int, gate: Gate | None) -> ProofMember:
    value = analysis.estate.items[member]
    weight = gate.shown(gate.weight_of(member)) if gate else 1
    state = analysis.states[member].label
    proven = _is_proven(analysis, member, item)
    return ProofMember(value.id, value.kind, value.name, state, weight, proven)


def _left(analysis: Analysis, gate: Gate, state: State) -> int:
    """What the members weigh that are better than the gate's output before softening.

    Where that is more than is needed, redundancy is lost: those that serve weigh enough, and a
    member that is DEGRADED or DOWN makes the difference.
    """
    weights = gate.weight_by_state(analysis.states)
    wanted = explaining(gate, state) or State.DOWN
    better = sum(weights[:wanted])
    if wanted is State.AT_RISK and better >= gate.needed:
        return weights[State.UP] + weights[State.AT_RISK]
    return better


def _sentence(analysis: Analysis, item: int, members: list[int], left: int | None) -> str:
    estate, reason = analysis.estate, analysis.reasons[item]
    state = _spoken(analysis.states[item])
    who = _name(analysis, item)
    if reason.how == "given":
        return f"{who} is {state}: it failed itself."
    names = _names(analysis, members)
    if reason.how == "network":
        if analysis.states[item] is State.DOWN:
            return f"{who} is down: unreachable, cut off by {names}."
        return f"{who} is {state}: {names} beside it is down, other devices still connect it."
    assert reason.gate is not None
    assert reason.link is not None
    gate, relation = estate.gates[reason.gate], estate.links[reason.link].relation
    soft = " softly" if gate.soft else ""
    if gate.label is None:
        return f"{who} is {state}: its {relation} leads{soft} to {names}."
    assert left is not None
    shown, needed, total = gate.shown(left), gate.shown(gate.needed), gate.shown(gate.total)
    kept = f"{shown} of {total} left where {needed} must serve"
    if left >= gate.needed:
        kept = f"{shown} of {total} left, {needed} must serve: redundancy is lost"
    return f"{who} is {state}: its gate {gate.label!r} counts{soft} on {names}; {kept}."


def _spoken(state: State) -> str:
    return state.label.replace("_", " ")


def _name(analysis: Analysis, item: int) -> str:
    value = analysis.estate.items[item]
    return f"{value.kind} {value.name}"


def _names(analysis: Analysis, members: list[int], most: int = 5) -> str:
    named = [
        f"{_name(analysis, member)} ({_spoken(analysis.states[member])})"
        for member in members[:most]
    ]
    more = len(members) - most
    return ", ".join([*named, f"and {more} more"] if more > 0 else named)
