"""The risk of one failure in two estates, factor by factor."""

from __future__ import annotations

from datetime import datetime

import msgspec

from impact.risk import Risk, RiskFactorName


class RiskChange(msgspec.Struct, frozen=True):
    """One factor at both points; the sentences say why it had, and has, so many points."""

    factor: RiskFactorName
    before: float
    after: float
    before_sentence: str
    after_sentence: str


class RiskComparison(msgspec.Struct, frozen=True):
    """What a failure risked and risks: ``total`` (0 to 100) and ``affected`` at the later point,
    ``before_total`` and ``before_affected`` at the earlier. ``factors`` have what changed most
    first, and those that did not behind."""

    revision: int
    as_of: datetime
    before_revision: int
    before_as_of: datetime
    items: tuple[str, ...]
    total: float
    before_total: float
    affected: int
    before_affected: int
    factors: tuple[RiskChange, ...]


def compare_risk(before: Risk, after: Risk) -> RiskComparison:
    """Two risks of one failure, which were weighed alike, side by side."""
    was = {factor.factor: factor for factor in before.factors}
    rows = [
        RiskChange(f.factor, was[f.factor].points, f.points, was[f.factor].sentence, f.sentence)
        for f in after.factors
    ]
    return RiskComparison(
        revision=after.revision,
        as_of=after.as_of,
        before_revision=before.revision,
        before_as_of=before.as_of,
        items=tuple(dict.fromkeys((*before.items, *after.items))),
        total=after.total,
        before_total=before.total,
        affected=after.affected,
        before_affected=before.affected,
        factors=tuple(sorted(rows, key=lambda row: -abs(row.after - row.before))),
    )
