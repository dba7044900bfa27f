"""What people do to the data by hand: merge, unmerge, revert. Each is one revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from cmdb.errors import InvalidInput, Refused, UnknownRevision, WriteConflict
from cmdb.identity.owner import Owner
from cmdb.ingest import Ingest, new_run
from cmdb.items import Item, ItemStatus, Link, WaitingLink
from cmdb.load import MAX_ATTEMPTS
from cmdb.reconcile.items import ItemOutcome, Rules
from cmdb.reconcile.links import reconcile_links
from cmdb.reconcile.merge import merge_observation, unmerge
from cmdb.reconcile.policy import OPERATOR
from cmdb.revisions import (
    Action,
    Commit,
    Delta,
    Edit,
    ItemChange,
    LinkChange,
    Revision,
    WaitingChange,
)
from cmdb.revisions.views import Entity
from cmdb.store.port import Store


async def merge_items(
    store: Store, rules: Rules, left: Item, right: Item, actor: str, reason: str
) -> Item:
    """Make one item of two. Returns the one that stays; the other leads to it from now on.

    Raises :class:`~cmdb.errors.InvalidInput` where they can't be one thing.
    """
    seen = merge_observation(left, right, rules.catalogue, datetime.now(UTC))
    run = new_run(OPERATOR, actor=actor)
    why = reason or f"{left.name} and {right.name} are the same thing"
    await Ingest(store, rules, actor).load([seen], [], run, reason=why)
    found = await store.items([left.id, right.id])
    for item in found.values():
        if item.merged_into is not None and item.merged_into in found:
            return found[item.merged_into]
    raise Refused(
        f"{left.name} and {right.name} were not merged: someone said that they are distinct."
    )


async def unmerge_item(store: Store, rules: Rules, absorbed: Item, actor: str, reason: str) -> Item:
    """Take an item out of the one it was merged into; returns it as it is again.

    Raises :class:`~cmdb.errors.InvalidInput` where it was never merged.
    """
    for _ in range(MAX_ATTEMPTS):
        absorbed = (await store.items([absorbed.id]))[absorbed.id]
        if absorbed.merged_into is None:
            raise InvalidInput(f"{absorbed.name} ({absorbed.id}) is not merged into anything.")
        survivor = (await store.items([absorbed.merged_into]))[absorbed.merged_into]
        changes = unmerge(survivor, absorbed, rules)
        delta = await _with_links(store, rules, changes)
        commit = Commit(
            actor, OPERATOR, reason or f"{absorbed.name} is not {survivor.name}", datetime.now(UTC)
        )
        try:
            await store.apply(delta, commit)
        except WriteConflict:
            continue
        return (await store.items([absorbed.id]))[absorbed.id]
    raise WriteConflict(f"{absorbed.name} kept changing; try again.")


async def _with_links(store: Store, rules: Rules, changes: Sequence[ItemChange]) -> Delta:
    outcome = ItemOutcome(changes=list(changes))
    for change in changes:
        for key in change.after.former_identifiers:
            outcome.owners[key] = Owner(change.after.id, "former")
    for change in changes:
        for key in change.after.identifiers:
            outcome.owners[key] = Owner(change.after.id, "live")
    before = {k for c in changes if c.before for k in c.before.identifiers}
    outcome.moved = set(outcome.owners) | before
    given = await Ingest(store, rules, OPERATOR).link_input([], outcome)
    linked = reconcile_links(given, rules)
    return Delta(tuple(changes), tuple(linked.changes), tuple(linked.waiting))


@dataclass(frozen=True, slots=True)
class Reverted:
    """A revert: the revision it wrote, or on a dry run the delta it would write."""

    delta: Delta
    revision: Revision | None


async def revert(
    store: Store, number: int, actor: str, reason: str = "", *, dry_run: bool = False
) -> Reverted:
    """Undo a revision by a new one that restores what each of its edits found.

    Items that it created are retired and lose their identifiers; links that it created go.
    Raises :class:`~cmdb.errors.UnknownRevision`, or :class:`~cmdb.errors.Refused` where something
    was edited again since, naming what and by which revision.
    """
    latest = (await store.info()).revision
    if not 1 <= number <= latest:
        raise UnknownRevision(f"There is no revision {number}; the latest is {latest}.")
    edits = [edit async for edit in store.edits(number - 1, number)]
    now = await _current(store, edits)
    later = [e for e in edits if _moved_on(e, now.get(e.id))]
    if later:
        shown = ", ".join(f"{_named(e)} (revision {_revision(now.get(e.id))})" for e in later[:5])
        more = f" and {len(later) - 5} more" if len(later) > 5 else ""
        raise Refused(
            f"Revision {number} can't be reverted: edited again since: {shown}{more}. "
            "Revert the later revisions first."
        )
    if linked := await _linked_since(store, edits, number):
        raise Refused(
            f"Revision {number} can't be reverted: links were added to what it created: "
            f"{', '.join(linked[:5])}. Revert the later revisions first."
        )
    delta = Delta(
        items=tuple(_item_back(e, n) for e in edits if isinstance(n := now.get(e.id), Item)),
        links=tuple(_link_back(e, now.get(e.id)) for e in edits if e.entity == "link"),
        waiting=tuple(_waiting_back(e, now.get(e.id)) for e in edits if e.entity == "waiting"),
    )
    if dry_run:
        return Reverted(delta, None)
    commit = Commit(actor, OPERATOR, reason or f"revert of revision {number}", datetime.now(UTC))
    return Reverted(delta, await store.apply(delta, commit))


async def _current(store: Store, edits: Sequence[Edit]) -> dict[str, Entity]:
    now: dict[str, Entity] = {}
    now.update(await store.items([e.id for e in edits if e.entity == "item"]))
    now.update(await store.links_by_id([e.id for e in edits if e.entity == "link"]))
    if any(e.entity == "waiting" for e in edits):
        now.update((w.id, w) for w in await store.waiting())
    return now


async def _linked_since(store: Store, edits: Sequence[Edit], number: int) -> list[str]:
    """Links, with their revisions, that later revisions added to items created by ``number``."""
    created = [e.id for e in edits if e.entity == "item" and e.before is None]
    links = await store.links(created) if created else ()
    return [
        f"{k.relation} (revision {k.created_revision})"
        for k in links
        if k.created_revision > number
    ]


def _moved_on(edit: Edit, now: Entity | None) -> bool:
    return _revision(now) != _revision(edit.after)


def _revision(entity: Entity | None) -> int:
    return entity.revision if entity is not None else 0


def _named(edit: Edit) -> str:
    entity = edit.after or edit.before
    return entity.name if isinstance(entity, Item) else edit.id


def _item_back(edit: Edit, now: Item) -> ItemChange:
    if isinstance(edit.before, Item):
        after = msgspec.structs.replace(edit.before, revision=now.revision)
    else:
        after = msgspec.structs.replace(
            now, status=ItemStatus.RETIRED, identifiers=(), former_identifiers=(), reports=()
        )
    return ItemChange(Action.REVERTED, now, after, f"undoes revision {edit.revision}")


def _link_back(edit: Edit, now: Entity | None) -> LinkChange:
    before = now if isinstance(now, Link) else None
    after = edit.before if isinstance(edit.before, Link) else None
    return LinkChange(Action.REVERTED, before, after, f"undoes revision {edit.revision}")


def _waiting_back(edit: Edit, now: Entity | None) -> WaitingChange:
    before = now if isinstance(now, WaitingLink) else None
    after = edit.before if isinstance(edit.before, WaitingLink) else None
    return WaitingChange(Action.REVERTED, before, after, f"undoes revision {edit.revision}")
