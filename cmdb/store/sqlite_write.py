"""Writing a delta into SQLite, inside one transaction of the one writing connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec

from cmdb.errors import WriteConflict
from cmdb.items import Item, ItemReport, Link, LinkReport, WaitingLink
from cmdb.revisions import (
    Commit,
    Delta,
    ItemChange,
    LinkChange,
    Revision,
    Touch,
    WaitingChange,
)
from cmdb.store import sql
from cmdb.store.claims import (
    Claims,
    claims_of,
    shared_conflict,
    stale_conflict,
    taken_conflict,
    unknown_end,
)
from cmdb.store.codec import (
    Entity,
    carried_seen,
    encode,
    from_micros,
    micros,
    numbered,
    tag,
    tags,
)
from cmdb.store.criteria import link_ends, same_words, stored_words
from cmdb.store.text import sort_name

TAG_EDGE = "\x1e"
"""Stands around each tag in the column ``report_tags``."""

_AnyChange = ItemChange | LinkChange | WaitingChange
_AnyEntity = Item | Link | WaitingLink
_NOUNS: Mapping[Entity, str] = {
    "item": "item",
    "link": "link",
    "waiting": "waiting link",
}
_Rows = list[tuple[object, ...]]
_seen = msgspec.json.Decoder(dict[int, int])


@dataclass(frozen=True, slots=True)
class _Row:
    """What is stored of an entity that is about to change."""

    number: int
    revision: int
    seen: Mapping[int, int]


def write(connection: sqlite3.Connection, delta: Delta, commit: Commit) -> Revision | None:
    """Write a delta in the open transaction; the caller commits, or rolls back on any error."""
    if delta.is_empty:
        _touch(connection, delta.touches)
        return None
    claims = claims_of(delta)
    row = connection.execute(sql.LATEST_REVISION).fetchone() or (0, micros(commit.time))
    number, time = row[0] + 1, max(row[1], micros(commit.time))
    writer = _Writer(connection, number)
    writer.items(delta.items)
    writer.identifiers(claims)
    writer.links(delta.links)
    writer.waiting(delta.waiting)
    _touch(connection, delta.touches)
    return writer.revision(commit, from_micros(time), delta.shared)


class _Writer:
    """One revision in the making."""

    def __init__(self, connection: sqlite3.Connection, number: int) -> None:
        self._connection = connection
        self._number = number
        self._edits = 0
        self._last_item, self._last_link, self._last_waiting = connection.execute(
            sql.NEXT_NUMBERS
        ).fetchone()

    def items(self, changes: Sequence[ItemChange]) -> None:
        stored = self._stored("item", sql.STORED_ITEMS, changes)
        new: _Rows = []
        changed: _Rows = []
        new_words: _Rows = []
        changed_words: _Rows = []
        edits: _Rows = []
        for change in changes:
            after = numbered(change.after, change.before, self._number)
            body = encode(after)
            columns = (
                after.kind,
                after.name,
                sort_name(after.name),
                after.status.value,
                self._number,
                _tags(after.reports),
                body,
            )
            if change.before is None:
                self._last_item += 1
                new.append((self._last_item, after.id, *columns))
                new_words.append((self._last_item, stored_words(after)))
            else:
                place = stored[after.id].number
                changed.append((*columns, place))
                if not same_words(change.before, after):
                    changed_words.append((stored_words(after), place))
            edits.append(self._edit("item", after.id, change, body))
        run = self._connection.executemany
        self._insert(sql.INSERT_ITEM, new, "items")
        run(sql.UPDATE_ITEM, changed)
        run(sql.INSERT_WORDS, new_words)
        run(sql.UPDATE_WORDS, changed_words)
        run(sql.INSERT_EDIT, edits)

    def links(self, changes: Sequence[LinkChange]) -> None:
        stored = self._stored("link", sql.STORED_LINKS, changes)
        new: _Rows = []
        changed: _Rows = []
        gone: _Rows = []
        edits: _Rows = []
        for change in changes:
            if change.after is None:
                id_ = _before(change).id
                gone.append((stored[id_].number,))
                edits.append(self._edit("link", id_, change, None))
                continue
            after = numbered(change.after, change.before, self._number)
            body = encode(after)
            columns = (after.status, self._number, _tags(after.reports), body)
            if change.before is None:
                self._last_link += 1
                new.append(
                    (
                        self._last_link,
                        after.from_id,
                        after.relation,
                        after.to_id,
                        *columns,
                    )
                )
            else:
                changed.append((*columns, stored[after.id].number))
            edits.append(self._edit("link", after.id, change, body))
        self._connection.executemany(sql.DELETE_LINK, gone)
        self._insert(sql.INSERT_LINK, new, "links")
        self._connection.executemany(sql.UPDATE_LINK, changed)
        self._connection.executemany(sql.INSERT_EDIT, edits)

    def waiting(self, changes: Sequence[WaitingChange]) -> None:
        stored = self._stored("waiting", sql.STORED_WAITING, changes)
        new: _Rows = []
        changed: _Rows = []
        gone: _Rows = []
        edits: _Rows = []
        for change in changes:
            if change.after is None:
                id_ = _before(change).id
                gone.append((stored[id_].number,))
                edits.append(self._edit("waiting", id_, change, None))
                continue
            after = numbered(change.after, change.before, self._number)
            body = encode(after)
            keys = (after.report.from_key, after.report.to_key)
            columns = (*keys, self._number, _tags((after.report,)), body)
            if change.before is None:
                self._last_waiting += 1
                new.append((self._last_waiting, after.id, *columns))
            else:
                changed.append((*columns, stored[after.id].number))
            edits.append(self._edit("waiting", after.id, change, body))
        self._connection.executemany(sql.DELETE_WAITING, gone)
        self._insert(sql.INSERT_WAITING, new, "waiting links")
        self._connection.executemany(sql.UPDATE_WAITING, changed)
        self._connection.executemany(sql.INSERT_EDIT, edits)

    def identifiers(self, claims: Claims) -> None:
        run = self._connection.executemany
        run(sql.DROP_IDENTIFIER, claims.dropped)
        run(sql.FORMER_IDENTIFIER, claims.former)
        # Each row is inserted or taken over; one left alone has another owner.
        taken = run(sql.CLAIM_IDENTIFIER, claims.live).rowcount
        if claims.live and taken != len(claims.live):
            self._explain_conflict(claims)
        run(sql.SHARE_IDENTIFIER, [(key,) for key in claims.shared])

    def _explain_conflict(self, claims: Claims) -> None:
        wanted = dict(claims.live)
        rows = self._connection.execute(sql.OWNERS, (encode(list(wanted)),)).fetchall()
        shared = [key for key, _, state in rows if state == "shared"]
        if shared:
            raise shared_conflict(shared)
        for key, owner, _ in rows:
            if owner != wanted[key]:
                raise taken_conflict(key, wanted[key], owner)

    def revision(self, commit: Commit, time: datetime, shared: tuple[str, ...]) -> Revision:
        revision = Revision(
            number=self._number,
            time=time,
            actor=commit.actor,
            source=commit.source,
            reason=commit.reason,
            edits=self._edits,
            run=commit.run,
            shared=shared,
            address=commit.address,
        )
        self._connection.execute(
            sql.INSERT_REVISION, (self._number, micros(time), encode(revision))
        )
        return revision

    def _stored(
        self, entity: Entity, statement: str, changes: Sequence[_AnyChange]
    ) -> dict[str, _Row]:
        """The rows that the changes start from, found to be as the writer read them.

        Touches that the writer did not see are carried over to what it writes.
        """
        befores = {c.before.id: (c.before, c.after) for c in changes if c.before is not None}
        if not befores:
            return {}
        given = [link_ends(id_) if entity == "link" else id_ for id_ in befores]
        rows = {
            id_: _Row(number, revision, _seen.decode(seen))
            for id_, number, revision, seen in self._connection.execute(statement, (encode(given),))
        }
        stale = [
            id_
            for id_, (before, _) in befores.items()
            if id_ not in rows or rows[id_].revision != before.revision
        ]
        if stale:
            raise stale_conflict(_NOUNS[entity], stale)
        touched = [(rows[id_], *pair) for id_, pair in befores.items() if rows[id_].seen]
        self._carry(entity, touched)
        return rows

    def _carry(
        self,
        entity: Entity,
        touched: Sequence[tuple[_Row, _AnyEntity, _AnyEntity | None]],
    ) -> None:
        forgotten = [(row.number,) for row, _, _ in touched]
        kept = [
            (row.number, report, seen)
            for row, before, after in touched
            if after is not None
            for report, seen in carried_seen(before, after, row.seen).items()
        ]
        self._connection.executemany(sql.FORGET_SEEN[entity], forgotten)
        self._connection.executemany(sql.KEEP_SEEN[entity], kept)

    def _edit(
        self, entity: Entity, id_: str, change: _AnyChange, after: str | None
    ) -> tuple[object, ...]:
        number = edit_number(self._number, self._edits)
        self._edits += 1
        before = encode(change.before) if change.before is not None else None
        return number, entity, id_, change.action.value, change.reason, before, after

    def _insert(self, statement: str, rows: _Rows, noun: str) -> None:
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
                raise unknown_end() from error
            raise WriteConflict(f"One of the new {noun} is there already.") from error


def edit_number(revision: int, position: int = 0) -> int:
    """Where an edit stands in the log."""
    return (revision << 32) + position


def revision_of(number: int) -> int:
    """The revision of an edit by its place in the log."""
    return number >> 32


def _before(change: LinkChange | WaitingChange) -> Link | WaitingLink:
    if change.before is None:
        raise ValueError("a change needs a before or an after")
    return change.before


def _tags(reports: Sequence[ItemReport | LinkReport]) -> str:
    if len(reports) == 1 and not reports[0].retired:
        return _edged((tag(reports[0].source, reports[0].scope),))
    return _edged(tuple(tags(reports)))


@lru_cache(maxsize=4096)
def _edged(found: tuple[str, ...]) -> str:
    return TAG_EDGE + TAG_EDGE.join(found) + TAG_EDGE if found else ""


def _touch(connection: sqlite3.Connection, touches: Sequence[Touch]) -> None:
    rows: dict[Entity, _Rows] = {"item": [], "link": [], "waiting": []}
    for touch in touches:
        where: tuple[str, ...] | None = (touch.id,)
        if touch.entity == "link":
            where = link_ends(touch.id)
        if where is not None:
            rows[touch.entity].append((touch.report, micros(touch.seen), *where))
    for entity, found in rows.items():
        connection.executemany(sql.TOUCH[entity], found)
