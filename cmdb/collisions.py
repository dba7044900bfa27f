"""The use case behind ``cmdb collisions``: planned failures as they are given, and compared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from cmdb.errors import InvalidInput, Problem
from cmdb.given import raise_any, text_of
from cmdb.items.value import parse_time
from cmdb.service import Cmdb, Point
from cmdb.viewpoint import LATEST, Viewpoint, in_either
from impact import State, failure
from impact.collision_answer import Collisions
from impact.collisions import DEFAULT_LIMIT, PlannedFailure, find_collisions
from impact.comparable import collisions_of
from impact.difference import AnswerComparison, Answered, compare_answers
from impact.estate import Estate
from impact.page import Page
from impact.window import window

_FIELDS = ("name", "items", "state", "start", "end")


class GivenPlan(msgspec.Struct, frozen=True):
    """A planned failure as it was given: ``items`` are ids, identifiers or unique names, ``file``
    and ``line`` are where it stands, if in a file."""

    name: str
    items: tuple[str, ...]
    start: datetime
    end: datetime
    state: State = State.DOWN
    file: str | None = None
    line: int | None = None


def read_planned(path: Path) -> list[GivenPlan]:
    """The planned failures in a file: a JSON list, or JSON lines, of objects
    ``{"name": …, "items": […], "state": "down", "start": …, "end": …}``.

    Raises :class:`~cmdb.errors.InvalidInput` with everything that is wrong; in a list, the line is
    that of the entry counted from 1.
    """
    text = text_of(path)
    plans: list[GivenPlan] = []
    problems: list[Problem] = []
    for number, row in _rows(text, str(path)):
        try:
            plans.append(_plan(row, str(path), number))
        except ValueError as error:
            problems.append(Problem(str(error), str(path), number))
        except InvalidInput as error:
            problems.append(Problem(error.message, str(path), number))
    raise_any(problems, "The planned failures can't be read.")
    return plans


def _rows(text: str, file: str) -> Iterator[tuple[int, Any]]:
    """Each entry with its number; a line that is no JSON stays a text."""
    if text.lstrip().startswith("["):
        try:
            rows: list[Any] = msgspec.json.decode(text, type=list[Any])
        except msgspec.DecodeError as error:
            problem = Problem(f"is no JSON: {error}", file)
            raise InvalidInput("The planned failures can't be read.", [problem]) from None
        yield from enumerate(rows, 1)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line)
            except msgspec.DecodeError:
                yield number, line


def _plan(row: Any, file: str, number: int) -> GivenPlan:
    if not isinstance(row, dict):
        example = '{"name": "…", "items": ["…"], "start": "…", "end": "…"}'
        raise ValueError(f"must be a JSON object such as {example}")
    if unknown := row.keys() - {*_FIELDS}:
        raise ValueError(f"has the field {min(unknown)!r}; there are {', '.join(_FIELDS)}")
    name, items = row.get("name"), row.get("items")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("name must be a text")
    if not isinstance(items, list) or not items or not all(isinstance(i, str) for i in items):
        raise ValueError("items must be a list of ids, identifiers or names")
    state = row.get("state", "down")
    if not isinstance(state, str):
        raise ValueError("state must be down or degraded")
    span = window(_time(row, "start"), _time(row, "end"))
    return GivenPlan(name, tuple(items), span.start, span.end, failure(state), file, number)


def _time(row: dict[str, Any], name: str) -> datetime:
    value = row.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a time such as 2026-11-24T22:00:00Z")
    return parse_time(value)


async def collisions(
    cmdb: Cmdb,
    given: Sequence[GivenPlan],
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> Collisions:
    """Which of these planned failures are in each other's way.

    Raises :class:`~cmdb.errors.InvalidInput` with all that name no item, and for windows that do
    not end after they start or names that come twice.
    """
    estate = await view.estate(cmdb)
    plans = await planned_in(cmdb, estate, given, view)
    return await asyncio.to_thread(find_collisions, estate, plans, limit=limit, offset=offset)


async def compare_collisions_since(
    cmdb: Cmdb,
    given: Sequence[GivenPlan],
    since: Point,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> AnswerComparison:
    """What differs between how the same planned failures collided at ``since`` and do as seen from
    ``view``; ``since`` may be ``"now"`` where there is something else to compare with.

    An item that is not there at one of the points does not fail there. Raises as
    :func:`collisions`, for items that are there at neither.
    """
    page = Page(limit, offset)
    before, after = await view.before(cmdb, since), await view.estate(cmdb)
    plans = await planned_in_either(cmdb, before, after, given)

    def collided(estate: Estate) -> Answered:
        return collisions_of(find_collisions(estate, among(estate, plans), limit=None))

    return await asyncio.to_thread(lambda: compare_answers(collided(before), collided(after), page))


def among(estate: Estate, plans: Sequence[PlannedFailure]) -> list[PlannedFailure]:
    """The planned failures with those of their items that are part of an estate; without those that
    have none there."""
    left: list[PlannedFailure] = []
    for plan in plans:
        items = tuple(item for item in plan.items if item in estate.index)
        if items:
            left.append(msgspec.structs.replace(plan, items=items))
    return left


async def planned_in(
    cmdb: Cmdb, estate: Estate, given: Sequence[GivenPlan], view: Viewpoint = LATEST
) -> list[PlannedFailure]:
    """These planned failures, with the ids that their items have in an estate.

    Raises :class:`~cmdb.errors.InvalidInput` with all that name no item, and for windows that do
    not end after they start.
    """
    return await _planned(given, lambda text: view.placed_in(cmdb, estate, text))


async def planned_in_either(
    cmdb: Cmdb, before: Estate, after: Estate, given: Sequence[GivenPlan]
) -> list[PlannedFailure]:
    """The same in the later of two estates, or else in the earlier."""
    return await _planned(given, lambda text: in_either(cmdb, before, after, text))


async def _planned(
    given: Sequence[GivenPlan], find: Callable[[str], Awaitable[str]]
) -> list[PlannedFailure]:
    """Raises :class:`~cmdb.errors.InvalidInput` with all that name no item, and for windows that do
    not end after they start.
    """
    plans: list[PlannedFailure] = []
    problems: list[Problem] = []
    for plan in given:
        ids: list[str] = []
        for text in plan.items:
            try:
                ids.append(await find(text))
            except InvalidInput as error:
                problems.append(Problem(error.message, plan.file, plan.line, plan.name))
        span = window(plan.start, plan.end)
        plans.append(PlannedFailure(plan.name, tuple(dict.fromkeys(ids)), span, plan.state))
    raise_any(problems, "Not every planned failure names items.")
    return plans
