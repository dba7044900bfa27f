"""What relations and terms mean to an analysis, by their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmdb.catalogue import Effect, ImpactDirection, Relation
from impact.columns.draft import Terms
from impact.compiled.arrays import U8
from impact.gates import MEMBER_OF, POWERED_BY
from impact.min_up import exact

NO_IMPACT, TO_FROM, FROM_TO = 0, 1, 2
"""Whom a relation's links carry impact to: nobody, from their end to their start, the other way."""

WHOLE, NOTHING, ODD = 0, 1, 2
"""What the only member of a gate weighs: something, nothing, or what has to be looked at."""


@dataclass(frozen=True, slots=True)
class RelationTable:
    """By relation code."""

    names: tuple[str, ...]
    rank: npt.NDArray[np.uint16]
    """Where the name comes when all are sorted."""
    direction: U8
    soft: npt.NDArray[np.bool_]
    standby: npt.NDArray[np.bool_]
    topology: npt.NDArray[np.bool_]
    member_of: npt.NDArray[np.bool_]
    powered_by: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, names: Iterable[str], known: Mapping[str, Relation]) -> RelationTable:
        """The table of these names; those that the catalogue does not know carry no impact."""
        listed = tuple(names)
        rank = np.empty(len(listed), np.uint16)
        rank[sorted(range(len(listed)), key=lambda at: listed[at])] = np.arange(len(listed))
        found = [known.get(name) for name in listed]
        return cls(
            names=listed,
            rank=rank,
            direction=np.array([_direction(relation) for relation in found], np.uint8),
            soft=_flags(r is not None and r.effect is Effect.DEGRADED for r in found),
            standby=_flags(r is not None and r.impact is ImpactDirection.STANDBY for r in found),
            topology=_flags(r is not None and r.impact is ImpactDirection.TOPOLOGY for r in found),
            member_of=_flags(name == MEMBER_OF for name in listed),
            powered_by=_flags(name == POWERED_BY for name in listed),
        )


@dataclass(frozen=True, slots=True)
class TermsTable:
    """By code of the terms."""

    rows: tuple[Terms, ...]
    soft: npt.NDArray[np.bool_]
    even: npt.NDArray[np.bool_]
    """Whether the link weighs exactly 1."""
    weight: U8
    """WHOLE, NOTHING or ODD."""
    name: npt.NDArray[np.int32]
    """The code of the gate's name, in order of names; -1 for none."""
    names: tuple[str, ...]

    @classmethod
    def of(cls, rows: Iterable[Terms]) -> TermsTable:
        """The table of these terms."""
        listed = tuple(rows)
        names = sorted({row.gate.name for row in listed if row.gate is not None and row.gate.name})
        code = {name: at for at, name in enumerate(names)}
        return cls(
            rows=listed,
            soft=_flags(row.strength == "soft" for row in listed),
            even=_flags(row.weight == 1 for row in listed),
            weight=np.array([_weight(row.weight) for row in listed], np.uint8),
            name=np.array([code.get(r.gate.name, -1) if r.gate else -1 for r in listed], np.int32),
            names=tuple(names),
        )


def _flags(values: Iterable[bool]) -> npt.NDArray[np.bool_]:
    return np.fromiter(values, np.bool_)


def _direction(relation: Relation | None) -> int:
    if relation is None or relation.effect is Effect.NONE:
        return NO_IMPACT
    if relation.impact is ImpactDirection.TO_FROM:
        return TO_FROM
    return FROM_TO if relation.impact is ImpactDirection.FROM_TO else NO_IMPACT


def is_ordinary(weight: float) -> bool:
    """Whether a link of that weight, alone in its gate, is a gate with nothing more to it: its
    weight is a number above 0."""
    return _weight(weight) == WHOLE


def _weight(given: float) -> int:
    if given == 1:
        return WHOLE
    weight = exact(repr(given))
    if weight is None:
        return ODD
    return WHOLE if weight else NOTHING
