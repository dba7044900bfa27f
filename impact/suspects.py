"""What was edited before it broke, on what broke and on all that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from cmdb.errors import InvalidInput
from impact.cause_answer import CauseItem
from impact.edits import Edit, worth
from impact.estate import Estate
from impact.page import Page
from impact.upstream import Upstream, upstream

DEFAULT_LIMIT = 50
MOST_VISITS = 2_000_000
RECENT = timedelta(hours=6)
"""After so long an edit counts half."""
PER_STEP = 0.8
"""What of its weight an edit keeps with each step that it is further up."""

SuspectFactorName = Literal["time", "distance", "kind"]


class SuspectEvidence(msgspec.Struct, frozen=True):
    """One factor of a suspect's score, above 0 up to 1; the score is their product."""

    factor: SuspectFactorName
    value: float
    sentence: str


class Suspect(msgspec.Struct, frozen=True):
    """One edit of an item, or of a link, that the affected items rest on.

    ``items`` are what was edited: an item, or the ends of a link. ``distance`` counts the steps
    from the nearest affected item up to the nearest of them.
    """

    items: tuple[CauseItem, ...]
    score: float
    distance: int
    time: datetime
    kind: str
    summary: str
    revision: int
    actor: str
    evidence: tuple[SuspectEvidence, ...]


class Suspects(msgspec.Struct, frozen=True):
    """The edits from ``since`` to ``until`` on the ``affected`` items (ids) and upstream of them.

    The most suspicious come first. ``total`` counts them all, and ``upstream`` the items that were
    looked at. ``left_out`` counts edits in that time that were too many to be looked at;
    ``complete`` says that there were none, and that all of what is upstream was looked at,
    ``truncated`` that it was not, or that the list is not whole.
    """

    revision: int
    as_of: datetime
    affected: tuple[str, ...]
    since: datetime
    until: datetime
    suspects: tuple[Suspect, ...]
    total: int
    upstream: int
    left_out: int
    complete: bool
    truncated: bool


def find_suspects(
    estate: Estate,
    affected: Iterable[str],
    edits: Iterable[Edit],
    *,
    since: datetime,
    until: datetime,
    left_out: int = 0,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
) -> Suspects:
    """The edits that may have broken the affected items, given by id.

    Edits outside the time, or of nothing upstream, are passed over. Ties go to the later revision,
    then by what was edited. ``limit`` and ``offset`` say what of the list is given. Raises
    :class:`~cmdb.errors.InvalidInput` for no items, a negative limit or offset or a time that does
    not end after it starts, and what :meth:`~impact.estate.Estate.position` raises. Costs a walk up
    and one look at each edit.
    """
    page = Page(limit, offset)
    if since >= until:
        raise InvalidInput(
            f"The time to look at must end after it starts; this goes from {since.isoformat()} "
            f"to {until.isoformat()}."
        )
    ids = tuple(dict.fromkeys(affected))
    if not ids:
        raise InvalidInput("Name at least one item that is affected.")
    above = upstream(estate, sorted(estate.position(i) for i in ids), most=MOST_VISITS)
    found = [
        _suspect(estate, edit, away, until)
        for edit in edits
        if since <= edit.time <= until and (away := _distance(estate, above, edit)) is not None
    ]
    found.sort(key=_order)
    is_complete = not left_out and not above.is_cut
    return Suspects(
        revision=estate.revision,
        as_of=estate.as_of,
        affected=ids,
        since=since,
        until=until,
        suspects=page.of(found),
        total=len(found),
        upstream=len(above.nearest),
        left_out=left_out,
        complete=is_complete,
        truncated=not is_complete or page.cuts(len(found)),
    )


def _order(suspect: Suspect) -> tuple[float, int, tuple[str, ...], str]:
    return -suspect.score, -suspect.revision, tuple(i.id for i in suspect.items), suspect.summary


def _distance(estate: Estate, above: Upstream, edit: Edit) -> int | None:
    positions = (estate.index.get(item, -1) for item in edit.items)
    return min((above.nearest[at] for at in positions if at in above.nearest), default=None)


def _suspect(estate: Estate, edit: Edit, away: int, until: datetime) -> Suspect:
    age = until - edit.time
    factors = (
        SuspectEvidence("time", 0.5 ** (age / RECENT), f"It was {_before(age)} before."),
        SuspectEvidence("distance", PER_STEP**away, _where(away)),
        SuspectEvidence("kind", worth(edit), _what(edit)),
    )
    score = 1.0
    for factor in factors:
        score *= factor.value
    return Suspect(
        items=tuple(_item(estate, item) for item in edit.items),
        score=round(score, 4),
        distance=away,
        time=edit.time,
        kind=edit.kind,
        summary=edit.summary,
        revision=edit.revision,
        actor=edit.actor,
        evidence=tuple(msgspec.structs.replace(f, value=round(f.value, 4)) for f in factors),
    )


def _item(estate: Estate, item_id: str) -> CauseItem:
    at = estate.index.get(item_id)
    if at is not None:
        return CauseItem(item_id, estate.items[at].kind, estate.items[at].name)
    out = estate.left_out.get(item_id)
    return CauseItem(item_id, out.kind if out else "", out.name if out else item_id)


def _before(age: timedelta) -> str:
    minutes = round(age / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{round(minutes / 60)} hours" if minutes < 72 * 60 else f"{age.days} days"


def _where(away: int) -> str:
    if away == 0:
        return "It is on an affected item itself."
    return f"It is {away} {'step' if away == 1 else 'steps'} above an affected item."


def _what(edit: Edit) -> str:
    what = f"A link was {edit.kind}" if edit.is_link else f"An item was {edit.kind}"
    if edit.together == 1:
        return f"{what}, and nothing else in that revision."
    return f"{what}, one of {edit.together} edits in that revision."
