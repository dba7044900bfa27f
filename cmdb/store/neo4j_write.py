"""Writing a delta into Neo4j, inside one managed transaction.

The transaction may run more than once: the driver repeats it after a transient error, so nothing
outside it is touched.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from cmdb.errors import WriteConflict
from cmdb.items import Item, Link
from cmdb.revisions import Commit, Delta, ItemChange, LinkChange, Revision, Touch, WaitingChange
from cmdb.store import cypher
from cmdb.store.claims import (
    Claims,
    claims_of,
    shared_conflict,
    stale_conflict,
    taken_conflict,
    unknown_end,
)
from cmdb.store.codec import Entity, Seen, carried_seen, encode, micros, numbered
from cmdb.store.criteria import link_ends
from cmdb.store.neo4j_layout import (
    NEVER,
    item_node,
    link_relationship,
    native,
    report_nodes,
    revision_of,
    revision_row,
    seen_of,
    waiting_node,
)

BATCH = 5000
"""Rows per statement: enough to make round trips cheap, few enough for the server's heap."""

_Entry = TypeVar("_Entry")
_Made = TypeVar("_Made")
_AnyChange = ItemChange | LinkChange | WaitingChange
_NOUNS: Mapping[Entity, str] = {"item": "item", "link": "link", "waiting": "waiting link"}


class Transaction(Protocol):
    """What the writer needs of the driver's transaction."""

    async def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
        """All rows of the result."""
        ...

    async def run(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Run it to its end, whatever it returns."""
        ...


async def write(
    transaction: Transaction, statements: cypher.Generated, delta: Delta, commit: Commit
) -> Revision | None:
    """Write a delta as the next revision, or nothing at all on any error."""
    claims = claims_of(delta)
    await transaction.run(cypher.LOCK_STORE, {"key": cypher.STORE})
    if delta.is_empty:
        await _touch(transaction, statements, delta.touches)
        return None
    [[_, latest, latest_time]] = await transaction.rows(cypher.READ_STORE, {"key": cypher.STORE})
    time = commit.time.astimezone(UTC)
    if latest_time is not None:
        time = max(time, native(latest_time))
    writer = _Writer(transaction, statements, latest + 1)
    await writer.items(delta.items, claims)
    await writer.links(delta.links)
    await writer.waiting(delta.waiting)
    await _touch(transaction, statements, delta.touches)
    return await writer.revision(commit, time, delta.shared)


class _Writer:
    """One revision in the making."""

    def __init__(self, transaction: Transaction, statements: cypher.Generated, number: int) -> None:
        self._transaction = transaction
        self._statements = statements
        self._number = number
        self._edits = 0

    # --- items and their identifiers -----------------------------------------------------------

    async def items(self, changes: Sequence[ItemChange], claims: Claims) -> None:
        changed = [change for change in changes if change.before is not None]
        seen = await self._stored("item", cypher.STORED_ITEMS, changed)
        await self._run(cypher.DROP_IDENTIFIERS, claims.dropped)
        new = {change.after.id for change in changes if change.before is None}
        await self._run(
            cypher.DEMOTE_IDENTIFIERS, [pair for pair in claims.former if pair[1] not in new]
        )
        known = await self._known(claims)
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for key, item_id in claims.live:
            if key not in known and item_id in new:
                keys[item_id].append(key)
        await self._create([change for change in changes if change.before is None], keys)
        await self._update(changed, seen)
        await self._claim(claims, known, new)

    async def _create(self, changes: Sequence[ItemChange], keys: Mapping[str, list[str]]) -> None:
        by_kind: defaultdict[str, list[ItemChange]] = defaultdict(list)
        for change in changes:
            by_kind[change.after.kind].append(change)
        for kind, group in by_kind.items():
            for batch in _batches(group):
                afters = [numbered(change.after, None, self._number) for change in batch]
                bodies = await _made(encode, afters)
                rows = await _made(
                    lambda pair: _item_row(*pair, {}, keys.get(pair[0].id, [])),
                    list(zip(afters, bodies, strict=True)),
                )
                await self._transaction.run(self._statements.create_items(kind), {"rows": rows})
                await self._log("item", batch, bodies)

    async def _update(self, changes: Sequence[ItemChange], seen: Mapping[str, Seen]) -> None:
        relabelled: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for batch in _batches(changes):
            afters = [numbered(c.after, c.before, self._number) for c in batch]
            bodies = await _made(encode, afters)
            rows = await _made(
                lambda pair: _item_row(*pair, seen.get(pair[0].id, {})),
                list(zip(afters, bodies, strict=True)),
            )
            await self._transaction.run(cypher.UPDATE_ITEMS, {"rows": rows})
            reported = [
                row
                for change, row in zip(batch, rows, strict=True)
                if change.before is None or change.before.reports != change.after.reports
            ]
            await self._run(cypher.DELETE_REPORTS, [row["item"]["id"] for row in reported])
            await self._run(cypher.CREATE_REPORTS, reported)
            await self._log("item", batch, bodies)
            for change in batch:
                if change.before is not None and change.before.kind != change.after.kind:
                    kinds = (change.before.kind, change.after.kind)
                    relabelled[kinds].append(change.after.id)
        for (old, new), ids in relabelled.items():
            await self._run(self._statements.relabel_items(old, new), ids)

    async def _known(self, claims: Claims) -> dict[str, tuple[str | None, str]]:
        """Owner and state of those claimed identifiers that somebody has or had."""
        wanted = dict(claims.live)
        known: dict[str, tuple[str | None, str]] = {}
        for batch in _batches(list(wanted)):
            rows = await self._packed(cypher.OWNERS, batch)
            known.update((key, (owner, state)) for key, owner, state in rows)
        shared = [key for key, (_, state) in known.items() if state == "shared"]
        if shared:
            raise shared_conflict(shared)
        for key, (owner, state) in known.items():
            if state == "live" and owner is not None and owner != wanted[key]:
                raise taken_conflict(key, wanted[key], owner)
        return known

    async def _claim(
        self, claims: Claims, known: Mapping[str, tuple[str | None, str]], new: set[str]
    ) -> None:
        taken = [pair for pair in claims.live if pair[0] in known]
        await self._run(cypher.FREE_IDENTIFIERS, taken)
        await self._run(cypher.TAKE_IDENTIFIERS, taken)
        free = [pair for pair in claims.live if pair[0] not in known and pair[1] not in new]
        await self._run(cypher.CREATE_IDENTIFIERS, free)
        live = {key for key, _ in claims.live}
        former = {key: item_id for key, item_id in reversed(claims.former) if key not in live}
        for batch in _batches(list(former.items())):
            keys = [key for key, _ in batch]
            rows = await self._packed(cypher.OWNERS, keys)
            there = {key for key, _, _ in rows}
            await self._run(cypher.CREATE_FORMER, [pair for pair in batch if pair[0] not in there])
        await self._run(cypher.SHARE_IDENTIFIERS, claims.shared)
        await self._run(cypher.FREE_SHARED, claims.shared)

    # --- links and waiting links ---------------------------------------------------------------

    async def links(self, changes: Sequence[LinkChange]) -> None:
        by_relation: defaultdict[str, list[LinkChange]] = defaultdict(list)
        for change in changes:
            link = change.after or change.before
            if link is None:
                raise ValueError("a change needs a before or an after")
            by_relation[link.relation].append(change)
        for relation, group in by_relation.items():
            await self._links(relation, group)

    async def _links(self, relation: str, changes: Sequence[LinkChange]) -> None:
        made = self._statements
        seen = await self._stored("link", made.stored_links(relation), changes)
        gone = [c for c in changes if c.before is not None and c.after is None]
        new = [c for c in changes if c.before is None]
        changed = [c for c in changes if c.before is not None and c.after is not None]
        for batch in _batches(gone):
            ends = [[c.before.from_id, c.before.to_id] for c in batch if c.before is not None]
            await self._transaction.run(made.delete_links(relation), {"rows": ends})
            await self._log("link", batch, [None] * len(batch))
        for batch in _batches(new):
            rows, bodies = await self._link_rows(batch, {})
            created = await self._transaction.rows(made.create_links(relation), {"rows": rows})
            await self._check_created(relation, rows, created[0][0])
            await self._log("link", batch, bodies)
        for batch in _batches(changed):
            rows, bodies = await self._link_rows(batch, seen)
            await self._transaction.run(made.update_links(relation), {"rows": rows})
            await self._log("link", batch, bodies)

    async def _link_rows(
        self, changes: Sequence[LinkChange], seen: Mapping[str, Seen]
    ) -> tuple[list[list[Any]], list[str]]:
        """The rows to write and the bodies in them."""
        afters = [numbered(c.after, c.before, self._number) for c in changes if c.after is not None]
        bodies = await _made(encode, afters)

        def row(pair: tuple[Link, str]) -> list[Any]:
            link, body = pair
            found = link_relationship(link, body, seen.get(link.id, {}))
            return [link.from_id, link.to_id, found]

        return await _made(row, list(zip(afters, bodies, strict=True))), bodies

    async def _check_created(
        self, relation: str, rows: Sequence[Sequence[Any]], created: int
    ) -> None:
        if created == len(rows) == len({(row[0], row[1]) for row in rows}):
            return
        ids = {end for row in rows for end in row[:2]}
        found = await self._packed(cypher.STORED_ITEMS, list(ids))
        if len(found) < len(ids):
            raise unknown_end()
        raise WriteConflict(f"One of the new {relation} links is there already.")

    async def waiting(self, changes: Sequence[WaitingChange]) -> None:
        seen = await self._stored("waiting", cypher.STORED_WAITING, changes)
        for batch in _batches(changes):
            afters = [
                numbered(c.after, c.before, self._number) if c.after is not None else None
                for c in batch
            ]
            bodies = [encode(after) if after is not None else None for after in afters]
            await self._log("waiting", batch, bodies)
            gone = [c.before.id for c in batch if c.before is not None and c.after is None]
            await self._run(cypher.DELETE_WAITING, gone)
            new: list[object] = []
            changed: list[object] = []
            for change, after, body in zip(batch, afters, bodies, strict=True):
                if after is not None and body is not None:
                    node = waiting_node(after, body, seen.get(after.id, {}))
                    (new if change.before is None else changed).append(node)
            await self._run(cypher.CREATE_WAITING, new)
            await self._run(cypher.UPDATE_WAITING, changed)

    # --- what all have in common ---------------------------------------------------------------

    async def revision(self, commit: Commit, time: datetime, shared: tuple[str, ...]) -> Revision:
        row = revision_row(self._number, time, commit, self._edits, shared)
        await self._transaction.run(cypher.SET_REVISION, {"key": cypher.STORE, "row": row})
        return revision_of(list(row.values()))

    async def _stored(
        self, entity: Entity, statement: str, changes: Sequence[_AnyChange]
    ) -> dict[str, Seen]:
        """The touches to carry over, once everything is found to be as the writer read it."""
        befores = {c.before.id: (c.before, c.after) for c in changes if c.before is not None}
        stale = set(befores)
        carried: dict[str, Seen] = {}
        for batch in _batches(list(befores)):
            rows: list[object] = list(batch)
            if entity == "link":
                rows = [list(ends[1:]) for id_ in batch if (ends := link_ends(id_)) is not None]
            for id_, revision, seen in await self._packed(statement, rows):
                before, after = befores[id_]
                if revision == before.revision:
                    stale.discard(id_)
                    if seen and after is not None:
                        carried[id_] = carried_seen(before, after, seen_of(seen))
        if stale:
            raise stale_conflict(_NOUNS[entity], stale)
        return carried

    async def _log(
        self, entity: Entity, changes: Sequence[_AnyChange], bodies: Sequence[str | None]
    ) -> None:
        first = edit_number(self._number, self._edits)
        self._edits += len(changes)
        rows = await _made(
            lambda entry: _edit_row(first + entry[0], entity, *entry[1:]),
            list(zip(range(len(changes)), changes, bodies, strict=True)),
        )
        await self._transaction.run(cypher.CREATE_EDITS, {"rows": rows})

    async def _packed(self, statement: str, rows: Sequence[Any]) -> list[list[Any]]:
        """The rows of a statement that gives them in packs."""
        packs = await self._transaction.rows(statement, {"rows": list(rows)})
        return [row for (pack,) in packs for row in pack]

    async def _run(self, statement: str, rows: Sequence[Any]) -> None:
        for batch in _batches(rows):
            await self._transaction.run(statement, {"rows": list(batch)})


def edit_number(revision: int, position: int = 0) -> int:
    """Where an edit stands in the log."""
    return (revision << 32) + position


def _edit_row(
    number: int, entity: Entity, change: _AnyChange, after: str | None
) -> dict[str, object]:
    before, named = change.before, change.after or change.before
    return {
        "number": number,
        "revision": number >> 32,
        "entity": entity,
        "id": named.id if named is not None else "",
        "action": change.action.value,
        "reason": change.reason,
        "before": encode(before) if before is not None else None,
        "after": after,
    }


def _item_row(item: Item, body: str, seen: Seen, keys: Sequence[str] = ()) -> dict[str, Any]:
    node = item_node(item, body, seen)
    return {"item": node, "reports": report_nodes(item), "keys": keys}


def _batches(entries: Sequence[_Entry]) -> Iterable[Sequence[_Entry]]:
    return (entries[i : i + BATCH] for i in range(0, len(entries), BATCH))


async def _made(make: Callable[[_Entry], _Made], entries: Sequence[_Entry]) -> list[_Made]:
    """``make`` of each entry, in a thread, so that a large batch does not hold up the loop."""
    if len(entries) < BATCH // 10:
        return [make(entry) for entry in entries]
    return await asyncio.to_thread(lambda: [make(entry) for entry in entries])


async def _touch(
    transaction: Transaction, statements: cypher.Generated, touches: Sequence[Touch]
) -> None:
    rows: defaultdict[str, list[list[object]]] = defaultdict(list)
    for touch in touches:
        row = [touch.id, touch.report, micros(touch.seen)]
        if touch.entity == "item":
            rows[cypher.TOUCH_ITEMS].append(row)
        elif touch.entity == "waiting":
            rows[cypher.TOUCH_WAITING].append(row)
        elif (ends := link_ends(touch.id)) is not None:
            row[0] = ends[1]
            rows[statements.touch_links(ends[0])].append([*row, ends[2]])
    for statement, found in rows.items():
        for batch in _batches(found):
            await transaction.run(statement, {"rows": batch, "never": NEVER})
