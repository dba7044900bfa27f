"""The use case behind ``cmdb suspects``: edits from the revision log, ranked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cmdb.edits import read_edits
from cmdb.errors import InvalidInput
from cmdb.revisions.views import check_has_come
from cmdb.service import Cmdb, Point
from cmdb.viewpoint import LATEST, Viewpoint, both
from impact import Estate
from impact.comparable import nothing_there, suspects_of
from impact.difference import AnswerComparison, Answered, compare_answers
from impact.page import WHOLE, Page
from impact.suspects import DEFAULT_LIMIT, Suspects, find_suspects

LOOK_BACK = timedelta(hours=24)
"""How far back is looked, unless told."""


async def suspects(
    cmdb: Cmdb,
    items: Sequence[str],
    view: Viewpoint = LATEST,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> Suspects:
    """What was edited on these items, and on what they rest on, from ``since`` to ``until``.

    ``until`` is now unless told, or the time of the past point that is looked from, and ``since``
    24 hours before it. The items rest on what they did then, or on what the changes of ``view``
    make of that now. Items are ids, identifiers or unique names. Raises
    :class:`~cmdb.errors.InvalidInput` for no items, an unknown or ambiguous one, or times the wrong
    way round.
    """
    if not items:
        raise InvalidInput("Name at least one item that is affected.")
    page, view = Page(limit, offset), _seen(view, until)
    estate, ids = await view.find(cmdb, items)
    return await _found(cmdb, estate, ids, _span(view, estate, since, until), page)


async def compare_suspects_since(
    cmdb: Cmdb,
    items: Sequence[str],
    point: Point,
    view: Viewpoint = LATEST,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> AnswerComparison:
    """What differs between the suspects at ``point`` and as seen from ``view``: which edits have
    come under suspicion, or no longer are. ``point`` may be ``"now"`` where there is something else
    to compare with.

    The time that is looked at is that of the later answer for both, so that scores can be compared;
    what was edited after a point is not known there. An item that is not there at one of the points
    is not affected there. Raises as :func:`suspects`, for an item that is there at neither.
    """
    if not items:
        raise InvalidInput("Name at least one item that is affected.")
    page, view = Page(limit, offset), _seen(view, until)
    before, after, ids = await both(cmdb, items, point, view)
    span = _span(view, after, since, until)
    answers: list[Answered] = []
    for estate in (before, after):
        there = [item for item in ids if item in estate.index]
        found = await _found(cmdb, estate, there, span, WHOLE) if there else None
        answers.append(suspects_of(found) if found else nothing_there(estate))
    return compare_answers(answers[0], answers[1], page)


def _seen(view: Viewpoint, until: datetime | None) -> Viewpoint:
    """Items rest on what they did when it broke, unless another point is named. Raises for a time
    that has not come."""
    if until is not None:
        check_has_come(until)
    if until is None or view.at is not None or view.what_if is not None:
        return view
    return replace(view, at=_utc(until)) if _utc(until) < datetime.now(UTC) else view


def _span(
    view: Viewpoint, estate: Estate, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    last = _utc(until) if until is not None else _end(view, estate)
    return _utc(since) if since is not None else last - LOOK_BACK, last


async def _found(
    cmdb: Cmdb, estate: Estate, ids: Sequence[str], span: tuple[datetime, datetime], page: Page
) -> Suspects:
    read = await read_edits(cmdb, span[0], estate.revision)
    return await asyncio.to_thread(
        find_suspects,
        estate,
        ids,
        read.edits,
        since=span[0],
        until=span[1],
        left_out=read.left_out,
        limit=page.limit,
        offset=page.offset,
    )


def _end(view: Viewpoint, estate: Estate) -> datetime:
    return datetime.now(UTC) if view.at is None else estate.as_of


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
