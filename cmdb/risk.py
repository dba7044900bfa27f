"""The use case behind ``cmdb risk``: what the stored history adds to :mod:`impact.risk`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from cmdb.analysis import analyse_failure
from cmdb.collisions import GivenPlan, among, planned_in, planned_in_either
from cmdb.errors import InvalidInput
from cmdb.revisions import Action
from cmdb.service import Cmdb, Point
from cmdb.viewpoint import LATEST, Viewpoint, both
from impact import Analysis, State, analyse
from impact.collisions import PlannedFailure
from impact.risk import ItemHistory, Risk, RiskEvidence, assess_risk
from impact.risk_collisions import colliding
from impact.risk_comparison import RiskComparison, compare_risk
from impact.window import Window, business_hours, window

HISTORY_FOR = timedelta(days=90)
"""How far back edits of the failing items count."""
MOST_HISTORIES = 200
"""Failing items whose history is read, at most."""
MOST_EDITS = 100
"""Edits that are read of one item, at most."""


async def assess(
    cmdb: Cmdb,
    items: Sequence[str],
    state: State = State.DOWN,
    view: Viewpoint = LATEST,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    planned: Sequence[GivenPlan] | None = None,
) -> Risk:
    """The risk of letting items fail between two times, if these are known.

    Items are ids, identifiers or unique names. The history that counts is the edits of the last
    90 days before the answer's time, and all incidents that affect the items. Collisions count
    with the failures in ``planned``, if given. Raises :class:`~cmdb.errors.InvalidInput` for an
    unknown or ambiguous item, half a window, one that does not end after it starts, and
    ``planned`` without a window.
    """
    span = _window(start, end, planned)
    analysis = await analyse_failure(cmdb, items, state, view)
    others = None
    if planned is not None:
        others = await planned_in(cmdb, analysis.estate, planned, view)
    found = await _colliding(analysis, span, others)
    return await assess_analysis(cmdb, analysis, span, found)


async def compare_risk_since(
    cmdb: Cmdb,
    items: Sequence[str],
    since: Point,
    state: State = State.DOWN,
    view: Viewpoint = LATEST,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    planned: Sequence[GivenPlan] | None = None,
) -> RiskComparison:
    """The risk of the same failure at ``since`` and as seen from ``view``.

    An item that is not there at one of the points does not fail there. Raises as :func:`assess`,
    for an item that is there at neither.
    """
    if not items:
        raise InvalidInput("Name at least one item that fails.")
    span = _window(start, end, planned)
    before, after, ids = await both(cmdb, items, since, view)
    others = None
    if planned is not None:
        others = await planned_in_either(cmdb, before, after, planned)
    risks: list[Risk] = []
    for estate in (before, after):
        given = {item: state for item in ids if item in estate.index}
        analysis = await asyncio.to_thread(analyse, estate, given)
        found = await _colliding(analysis, span, others)
        risks.append(await assess_analysis(cmdb, analysis, span, found))
    return compare_risk(*risks)


async def _colliding(
    analysis: Analysis, span: Window | None, others: Sequence[PlannedFailure] | None
) -> list[RiskEvidence] | None:
    """What the failure collides with; None where it is not compared."""
    if others is None or span is None:
        return None
    there = among(analysis.estate, others)
    return await asyncio.to_thread(colliding, analysis, span, there) if analysis.given else []


def _window(
    start: datetime | None, end: datetime | None, planned: Sequence[GivenPlan] | None
) -> Window | None:
    span = window_between(start, end)
    if planned is not None and span is None:
        raise InvalidInput(
            "Planned failures collide in a window; give the start and the end of this one."
        )
    return span


def window_between(start: datetime | None, end: datetime | None) -> Window | None:
    """The window between two times; None for none.

    Raises :class:`~cmdb.errors.InvalidInput` for one of them alone, and where it does not end after
    it starts.
    """
    if (start is None) != (end is None):
        raise InvalidInput("A window has a start and an end; only one of them is given.")
    return window(start, end) if start is not None and end is not None else None


async def assess_analysis(
    cmdb: Cmdb,
    analysis: Analysis,
    span: Window | None = None,
    collisions: Sequence[RiskEvidence] | None = None,
) -> Risk:
    """The risk of a failure that is analysed already."""
    history = await item_histories(cmdb, analysis)
    settings = cmdb.settings
    return await asyncio.to_thread(
        assess_risk,
        analysis,
        window=span,
        hours=business_hours(settings.business_hours),
        history=history,
        collisions=collisions,
        weights=settings.risk_weights,
    )


async def item_histories(cmdb: Cmdb, analysis: Analysis) -> list[ItemHistory]:
    """What happened to the failing items before the answer's time; of the first 200 of them."""
    estate = analysis.estate
    since = estate.as_of - HISTORY_FOR
    found: list[ItemHistory] = []
    for item in list(analysis.given)[:MOST_HISTORIES]:
        item_id = estate.items[item].id
        read = await cmdb.store.history(item_id, MOST_EDITS, estate.revision + 1)
        edits = sum(
            edit.action is not Action.CREATED and revision.time >= since for revision, edit in read
        )
        found.append(ItemHistory(item_id, edits, _incidents(analysis, item)))
    return found


def _incidents(analysis: Analysis, item: int) -> tuple[str, ...]:
    estate = analysis.estate
    ends = (estate.ends[link][0] for link in estate.links_at.get(item, ()))
    return tuple(sorted({estate.items[e].id for e in ends if estate.is_a(e, "Incident")}))
