"""The use case behind ``cmdb causes``: alerts as they are given, and what the store adds."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from cmdb.edits import read_edits
from cmdb.errors import InvalidInput, Problem
from cmdb.given import raise_any, text_of
from cmdb.items.value import parse_time
from cmdb.service import Cmdb, Point
from cmdb.viewpoint import LATEST, Viewpoint, in_either
from impact.cause_answer import Causes
from impact.causes import DEFAULT_LIMIT, TOLERANCE, Alert, find_causes
from impact.comparable import causes_of, nothing_there
from impact.difference import AnswerComparison, Answered, compare_answers
from impact.estate import Estate
from impact.page import WHOLE, Page

EDITS_FOR = timedelta(hours=24)
"""How long before the alerts edits are looked for."""


class GivenAlert(msgspec.Struct, frozen=True):
    """An alert as it was given: ``item`` is an id, an identifier or a unique name; ``file`` and
    ``line`` are where it stands, if it does."""

    item: str
    since: datetime | None = None
    strength: float = 1.0
    file: str | None = None
    line: int | None = None


def read_alerts(path: Path) -> list[GivenAlert]:
    """The alerts in a file of JSON lines, ``{"item": …, "since": …, "strength": …}`` each.

    Raises :class:`~cmdb.errors.InvalidInput` with every line that is wrong.
    """
    lines = text_of(path).splitlines()
    alerts: list[GivenAlert] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            alerts.append(_alert(line, str(path), number))
        except ValueError as error:
            problems.append(Problem(str(error), str(path), number))
    raise_any(problems, "The alerts can't be read.")
    if not alerts:
        raise InvalidInput(f"{path} names no alert.")
    return alerts


def _alert(line: str, file: str, number: int) -> GivenAlert:
    try:
        row: Any = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(f"is no JSON: {error}") from None
    if not isinstance(row, dict):
        raise ValueError('must be an object such as {"item": "fqdn:web1.example.org"}')
    if unknown := row.keys() - {"item", "since", "strength"}:
        raise ValueError(f"has the field {min(unknown)!r}; there are item, since and strength")
    item, since, strength = row.get("item"), row.get("since"), row.get("strength", 1.0)
    if not isinstance(item, str) or not item.strip():
        raise ValueError("item must be an id, an identifier or a name")
    if since is not None and not isinstance(since, str):
        raise ValueError("since must be a time such as 2026-11-24T03:12:00Z")
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise ValueError("strength must be a number above 0 and at most 1")
    if not 0 < strength <= 1 or math.isnan(strength):
        raise ValueError(f"strength must be above 0 and at most 1, not {strength:g}")
    return GivenAlert(item, parse_time(since) if since else None, strength, file, number)


async def causes(
    cmdb: Cmdb,
    given: Sequence[GivenAlert],
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> Causes:
    """What explains the alerts best, with the edits of the 24 hours before the first of them.

    Items count as monitored where one of the sources that the setting ``monitoring_sources`` names
    reports them, and as causes before where a record says CAUSED_BY. Raises
    :class:`~cmdb.errors.InvalidInput` where there are no alerts or with all that name no item.
    """
    if not given:
        raise InvalidInput("Name at least one item that alerts.")
    estate = await view.estate(cmdb)
    alerts = await _resolved(given, lambda text: view.placed_in(cmdb, estate, text))
    return await _found(cmdb, estate, alerts, _began(alerts, estate), Page(limit, offset))


async def compare_causes_since(
    cmdb: Cmdb,
    given: Sequence[GivenAlert],
    since: Point,
    view: Viewpoint = LATEST,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> AnswerComparison:
    """What differs between what explained the same alerts best at ``since`` and does as seen from
    ``view``; ``since`` may be ``"now"`` where there is something else to compare with.

    Alerts without a time began at the later point, in both answers. What was edited after a point
    is not known there. An alert of an item that is not there at one of the points is none there.
    Raises as :func:`causes`, for an item that is there at neither.
    """
    if not given:
        raise InvalidInput("Name at least one item that alerts.")
    page = Page(limit, offset)
    before, after = await view.before(cmdb, since), await view.estate(cmdb)
    alerts = await _resolved(given, lambda text: in_either(cmdb, before, after, text))
    began = _began(alerts, after)
    answers: list[Answered] = []
    for estate in (before, after):
        there = [alert for alert in alerts if alert.item in estate.index]
        found = await _found(cmdb, estate, there, began, WHOLE) if there else None
        answers.append(causes_of(found) if found else nothing_there(estate))
    return compare_answers(answers[0], answers[1], page)


def _began(alerts: Sequence[Alert], estate: Estate) -> datetime:
    return min((a.since for a in alerts if a.since is not None), default=estate.as_of)


async def _found(
    cmdb: Cmdb, estate: Estate, alerts: Sequence[Alert], began: datetime, page: Page
) -> Causes:
    edits = await read_edits(cmdb, began - EDITS_FOR, estate.revision)
    return await asyncio.to_thread(
        find_causes,
        estate,
        alerts,
        monitored=monitored(estate, cmdb.settings.monitoring_sources),
        edits=[edit for edit in edits.edits if edit.time <= began + TOLERANCE],
        prior=lambda item: prior(estate, item),
        began=began,
        limit=page.limit,
        offset=page.offset,
    )


async def _resolved(
    given: Sequence[GivenAlert], find: Callable[[str], Awaitable[str]]
) -> list[Alert]:
    """The alerts with the ids of their items; a wrong one from a file is said with its line."""
    alerts: list[Alert] = []
    problems: list[Problem] = []
    for alert in given:
        try:
            alerts.append(Alert(await find(alert.item), alert.since, alert.strength))
        except InvalidInput as error:
            if alert.file is None:
                raise
            problems.append(Problem(error.message, alert.file, alert.line))
    raise_any(problems, "Not every alert names an item.")
    return alerts


def monitored(estate: Estate, sources: Iterable[str]) -> Callable[[str], bool]:
    """Whether an item, by id, is reported by one of these sources."""
    wanted = frozenset(sources)

    def is_monitored(item: str) -> bool:
        return not wanted.isdisjoint(estate.items[estate.index[item]].sources)

    return is_monitored


def prior(estate: Estate, item: str) -> int:
    """How many records say that they were caused by the item."""
    at = estate.index[item]
    links = (link for link in estate.links_at.get(at, ()) if estate.ends[link][1] == at)
    return sum(estate.links[link].relation == "CAUSED_BY" for link in links)
