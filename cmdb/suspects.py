"""The use case behind ``cmdb suspects``: edits from the revision log, ranked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cmdb.edits import read_edits
from cmdb.errors import InvalidInput
from cmdb.service import Cmdb
from impact.suspects import DEFAULT_LIMIT, Suspects, find_suspects

LOOK_BACK = timedelta(hours=24)
"""How far back is looked, unless told."""


async def suspects(
    cmdb: Cmdb,
    items: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = DEFAULT_LIMIT,
) -> Suspects:
    """What was edited on these items, and on what they rest on, from ``since`` to ``until``.

    ``until`` is now unless told, and ``since`` 24 hours before it; the items rest on what they did
    then. Items are ids, identifiers or unique names. Raises :class:`~cmdb.errors.InvalidInput` for
    no items, an unknown or ambiguous one, or times the wrong way round.
    """
    if not items:
        raise InvalidInput("Name at least one item that is affected.")
    last = _utc(until) if until is not None else datetime.now(UTC)
    first = _utc(since) if since is not None else last - LOOK_BACK
    estate = await cmdb.estate(last if until is not None else None)
    ids = [(await cmdb.find(item)).id for item in items]
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


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
