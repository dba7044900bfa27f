"""Edits read from the revision log in the shape that analyses take."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.catalogue import ImpactDirection
from cmdb.items import Item, Link
from cmdb.items.value import format_time, parse_time
from cmdb.revisions import Action, Revision
from cmdb.revisions import Edit as Logged
from cmdb.revisions.views import Entity, changed_fields
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery, Sort
from impact.edits import Edit

MOST_EDITS = 100_000
"""Edits of a window that are read: those of the latest revisions that have no more together."""
MOST_CHANGES = 1000
"""Changes whose work began in a window, at most; the latest."""
NAMED_FIELDS = 3
_PAGE = 1000


class Edits(msgspec.Struct, frozen=True):
    """The edits of items and links in a window, oldest first. ``left_out`` counts those that were
    too many to be read."""

    edits: tuple[Edit, ...]
    left_out: int


async def read_edits(cmdb: Cmdb, since: datetime, upto: int) -> Edits:
    """What was edited after ``since`` and not after the revision ``upto``, but for links that carry
    no impact; with the work that began on changes then, each as an edit of what it works on.

    Where there are more than :data:`MOST_EDITS`, those of the latest revisions: a first load of
    everything is not read to find what was edited lately.
    """
    after = min(await cmdb.store.revision_at(since), upto)
    revisions = await _revisions(cmdb, after, upto)
    start, read, total = upto, 0, sum(revision.edits for revision in revisions.values())
    for number in sorted(revisions, reverse=True):
        if read + revisions[number].edits > MOST_EDITS:
            break
        start, read = number - 1, read + revisions[number].edits
    found = [
        made
        async for logged in cmdb.store.edits(start, upto)
        if (made := _edit(logged, revisions[logged.revision])) is not None
        and _matters(cmdb, logged.after or logged.before)
    ]
    found += await _changes(cmdb, since, upto)
    found.sort(key=lambda edit: edit.time)
    return Edits(tuple(found), total - read)


async def _changes(cmdb: Cmdb, since: datetime, upto: int) -> list[Edit]:
    """The changes that were begun after ``since``, as edits. Up to two reads."""
    page = await cmdb.store.query(
        ItemQuery(
            kinds=("Change",),
            conditions=(Condition("properties.work_start", "gt", format_time(since)),),
            sort=Sort("properties.work_start", descending=True),
            limit=MOST_CHANGES,
        )
    )
    changes = {change.id: change for change in page.items if change.created_revision <= upto}
    links = await cmdb.store.links(changes, "out", ["CHANGES"]) if changes else ()
    items: dict[str, list[str]] = {}
    for link in links:
        items.setdefault(link.from_id, []).append(link.to_id)
    return [_work(changes[change], tuple(ids), upto) for change, ids in items.items()]


def _work(change: Item, items: tuple[str, ...], upto: int) -> Edit:
    props = change.properties
    about = props.get("short_description")
    return Edit(
        items=items,
        time=parse_time(str(props["work_start"])),
        kind="change",
        summary=f"{change.name}: {about}" if about else change.name,
        revision=min(change.revision, upto),
        actor=str(props.get("assigned_to") or props.get("opened_by") or ""),
    )


def _matters(cmdb: Cmdb, entity: Entity | None) -> bool:
    """Whether a failure could go along it: an owner's link breaks nothing."""
    if not isinstance(entity, Link):
        return True
    relation = cmdb.catalogue.relations.get(entity.relation)
    return relation is not None and relation.impact is not ImpactDirection.NONE


async def _revisions(cmdb: Cmdb, after: int, upto: int) -> dict[int, Revision]:
    found: dict[int, Revision] = {}
    while after < upto:
        page = await cmdb.store.revisions(after, limit=_PAGE)
        if not page:
            break
        found.update((r.number, r) for r in page if r.number <= upto)
        after = page[-1].number
    return found


def _edit(logged: Logged, revision: Revision) -> Edit | None:
    entity = logged.after or logged.before
    if isinstance(entity, Item):
        items: tuple[str, ...] = (entity.id,)
    elif isinstance(entity, Link):
        items = (entity.from_id, entity.to_id)
    else:
        return None
    return Edit(
        items=items,
        time=revision.time,
        kind=logged.action.value,
        summary=_summary(logged, entity),
        revision=revision.number,
        actor=revision.actor,
        is_link=isinstance(entity, Link),
        together=revision.edits,
    )


def _summary(logged: Logged, entity: Entity) -> str:
    what = f"{entity.relation} link " if isinstance(entity, Link) else ""
    if logged.action is Action.UPDATED:
        fields = [name.removeprefix("properties.") for name in _changed(logged)]
        if fields:
            more = len(fields) - NAMED_FIELDS
            tail = f" and {more} more" if more > 0 else ""
            return f"{what}changed: {', '.join(fields[:NAMED_FIELDS])}{tail}"
    return f"{what}{logged.action.value}"


def _changed(logged: Logged) -> list[str]:
    return [*changed_fields(logged.before, logged.after)]
