"""Which other planned failures a failure collides with, as evidence for its risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cmdb.errors import InvalidInput
from impact.analysis import Analysis
from impact.collision_answer import Collision
from impact.collisions import PlannedFailure, find_collisions
from impact.estate import Estate
from impact.risk import RiskEvidence
from impact.states import State
from impact.window import Window

OWN = ""
"""The name of the failure in question among the others, which all have one."""


def colliding(
    analysis: Analysis, window: Window, others: Iterable[PlannedFailure]
) -> list[RiskEvidence]:
    """One row for every other planned failure that the analysed one collides with in ``window``,
    the gravest first, with what they do together.

    One that only collides as a third names both. Raises :class:`~cmdb.errors.InvalidInput` for
    one without a name, where there are too many combinations to look at all of them, and what
    :func:`~impact.collisions.find_collisions` raises. Costs what that does for those whose windows
    overlap with ``window``.
    """
    estate, rivals = analysis.estate, [*others]
    if any(not plan.name.strip() for plan in rivals):
        raise InvalidInput("A planned failure must have a name.")
    rivals = [plan for plan in rivals if plan.window.overlaps(window)]
    own = _own(estate, analysis.given, window)
    found = find_collisions(estate, [own, *rivals], limit=None)
    if found.incomplete:
        raise InvalidInput(
            "There are too many combinations of planned failures in the window to look at all of "
            "them; give fewer."
        )
    rows: dict[str, RiskEvidence] = {}
    with_own = [collision for collision in found.collisions if OWN in collision.planned]
    for collision in sorted(with_own, key=lambda c: len(c.planned)):
        names = [name for name in collision.planned if name != OWN]
        for name in names:
            rows.setdefault(name, RiskEvidence(name, _said(names, collision)))
    return [*rows.values()]


def _own(estate: Estate, given: Mapping[int, State], window: Window) -> PlannedFailure:
    """The analysed failure as a planned one; all of it fails alike."""
    (state,) = {*given.values()}
    return PlannedFailure(OWN, tuple(estate.items[at].id for at in given), window, state)


def _said(names: list[str], collision: Collision) -> str:
    together = f"Together with {' and '.join(names)}"
    if collision.worse:
        worst = collision.worse[0]
        state = worst.together.replace("_", " ")
        more = collision.worse_total - 1
        others = f", and {more:,} more {'item is' if more == 1 else 'items are'} worse off"
        return f"{together}, {worst.kind} {worst.name} is {state}{others if more else ''}."
    if collision.shared:
        shared = collision.shared[0]
        return f"{names[0]} works on {shared.kind} {shared.name} as well."
    inside = collision.inside[0]
    state = inside.state.replace("_", " ")
    if inside.hit_by == OWN:
        return f"{names[0]} works on {inside.kind} {inside.name}, which is {state} by this failure."
    return f"{names[0]} makes {inside.kind} {inside.name} {state}, which is to fail."
