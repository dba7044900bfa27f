"""The graph at a point in the past, and the difference between two points.

Both are read from the present and the revision log backwards, so they cost what was edited since,
not what there is. Times at which things were last seen are not edits: a past view shows the last
ones known at the edit that follows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cmdb.errors import UnknownRevision
from cmdb.items import Item, Link, WaitingLink
from cmdb.items.value import format_time, parse_time
from cmdb.revisions.revision import Edit
from cmdb.store.port import Store

Entity = Item | Link | WaitingLink

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead of ours the clock of whoever names a time may be."""


async def revision_number(store: Store, point: str | int | datetime) -> int:
    """The revision that a number, an ISO 8601 time or a datetime stands for.

    Raises :class:`~cmdb.errors.UnknownRevision` for a number above the latest or below 0, for a
    time that has not come (by more than :data:`CLOCKS_DIFFER`), and for text that is neither.
    """
    if isinstance(point, str) and not point.strip().isdecimal():
        try:
            point = parse_time(point)
        except ValueError as error:
            raise UnknownRevision(
                f"A point in the past is a revision number or a time; it {error}."
            ) from None
    if isinstance(point, datetime):
        check_has_come(point)
        return await store.revision_at(point)
    number, latest = int(point), (await store.info()).revision
    if not 0 <= number <= latest:
        raise UnknownRevision(f"There is no revision {number}; the latest is {latest}.")
    return number


def check_has_come(time: datetime) -> None:
    """Raise :class:`~cmdb.errors.UnknownRevision` for a time that lies ahead by more than
    :data:`CLOCKS_DIFFER`; one without an offset is taken as UTC."""
    time = time.replace(tzinfo=time.tzinfo or UTC)
    if time > datetime.now(UTC) + CLOCKS_DIFFER:
        raise UnknownRevision(
            f"{format_time(time)} has not come yet, so nothing is known of it. Name no time to ask "
            "of the latest revision."
        )


async def item_at(store: Store, item_id: str, revision: int) -> Item | None:
    """The item as it was after ``revision``; None where it did not exist yet."""
    before: int | None = None
    oldest_later: Edit | None = None
    while batch := await store.history(item_id, limit=100, before=before):
        for _, edit in batch:
            if edit.revision <= revision:
                break
            oldest_later = edit
        else:
            before = batch[-1][0].number
            continue
        break
    if oldest_later is not None:
        return oldest_later.before if isinstance(oldest_later.before, Item) else None
    return (await store.items([item_id])).get(item_id)


async def snapshot(store: Store, revision: int | None = None) -> AsyncIterator[Entity]:
    """All items, then all links, then all waiting links, as they were after ``revision``.

    None means the latest at the time of the call. Exact while others write: what they wrote after
    the revision is taken back. Memory grows with the number of entities edited since.
    """
    at = (await store.info()).revision if revision is None else revision
    past = await _before_edits(store, at)
    order = {Item: 0, Link: 1, WaitingLink: 2}
    done: set[str] = set()
    stage = 0
    async for entity in store.stream():
        while order[type(entity)] > stage:
            for restored in _restore(past, done, stage):
                yield restored
            stage += 1
        if entity.revision > at and entity.id not in past:
            past |= await _before_edits(store, at)
        if entity.id not in past:
            yield entity
    while stage < len(order):
        for restored in _restore(past, done, stage):
            yield restored
        stage += 1


async def _before_edits(store: Store, at: int) -> dict[str, Entity | None]:
    past: dict[str, Entity | None] = {}
    async for edit in store.edits(at):
        past.setdefault(edit.id, edit.before)
    return past


def _restore(past: dict[str, Entity | None], done: set[str], stage: int) -> list[Entity]:
    wanted = (Item, Link, WaitingLink)[stage]
    restored = [e for i, e in past.items() if isinstance(e, wanted) and i not in done]
    done.update(e.id for e in restored)
    return sorted(restored, key=lambda e: e.id)


@dataclass(frozen=True, slots=True)
class Difference:
    """One entity at both points; None where it was not there."""

    id: str
    before: Entity | None
    after: Entity | None

    def fields(self) -> dict[str, tuple[object, object]]:
        """What differs, by field (properties one by one as ``properties.<name>``), both values."""
        return changed_fields(self.before, self.after)


async def difference(store: Store, start: int, end: int) -> list[Difference]:
    """What differs between two revisions, ``start`` before ``end``, sorted by id.

    Raises :class:`~cmdb.errors.UnknownRevision` where they are the wrong way round.
    """
    if start > end:
        raise UnknownRevision(f"Revision {start} is later than {end}; give the earlier one first.")
    first: dict[str, Entity | None] = {}
    last: dict[str, Entity | None] = {}
    async for edit in store.edits(start, end):
        first.setdefault(edit.id, edit.before)
        last[edit.id] = edit.after
    found = (Difference(i, first[i], last[i]) for i in sorted(last))
    return [d for d in found if (d.before is None) != (d.after is None) or d.fields()]


_BOOKKEEPING = frozenset({"id", "revision", "created_revision", "reports", "merged_reports"})


def changed_fields(before: Entity | None, after: Entity | None) -> dict[str, tuple[object, object]]:
    """The fields that differ, each with both values; bookkeeping left out. JSON-like values.

    Properties count one by one under ``properties.<name>``; a missing value is None.
    """
    old, new = _flat(before), _flat(after)
    return {
        name: (old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }


def _flat(entity: Entity | None) -> dict[str, object]:
    if entity is None:
        return {}
    flat: dict[str, object] = {}
    for name in entity.__struct_fields__:
        value = getattr(entity, name)
        if name in _BOOKKEEPING:
            continue
        if name == "properties":
            flat.update((f"properties.{key}", entry) for key, entry in value.items())
        elif isinstance(value, datetime):
            flat[name] = format_time(value)
        elif isinstance(value, tuple):
            if value:
                flat[name] = [*value]
        elif value is not None:
            flat[name] = value
    return flat
