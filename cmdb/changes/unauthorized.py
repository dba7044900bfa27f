"""Unauthorised changes: controlled properties that a source saw edited outside every approved
change of their item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from cmdb.changes.actions import written_actions
from cmdb.changes.view import UnauthorizedChange, UnauthorizedChanges
from cmdb.errors import InvalidInput
from cmdb.items import Item
from cmdb.items.value import format_time, parse_time
from cmdb.reconcile.policy import OPERATOR
from cmdb.records.actor import Actor
from cmdb.records.records import Step, open_record
from cmdb.revisions import Action, Edit, Revision
from cmdb.revisions.views import changed_fields
from cmdb.service import Cmdb

LOOK_BACK = timedelta(days=30)
APPROVED = ("implement", "review", "closed", "canceled")
"""The states of changes that may have begun, and then were approved for it."""
MOST_ITEMS = 50
_PAGE = 1000
_HISTORY = 20
_PEOPLE = 3
KEY = "unauthorized:"
"""What the correlation id of a change for an unauthorised one begins with."""


async def unauthorized_changes(
    cmdb: Cmdb, since: datetime | None = None, *, limit: int | None = 100
) -> UnauthorizedChanges:
    """The unauthorised changes since then (30 days ago unless told), the latest first.

    An edit counts where a source other than the operator's changed a controlled property of an
    item that it had been seen with before; the time is that of the revision. Reads the edits since,
    and the changes of the items in question.
    """
    if limit is not None and limit < 0:
        raise InvalidInput(f"The limit must be 0 or more, not {limit}.")
    start = since or datetime.now(UTC) - LOOK_BACK
    edits = [found async for found in _edits(cmdb, start)]
    covered = await authorised_windows(cmdb, {edit.id for _, edit in edits})
    rows = [
        row
        for revision, edit in edits
        if not any(_inside(w, revision.time) for w in covered.get(edit.id, ()))
        for row in _rows(cmdb, revision, edit)
    ]
    rows.sort(key=lambda r: (-r.revision, r.name, r.property))
    shown = rows[:limit]
    opened = await _opened(cmdb, shown)
    knowing = await _knowing(cmdb, shown)
    told = tuple(
        msgspec.structs.replace(r, change=opened.get(key(r)), who_might_know=knowing[r.id])
        for r in shown
    )
    return UnauthorizedChanges(start, told, len(rows), len(rows) > len(shown))


def key(found: UnauthorizedChange) -> str:
    """What the change that is opened for it is known by: one for an item and revision."""
    return f"{KEY}{found.id}@{found.revision}"


async def _edits(cmdb: Cmdb, since: datetime) -> AsyncIterator[tuple[Revision, Edit]]:
    after, latest = await cmdb.store.revision_at(since), await cmdb.revision()
    revisions: dict[int, Revision] = {}
    read = after
    while read < latest:
        page = await cmdb.store.revisions(read, limit=_PAGE)
        if not page:
            break
        revisions.update((r.number, r) for r in page if r.source != OPERATOR)
        read = page[-1].number
    async for edit in cmdb.store.edits(after, latest):
        revision = revisions.get(edit.revision)
        if revision is not None and edit.action is Action.UPDATED and controlled(cmdb, edit):
            yield revision, edit


def controlled(cmdb: Cmdb, edit: Edit) -> dict[str, tuple[object, object]]:
    """The controlled properties that an edit changed, each with both values.

    A value that was not known before is no change of the item: it was seen for the first time.
    """
    if not isinstance(edit.before, Item) or not isinstance(edit.after, Item):
        return {}
    if not cmdb.catalogue.is_a(edit.after.kind, "ConfigurationItem"):
        return {}
    declared = cmdb.catalogue.kind(edit.after.kind).properties
    found: dict[str, tuple[object, object]] = {}
    for name, (before, after) in changed_fields(edit.before, edit.after).items():
        prop = name.removeprefix("properties.")
        if prop in declared and declared[prop].controlled and before is not None:
            found[prop] = (before, after)
    return found


def _rows(cmdb: Cmdb, revision: Revision, edit: Edit) -> Iterable[UnauthorizedChange]:
    assert isinstance(edit.after, Item)
    for name, (before, after) in controlled(cmdb, edit).items():
        yield UnauthorizedChange(
            id=edit.after.id,
            kind=edit.after.kind,
            name=edit.after.name,
            property=name,
            before=before,
            after=after,
            time=revision.time,
            revision=revision.number,
            source=revision.source,
            who_might_know=(),
            change=None,
        )


async def authorised_windows(
    cmdb: Cmdb, items: Iterable[str]
) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """The actual windows of the approved changes of each item (id); open while one is made."""
    wanted = sorted(set(items))
    links = await cmdb.store.links(wanted, "in", ["CHANGES"]) if wanted else ()
    changes = await cmdb.store.items({link.from_id for link in links})
    found: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for link in links:
        change = changes.get(link.from_id)
        if change is not None and (span := _actual(change)) is not None:
            found[link.to_id].append(span)
    return found


def _actual(change: Item) -> tuple[datetime, datetime | None] | None:
    props = change.properties
    start, end = props.get("work_start"), props.get("work_end")
    if props.get("state") not in APPROVED or not isinstance(start, str):
        return None
    began = parse_time(start)
    opened = props.get("opened_at")
    if props.get("unauthorized") and isinstance(opened, str):
        began = max(began, parse_time(opened))  # what it was opened for stays unauthorised
    if props.get("state") == "canceled":
        end = props.get("closed_at")
    if isinstance(end, str):
        return began, parse_time(end)
    return (began, None) if props.get("state") == "implement" else None


def _inside(span: tuple[datetime, datetime | None], time: datetime) -> bool:
    return span[0] <= time and (span[1] is None or time <= span[1])


async def _opened(cmdb: Cmdb, rows: Sequence[UnauthorizedChange]) -> dict[str, str]:
    """The numbers of the changes that were opened for these already, by key."""
    if not rows:
        return {}
    links = await cmdb.store.links({r.id for r in rows}, "in", ["CHANGES"])
    changes = await cmdb.store.items({link.from_id for link in links})
    found = ((c.properties.get("correlation_id"), c.name) for c in changes.values())
    return {str(k): n for k, n in sorted(found, key=str) if isinstance(k, str)}


async def _knowing(cmdb: Cmdb, rows: Sequence[UnauthorizedChange]) -> Mapping[str, tuple[str, ...]]:
    """Who might know of each item: its owners, its support, the people who edited it last."""
    ids = list(dict.fromkeys(row.id for row in rows))
    links = await cmdb.store.links(ids, "out", ["OWNED_BY", "SUPPORTED_BY"]) if ids else ()
    ends = await cmdb.store.items({link.to_id for link in links})
    links = sorted(links, key=lambda k: (k.relation, k.id))
    found: dict[str, tuple[str, ...]] = {}
    for number, item in enumerate(ids):
        names = [ends[k.to_id].name for k in links if k.from_id == item and k.to_id in ends]
        if number < MOST_ITEMS:
            history = await cmdb.store.history(item, _HISTORY)
            names += [r.actor for r, _ in history if r.source == OPERATOR][:_PEOPLE]
        found[item] = tuple(dict.fromkeys(names))
    return found


async def open_for(cmdb: Cmdb, actor: Actor, item: str, revision: int) -> Item:
    """The emergency change for what a revision did to an item, opened where there is none yet.

    Raises :class:`~cmdb.errors.InvalidInput` for a revision that changed nothing controlled of the
    item outside an approved change.
    """
    found = await cmdb.find(item)
    read = await cmdb.store.history(found.id, 1, revision + 1)
    if not read or read[0][0].number != revision or read[0][0].source == OPERATOR:
        raise InvalidInput(f"No source edited {found.name} in revision {revision}.")
    seen, edit = read[0]
    rows = list(_rows(cmdb, seen, edit)) if edit.action is Action.UPDATED else []
    covered = await authorised_windows(cmdb, [found.id])
    if not rows or any(_inside(w, seen.time) for w in covered.get(found.id, ())):
        raise InvalidInput(
            f"Revision {revision} changed nothing of {found.name} outside an approved change."
        )
    mine = key(rows[0])
    if (known := await _known(cmdb, found.id, mine)) is not None:
        return known
    said = ", ".join(f"{r.property}: {r.before} -> {r.after}" for r in rows)

    async def once(cmdb: Cmdb, _: Step) -> None:
        if (known := await _known(cmdb, found.id, mine)) is not None:
            raise _There(known)

    try:
        return await open_record(
            cmdb,
            "Change",
            {
                "short_description": f"Unauthorised: {found.kind} {found.name}, {said}"[:250],
                "change_type": "emergency",
                "state": "new",
                "unauthorized": True,
                "conflict_status": "not_run",
                "requested_by": actor.name,
                "correlation_id": mine,
                "actions": written_actions({found.id: "configure"}),
                "description": f"{seen.source} saw it in revision {revision}, at "
                f"{format_time(seen.time)}.",
            },
            actor,
            link=[("CHANGES", found.id)],
            checks=[once],
        )
    except _There as there:
        return there.change


class _There(Exception):
    """The change is there already: another opened it meanwhile."""

    def __init__(self, change: Item) -> None:
        self.change = change


async def _known(cmdb: Cmdb, item: str, mine: str) -> Item | None:
    links = await cmdb.store.links([item], "in", ["CHANGES"])
    changes = await cmdb.store.items({link.from_id for link in links})
    return next((c for c in changes.values() if c.properties.get("correlation_id") == mine), None)
