"""The use case behind ``cmdb suspects``: edits from the revision log, ranked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cmdb.edits import read_edits
from cmdb.errors import InvalidInput
from cmdb.service import Cmdb
from cmdb.viewpoint import LATEST, Viewpoint
from impact import Estate
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
    if until is not None and view.at is None and view.what_if is None:
        view = replace(view, at=_utc(until))
    estate, ids = await view.find(cmdb, items)
    last = _utc(until) if until is not None else _end(view, estate)
    first = _utc(since) if since is not None else last - LOOK_BACK
    read = await read_edits(cmdb, first, estate.revision)
    return await asyncio.to_thread(
        find_suspects,
        estate,
        ids,
        read.edits,
        since=first,
        until=last,
        left_out=read.left_out,
        limit=limit,
    )


def _end(view: Viewpoint, estate: Estate) -> datetime:
    return datetime.now(UTC) if view.at is None else estate.as_of


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
