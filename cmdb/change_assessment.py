"""The use case behind ``cmdb change assess --plan``: what an apply does to what is stored.

The plan is held against the calendar as a recorded change is: see :mod:`cmdb.changes.conflicts`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from cmdb.changes.conflicts import Planned, collision_evidence, conflicts
from cmdb.changes.view import Conflict
from cmdb.collisions import GivenPlan, among, planned_in, planned_in_either
from cmdb.errors import InvalidInput
from cmdb.planned_resources import PlannedChange, planned_changes_of
from cmdb.plans import Plan, read_plan
from cmdb.plans.plan import EFFECTS, TAKES_DOWN, Tool
from cmdb.risk import assess_analysis, window_between
from cmdb.service import Cmdb, Point
from cmdb.viewpoint import LATEST, Viewpoint
from impact import Analysis, BlastRadius, Estate, State, analyse, answer
from impact.blast_radius import services_among
from impact.collisions import PlannedFailure
from impact.compare import Comparison, compare
from impact.difference import difference
from impact.page import Page
from impact.risk import Risk
from impact.risk_comparison import RiskComparison, compare_risk
from impact.window import Window

MOST_BYTES = 64 * 1024 * 1024
PLAN = "the plan"
"""What the plan is called among planned changes."""


class EffectCounts(msgspec.Struct, frozen=True):
    """How many resources a plan does what to. ``forget``: they stay and are no longer managed."""

    delete: int
    replace: int
    update: int
    create: int
    forget: int
    unchanged: int


class ChangeAssessment(msgspec.Struct, frozen=True):
    """What the apply of a plan takes down, replaces or merely edits, and what follows.

    ``changes`` are all but the unchanged resources, the worst effect first. ``unmapped`` are the
    addresses of those that are there by the plan, and of which no item is known: what their loss
    means is not known either. ``impact`` and ``risk`` are those of the deleted and replaced items
    together, as DOWN; None where no item is. ``conflicts`` are what is in its way in its window:
    planned changes, open incidents, blackouts; none are known without a window. ``truncated`` says
    that ``changes`` or ``conflicts``, of which there are ``total_changes`` and ``total_conflicts``,
    are not whole.
    """

    revision: int
    as_of: datetime
    tool: Tool
    tool_version: str
    counts: EffectCounts
    changes: tuple[PlannedChange, ...]
    total_changes: int
    unmapped: tuple[str, ...]
    failing: tuple[str, ...]
    impact: BlastRadius | None
    risk: Risk | None
    conflicts: tuple[Conflict, ...]
    total_conflicts: int
    truncated: bool


class ChangeAssessmentComparison(msgspec.Struct, frozen=True):
    """What the apply of the same plan takes down and risks at two points.

    ``revision`` and ``as_of`` are those of the later, ``before_revision`` and ``before_as_of`` of
    the earlier. ``impact`` and ``risk`` are those of the deleted and replaced items; None where no
    item is at either. ``new_conflicts`` and ``gone_conflicts`` are what is, and was, in the way
    only at one of the points; the calendar is the one of now at both.
    """

    revision: int
    as_of: datetime
    before_revision: int
    before_as_of: datetime
    impact: Comparison | None
    risk: RiskComparison | None
    new_conflicts: tuple[Conflict, ...]
    gone_conflicts: tuple[Conflict, ...]


def plan_file(path: Path) -> Plan:
    """The plan in a file. Raises :class:`~cmdb.errors.InvalidInput` where there is none."""
    try:
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder; name a plan file in it.")
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path} is larger than {MOST_BYTES // 2**20} MiB.")
        return read_plan(path.read_bytes(), str(path))
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from None


async def assess_plan(
    cmdb: Cmdb,
    plan: Plan,
    view: Viewpoint = LATEST,
    *,
    cluster: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    planned: Sequence[GivenPlan] = (),
    limit: int | None = 1000,
    offset: int = 0,
) -> ChangeAssessment:
    """Hold a plan against what is stored, or was, or would be.

    ``cluster``, an id, identifier or unique name, says which one Kubernetes objects are in; they
    are looked for in all that are stored otherwise.

    A resource is the item that has one of its identifiers now, or else the only one with its name.
    What is created is not looked for; a Kubernetes object that is not known is created. With
    ``start`` and ``end`` it is compared with the changes that are planned in that window here, and
    with those in ``planned``; what it collides with counts in the risk.

    Raises :class:`~cmdb.errors.InvalidInput` for a negative limit or offset, what is no cluster,
    half a window or one that does not end after it starts, ``planned`` without a window, and with
    all in ``planned`` that name no item. A few reads of the store for the whole plan, one for each
    resource that only a name can find, a blast radius, and with a window one for each change in it.
    """
    page, span = Page(limit, offset), _window(start, end, planned)
    estate = await view.estate(cmdb)
    besides = await planned_in(cmdb, estate, planned, view)
    changes = await planned_changes_of(cmdb, plan, estate, cluster)
    failing = _failing(changes, estate)
    made, risk = None, None
    analysis = await asyncio.to_thread(analyse, estate, failing)
    if failing:
        made = await asyncio.to_thread(answer, analysis, limit=limit, offset=offset)
    found = await _conflicts(cmdb, analysis, changes, span, besides) if span else []
    if failing:
        risk = await assess_analysis(
            cmdb, analysis, span, collision_evidence(found) if span else None
        )
    counts = Counter(c.effect for c in changes)
    counts["unchanged"] = len(plan.resources) - len(changes)
    there = ("delete", "replace", "update")
    return ChangeAssessment(
        revision=estate.revision,
        as_of=estate.as_of,
        tool=plan.tool,
        tool_version=plan.version,
        counts=EffectCounts(**{effect: counts[effect] for effect in EFFECTS}),
        changes=page.of(changes),
        total_changes=len(changes),
        unmapped=tuple(c.address for c in changes if c.effect in there and c.id is None),
        failing=failing,
        impact=made,
        risk=risk,
        conflicts=page.of(found),
        total_conflicts=len(found),
        truncated=page.cuts(len(changes), len(found)),
    )


async def compare_assessment_since(
    cmdb: Cmdb,
    plan: Plan,
    since: Point,
    view: Viewpoint = LATEST,
    *,
    cluster: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    planned: Sequence[GivenPlan] = (),
    limit: int | None = 1000,
    offset: int = 0,
) -> ChangeAssessmentComparison:
    """What differs between what the apply of a plan would have done at ``since`` and does as seen
    from ``view``; ``since`` may be ``"now"`` where there is something else to compare with.

    Resources are the items that they are now; one that was not there does not fail there. Raises as
    :func:`assess_plan`.
    """
    span = _window(start, end, planned)
    before, after = await view.before(cmdb, since), await view.estate(cmdb)
    besides = await planned_in_either(cmdb, before, after, planned)
    changes = await planned_changes_of(cmdb, plan, after, cluster)
    failing = {item: State.DOWN for estate in (after, before) for item in _failing(changes, estate)}
    risks: list[Risk] = []
    in_the_way: list[list[Conflict]] = []
    for estate in (before, after):
        given = {item: state for item, state in failing.items() if item in estate.index}
        analysis = await asyncio.to_thread(analyse, estate, given)
        there = among(estate, besides)
        found = await _conflicts(cmdb, analysis, changes, span, there) if span else []
        in_the_way.append(found)
        evidence = collision_evidence(found) if span else None
        risks.append(await assess_analysis(cmdb, analysis, span, evidence))
    made = None
    if failing:
        made = await asyncio.to_thread(compare, before, after, failing, limit=limit, offset=offset)
    was, now = ({(c.type, c.other, c.sentence): c for c in found} for found in in_the_way)
    moved = difference(was, now, lambda conflict: conflict.items)
    return ChangeAssessmentComparison(
        revision=after.revision,
        as_of=after.as_of,
        before_revision=before.revision,
        before_as_of=before.as_of,
        impact=made,
        risk=compare_risk(*risks) if failing else None,
        new_conflicts=tuple(moved.new),
        gone_conflicts=tuple(moved.gone),
    )


def _window(
    start: datetime | None, end: datetime | None, planned: Sequence[GivenPlan]
) -> Window | None:
    span = window_between(start, end)
    if planned and span is None:
        raise InvalidInput(
            "Planned failures collide in a window; give the start and the end of the apply."
        )
    return span


def _failing(changes: Sequence[PlannedChange], estate: Estate) -> tuple[str, ...]:
    """The items, by id, that the plan takes down."""
    down = (c.id for c in changes if c.effect in TAKES_DOWN and c.id is not None)
    return tuple(dict.fromkeys(item for item in down if item in estate.index))


async def _conflicts(
    cmdb: Cmdb,
    analysis: Analysis,
    changes: Sequence[PlannedChange],
    span: Window,
    besides: Sequence[PlannedFailure],
) -> list[Conflict]:
    """What is in the plan's way in its window."""
    estate = analysis.estate
    mine = Planned(
        PLAN,
        span,
        {c.id: c.effect for c in changes if c.id is not None},
        states={estate.items[at].id: state for at, state in analysis.given.items()},
    )
    others = [
        Planned(
            plan.name,
            plan.window,
            dict.fromkeys(plan.items, plan.state.label),
            state="planned",
            states=dict.fromkeys(plan.items, plan.state),
        )
        for plan in besides
    ]
    services = [estate.label_of(at)[2] for at in services_among(estate, analysis.states)]
    return await conflicts(cmdb, estate, mine, services, besides=others)
