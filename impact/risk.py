"""How risky it is to let items fail for a while: a sum of factors that each say why.

Every factor has a value from 0 (nothing speaks against it) to 1, and a weight; its points are their
product. The weights are scaled so that they add up to 100, and so the total is 0 to 100. Where
several things count towards one factor, each takes its share of what those before it left: two
shares of 0.5 make 0.75, and no number of them exceeds 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args

import msgspec

from cmdb.errors import InvalidInput
from impact.analysis import Analysis
from impact.answer import ServiceReached
from impact.blast_radius import gates_held, services_reached
from impact.propagate import propagate
from impact.states import State, StateName
from impact.weak_evidence import foundations, weak_places, weak_rows
from impact.window import BusinessHours, Window, business_hours

RiskFactorName = Literal[
    "services", "weak_points", "redundancy", "data_quality", "window", "collisions", "history"
]
FACTORS: tuple[RiskFactorName, ...] = get_args(RiskFactorName)
DEFAULT_WEIGHTS: Mapping[str, float] = {
    "services": 30,
    "weak_points": 20,
    "redundancy": 15,
    "data_quality": 10,
    "window": 10,
    "collisions": 10,
    "history": 5,
}
DEFAULT_HOURS = business_hours("mon-fri 08:00-18:00")

SHARE_OF_CRITICALITY = {"critical": 0.8, "high": 0.5, "medium": 0.3, "low": 0.1}
SHARE_WITHOUT_CRITICALITY = 0.3
SHARE_OF_STATE: Mapping[str, float] = {"down": 1.0, "degraded": 0.5, "at_risk": 0.2}
SHARE_OF_WEAK_POINT = 0.5
SHARE_OF_LOST_REDUNDANCY = 0.25
SHARE_OF_COLLISION = 0.5
SHARE_OF_INCIDENT = 0.3
SHARE_OF_EDIT = 0.05
FULL_WINDOW_HOURS = 8
"""So many business hours in the window make its value 1."""

MOST_TRIED = 50
"""Failing items that are tried alone, at most, to see whether each is a weak point."""
MOST_EVIDENCE = 10


class RiskEvidence(msgspec.Struct, frozen=True):
    """One thing that a factor rests on: the id of an item or link, or the name of a planned
    failure, and what about it."""

    id: str
    text: str


class RiskFactor(msgspec.Struct, frozen=True):
    """One part of the sum: ``points`` are ``value`` (0 to 1) times ``weight``.

    ``evidence`` has the first few of ``evidence_total`` things that it rests on.
    """

    factor: RiskFactorName
    value: float
    weight: float
    points: float
    sentence: str
    evidence: tuple[RiskEvidence, ...]
    evidence_total: int


class Risk(msgspec.Struct, frozen=True):
    """The risk of letting ``items`` (ids) fail as ``state``, from ``start`` to ``end`` if known.

    ``total`` is the sum of the factors' points, 0 to 100. ``affected`` counts the items that do
    not stay up, the failed ones included.
    """

    revision: int
    as_of: datetime
    items: tuple[str, ...]
    state: StateName
    start: datetime | None
    end: datetime | None
    total: float
    affected: int
    factors: tuple[RiskFactor, ...]


class ItemHistory(msgspec.Struct, frozen=True):
    """What happened to an item of late: ``edits`` counts them, ``incidents`` are ids of records."""

    id: str
    edits: int
    incidents: tuple[str, ...] = ()


class _Judged(msgspec.Struct, frozen=True):
    value: float
    sentence: str
    evidence: Sequence[RiskEvidence] = ()
    total: int | None = None
    """How much evidence there is, where not all of it is here."""


def assess_risk(
    analysis: Analysis,
    *,
    window: Window | None = None,
    hours: BusinessHours = DEFAULT_HOURS,
    history: Sequence[ItemHistory] | None = None,
    collisions: Sequence[RiskEvidence] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Risk:
    """The risk of the analysed failure.

    ``history`` is that of the failing items and ``collisions`` are those with other planned
    failures; None where they are not known, which counts as none and is said. ``weights``
    replace the default ones by name. Raises what :func:`scaled_weights` raises. Costs one
    propagation per failing item, up to :data:`MOST_TRIED`.
    """
    scaled = scaled_weights(weights or {})
    services = services_reached(analysis)
    judged: dict[RiskFactorName, _Judged] = {
        "services": _services(services),
        "weak_points": _weak_points(analysis, services),
        "redundancy": _redundancy(analysis),
        "data_quality": _data_quality(analysis),
        "window": _window(window, hours),
        "collisions": _collisions(collisions),
        "history": _history(history),
    }
    factors = tuple(_factor(name, judged[name], scaled[name]) for name in FACTORS)
    estate = analysis.estate
    return Risk(
        revision=estate.revision,
        as_of=estate.as_of,
        items=tuple(estate.items[item].id for item in analysis.given),
        state=max(analysis.given.values(), default=State.UP).label,
        start=window.start if window else None,
        end=window.end if window else None,
        total=round(sum(factor.points for factor in factors), 1),
        affected=len(analysis.states),
        factors=factors,
    )


def scaled_weights(given: Mapping[str, float]) -> dict[str, float]:
    """The default weights with the given ones in their place, scaled to add up to 100.

    Raises :class:`~cmdb.errors.InvalidInput` for a factor that does not exist, a weight that is no
    number from 0 up, or where all are 0.
    """
    for name, weight in given.items():
        if name not in DEFAULT_WEIGHTS:
            raise InvalidInput(f"There is no risk factor {name!r}; there are {', '.join(FACTORS)}.")
        if not 0 <= weight < math.inf:
            raise InvalidInput(f"The weight of {name} must be 0 or more, not {weight}.")
    merged = {**DEFAULT_WEIGHTS, **given}
    total = sum(merged.values())
    if not 0 < total < math.inf:
        raise InvalidInput(
            "At least one risk factor must have a weight above 0, and none without end."
        )
    return {name: 100 * weight / total for name, weight in merged.items()}


def _factor(name: RiskFactorName, judged: _Judged, weight: float) -> RiskFactor:
    return RiskFactor(
        factor=name,
        value=round(judged.value, 3),
        weight=round(weight, 1),
        points=round(judged.value * weight, 1),
        sentence=judged.sentence,
        evidence=tuple(judged.evidence[:MOST_EVIDENCE]),
        evidence_total=len(judged.evidence) if judged.total is None else judged.total,
    )


def _together(shares: Iterable[float]) -> float:
    """What shares make together: each takes its part of what those before it left."""
    return 1 - math.prod(1 - share for share in shares)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _services(services: Sequence[ServiceReached]) -> _Judged:
    if not services:
        return _Judged(0, "No service is affected.")
    shares = [
        SHARE_OF_CRITICALITY.get(s.criticality or "", SHARE_WITHOUT_CRITICALITY)
        * SHARE_OF_STATE[s.state]
        for s in services
    ]
    ranked = sorted(zip(shares, services, strict=True), key=lambda pair: (-pair[0], pair[1].id))
    first = ranked[0][1]
    said = f"{_counted(len(services), 'service')} would not stay up as before; the gravest: "
    return _Judged(
        _together(shares),
        f"{said}{_about(first)}.",
        [RiskEvidence(s.id, _about(s)) for _, s in ranked],
    )


def _about(service: ServiceReached) -> str:
    criticality = f" ({service.criticality})" if service.criticality else ""
    return f"{service.kind} {service.name}{criticality} is {service.state.replace('_', ' ')}"


def _weak_points(analysis: Analysis, services: Sequence[ServiceReached]) -> _Judged:
    """Services that one of the failing items takes DOWN on its own."""
    estate, tried = analysis.estate, list(analysis.given.items())[:MOST_TRIED]
    down = {estate.index[s.id]: s for s in services if s.state == "down"}
    found: dict[int, int] = {}
    for item, state in tried:
        states = analysis.states if len(analysis.given) == 1 else propagate(estate, {item: state})
        for service in down:
            if service != item and states.get(service) is State.DOWN:
                found.setdefault(service, item)
    rest = len(analysis.given) - len(tried)
    untried = f" The other {rest} failing items were not tried alone." if rest else ""
    if not found:
        return _Judged(0, f"None of the failing items takes a service down on its own.{untried}")
    evidence = [
        RiskEvidence(s.id, f"{s.kind} {s.name} goes down with {estate.items[found[at]].name} alone")
        for at, s in down.items()
        if at in found
    ]
    number = len(set(found.values()))
    verb = "takes" if number == 1 else "take"
    said = (
        f"{_counted(number, 'failing item')} {verb} {_counted(len(found), 'service')} down alone."
    )
    return _Judged(_together([SHARE_OF_WEAK_POINT] * len(found)), said + untried, evidence)


def _redundancy(analysis: Analysis) -> _Judged:
    held = gates_held(analysis)
    bare = sum(margin == 0 for margin, _, _ in held.found)
    if not bare:
        said = (
            f"{_counted(len(held), 'gate')} hold with some to spare."
            if held
            else "No redundancy is used up."
        )
        return _Judged(0, said)
    evidence = [
        RiskEvidence(g.id, f"{g.kind} {g.name}, {g.gate}: {g.up:g} of {g.total:g} left, all needed")
        for g in held.first(min(bare, MOST_EVIDENCE))
    ]
    said = f"{_counted(bare, 'gate')} would have nothing left to lose."
    return _Judged(_together([SHARE_OF_LOST_REDUNDANCY] * bare), said, evidence, bare)


def _data_quality(analysis: Analysis) -> _Judged:
    weak = weak_places(analysis)
    total = sum(len(part) for part in foundations(analysis))
    if not weak.total:
        return _Judged(0, "The answer rests on no weak evidence.")
    what = f"{weak.total} of the {total} items and links"
    said = f"{what} that the answer rests on are weak evidence."
    rows = weak_rows(analysis.estate, weak, MOST_EVIDENCE)
    evidence = [RiskEvidence(row.id, row.sentence) for row in rows]
    return _Judged(min(1.0, weak.total / total), said, evidence, weak.total)


def _window(window: Window | None, hours: BusinessHours) -> _Judged:
    if window is None:
        return _Judged(0, "No window is given, so none of it is known to be in business hours.")
    inside = hours.hours_in(window)
    said = f"{inside:g} of its {window.hours:g} hours are business hours ({hours.text} UTC)."
    return _Judged(min(1.0, inside / FULL_WINDOW_HOURS), said)


def _collisions(collisions: Sequence[RiskEvidence] | None) -> _Judged:
    if collisions is None:
        return _Judged(0, "It was not compared with other planned failures.")
    if not collisions:
        return _Judged(0, "It collides with no other planned failure.")
    said = f"It collides with {_counted(len(collisions), 'other planned failure')}."
    return _Judged(_together([SHARE_OF_COLLISION] * len(collisions)), said, collisions)


def _history(history: Sequence[ItemHistory] | None) -> _Judged:
    if history is None:
        return _Judged(0, "The history of the failing items is not known.")
    moved = [row for row in history if row.edits or row.incidents]
    edits, incidents = sum(r.edits for r in moved), len({i for r in moved for i in r.incidents})
    if not moved:
        return _Judged(0, "The failing items had no recent edits and no incidents.")
    shares = [SHARE_OF_INCIDENT] * incidents + [SHARE_OF_EDIT] * edits
    said = "The failing items had "
    said += f"{_counted(edits, 'recent edit')} and {_counted(incidents, 'incident')}."
    return _Judged(
        _together(shares),
        said,
        [
            RiskEvidence(
                r.id, f"{_counted(r.edits, 'edit')}, {_counted(len(r.incidents), 'incident')}"
            )
            for r in sorted(moved, key=lambda r: (-len(r.incidents), -r.edits, r.id))
        ],
    )
