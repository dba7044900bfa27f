"""The embedded store: one SQLite file, no server.

Readers see the last committed revision while a writer is at work (WAL), and the event loop waits
for neither: see :mod:`cmdb.store.sqlite_threads`.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from cmdb.identity.owner import Owner
from cmdb.items import Item, Link, WaitingLink
from cmdb.revisions import Commit, Delta, Edit, Revision, Run
from cmdb.store import sql
from cmdb.store.codec import (
    Entity,
    ReadRow,
    decode_edit,
    decode_item,
    decode_link,
    decode_revision,
    decode_run,
    decode_waiting,
    encode,
    from_micros,
    micros,
    tag,
)
from cmdb.store.criteria import check_query, cursor, is_of_own_length, link_ends, search_words
from cmdb.store.port import (
    Direction,
    ItemPage,
    ItemQuery,
    Reported,
    SearchPage,
    StoreInfo,
)
from cmdb.store.sqlite_files import MEMORY, prepare
from cmdb.store.sqlite_query import Part, after, conjunction, order, scope, wanted
from cmdb.store.sqlite_threads import Threads
from cmdb.store.sqlite_write import TAG_EDGE, edit_number, revision_of, write
from cmdb.store.text import sort_name

_Row = tuple[int, str, str | None]

PAGE = 1000
"""Rows fetched at once where everything is streamed."""
_ALL = -1
_NO_LIMIT = edit_number(2**31 - 1)

_seen = msgspec.json.Decoder(dict[int, int])


class SqliteStore:
    """A :class:`~cmdb.store.port.Store` in one file. Make one with :meth:`open`."""

    def __init__(self, place: str, threads: Threads) -> None:
        self._place = place
        self._threads = threads

    @classmethod
    async def open(
        cls,
        path: str | os.PathLike[str],
        migrations: Sequence[sql.Migration] = sql.MIGRATIONS,
    ) -> SqliteStore:
        """The store in the file at ``path``, created or migrated; ``:memory:`` for one in memory.

        Raises StoreTooNew where a newer version wrote it, StoreDamaged where the file is no store,
        and StoreUnavailable where it can't be read or written, each with a sentence.
        """
        name = os.fspath(path)
        place = f"sqlite://{name}" if name == MEMORY else f"sqlite:///{name}"
        writer = await asyncio.to_thread(prepare, name, place, migrations)
        return cls(place, Threads(name, place, writer))

    async def close(self) -> None:
        await self._threads.close()

    # --- reading ---------------------------------------------------------------------------

    async def info(self) -> StoreInfo:
        def work(connection: sqlite3.Connection) -> StoreInfo:
            run = connection.execute
            latest = run(sql.LATEST_REVISION).fetchone()
            return StoreInfo(
                place=self._place,
                engine=f"SQLite {sqlite3.sqlite_version}",
                schema_version=run(sql.READ_VERSION).fetchone()[0],
                revision=latest[0] if latest else 0,
                revision_time=from_micros(latest[1]) if latest else None,
                items=dict(run(sql.COUNT_ITEMS)),
                links=dict(run(sql.COUNT_LINKS)),
                waiting=run(sql.COUNT_WAITING).fetchone()[0],
            )

        return await self._threads.read(work)

    async def owners(self, keys: Iterable[str]) -> Mapping[str, Owner]:
        given = encode(list(keys))

        def work(connection: sqlite3.Connection) -> dict[str, Owner]:
            rows = connection.execute(sql.OWNERS, (given,))
            return {key: Owner(item_id, state) for key, item_id, state in rows}

        return await self._threads.read(work)

    async def items(self, ids: Iterable[str]) -> Mapping[str, Item]:
        given = encode(list(ids))

        def work(connection: sqlite3.Connection) -> dict[str, Item]:
            found = (_item(row) for row in connection.execute(sql.ITEMS_BY_ID, (given,)))
            return {item.id: item for item in found}

        return await self._threads.read(work)

    async def links(
        self,
        item_ids: Iterable[str],
        direction: Direction = "both",
        relations: Sequence[str] | None = None,
        *,
        include_retired: bool = False,
    ) -> Sequence[Link]:
        given = encode(list(item_ids))
        ends = {"out": [sql.LINKS_FROM], "in": [sql.LINKS_TO]}.get(
            direction, [sql.LINKS_FROM, sql.LINKS_TO]
        )
        filters: list[Part] = []
        if relations is not None:
            filters.append(Part(sql.AND_RELATION, [encode(list(relations))]))
        if not include_retired:
            filters.append(Part(sql.AND_LINK_CURRENT))
        also = conjunction(filters)

        def work(connection: sqlite3.Connection) -> list[Link]:
            rows: dict[int, _Row] = {}
            for end in ends:
                found = connection.execute(f"{end} AND {also.text}", [given, *also.parameters])
                rows.update((row[0], row) for row in found)
            return sorted((_link(row) for row in rows.values()), key=lambda link: link.id)

        return await self._threads.read(work)

    async def links_by_id(self, ids: Iterable[str]) -> Mapping[str, Link]:
        spelled = list(ids)
        if all(map(is_of_own_length, spelled)):
            statement, given = sql.LINKS_BY_SPELLING, encode(spelled)
        else:
            statement = sql.LINKS_BY_ENDS
            given = encode([ends for ends in map(link_ends, spelled) if ends is not None])

        def work(connection: sqlite3.Connection) -> dict[str, Link]:
            found = (_link(row) for row in connection.execute(statement, (given,)))
            return {link.id: link for link in found}

        return await self._threads.read(work)

    async def waiting(
        self, keys: Iterable[str] | None = None, *, limit: int | None = None
    ) -> Sequence[WaitingLink]:
        most = _ALL if limit is None else limit
        given = None if keys is None else encode(list(keys))

        def work(connection: sqlite3.Connection) -> list[WaitingLink]:
            if given is None:
                rows = connection.execute(sql.WAITING_ALL, (most,))
            else:
                rows = connection.execute(sql.WAITING_BY_KEY, (given, given, most))
            return [_waiting(row) for row in rows]

        return await self._threads.read(work)

    async def query(self, query: ItemQuery) -> ItemPage:
        check_query(query)
        matches = wanted(query)
        page = conjunction([matches, *after(query.after, query.sort)])
        ordered = order(query.sort, query.limit + 1)

        def work(connection: sqlite3.Connection) -> ItemPage:
            (total,) = connection.execute(
                f"{sql.COUNT} {matches.text}", matches.parameters
            ).fetchone()
            rows = connection.execute(
                f"{sql.PAGE} {page.text} {ordered.text}",
                [*page.parameters, *ordered.parameters],
            ).fetchall()
            items = tuple(_item(row) for row in rows[: query.limit])
            cursors = tuple(cursor(item, query.sort) for item in items)
            return ItemPage(items, cursors, total, has_next=len(rows) > query.limit)

        return await self._threads.read(work)

    async def search(
        self,
        text: str,
        kinds: Sequence[str] | None = None,
        limit: int = 20,
        offset: int = 0,
        *,
        include_retired: bool = False,
    ) -> SearchPage:
        words = search_words(text)
        if not words:
            return SearchPage((), 0)
        filters = scope(kinds)
        if not include_retired:
            filters.append(Part(sql.NOT_RETIRED))
        also = conjunction(filters)
        match = " AND ".join(f'"{word}"*' for word in words)
        name = sort_name(text.strip())

        def work(connection: sqlite3.Connection) -> SearchPage:
            given = [match, *also.parameters]
            (total,) = connection.execute(f"{sql.SEARCH_COUNT} AND {also.text}", given).fetchone()
            rows = connection.execute(
                f"{sql.SEARCH} AND {also.text} {sql.SEARCH_ORDER}",
                [*given, name, name, name, limit, offset],
            )
            return SearchPage(tuple(_item(row) for row in rows), total)

        return await self._threads.read(work)

    # --- the log ---------------------------------------------------------------------------

    async def revisions(
        self, after: int = 0, limit: int = 100, *, newest_first: bool = False
    ) -> Sequence[Revision]:
        statement = sql.REVISIONS_NEWEST if newest_first else sql.REVISIONS

        def work(connection: sqlite3.Connection) -> list[Revision]:
            rows = connection.execute(statement, (after, limit))
            return [decode_revision(body) for (body,) in rows]

        return await self._threads.read(work)

    async def revision_at(self, time: datetime) -> int:
        def work(connection: sqlite3.Connection) -> int:
            (number,) = connection.execute(sql.REVISION_AT, (micros(time),)).fetchone()
            return int(number)

        return await self._threads.read(work)

    async def edits(self, after: int, upto: int | None = None) -> AsyncIterator[Edit]:
        last = edit_number(after + 1) - 1
        end = _NO_LIMIT if upto is None else edit_number(upto + 1) - 1
        while True:

            def work(connection: sqlite3.Connection, last: int = last) -> list[tuple[int, Edit]]:
                rows = connection.execute(sql.EDITS, (last, end, PAGE))
                return [(row[0], _edit(*row)) for row in rows]

            page = await self._threads.read(work)
            for _, edit in page:
                yield edit
            if len(page) < PAGE:
                return
            last = page[-1][0]

    async def history(
        self, entity_id: str, limit: int = 100, before: int | None = None
    ) -> Sequence[tuple[Revision, Edit]]:
        end = _NO_LIMIT if before is None else edit_number(before)

        def work(connection: sqlite3.Connection) -> list[tuple[Revision, Edit]]:
            rows = connection.execute(sql.HISTORY, (entity_id, end, limit))
            return [(decode_revision(body), _edit(*row)) for *row, body in rows]

        return await self._threads.read(work)

    async def stream(self) -> AsyncIterator[Item | Link | WaitingLink]:
        for entity, decode in _STREAMED:
            last = 0
            while True:

                def work(
                    connection: sqlite3.Connection,
                    statement: str = sql.STREAM[entity],
                    decode: Callable[[_Row], Item | Link | WaitingLink] = decode,
                    last: int = last,
                ) -> tuple[int, list[Item | Link | WaitingLink]]:
                    rows = connection.execute(statement, (last, PAGE)).fetchall()
                    return rows[-1][0] if rows else last, [decode(row) for row in rows]

                last, page = await self._threads.read(work)
                for entry in page:
                    yield entry
                if len(page) < PAGE:
                    break

    async def scan(self, entity: Literal["item", "link"], read: ReadRow) -> int:
        last, count = 0, 0
        while True:

            def work(connection: sqlite3.Connection, last: int = last) -> tuple[int, int]:
                rows = connection.execute(sql.STREAM[entity], (last, PAGE)).fetchall()
                for row in rows:
                    read(row[1], _seen_of(row))
                return rows[-1][0] if rows else last, len(rows)

            last, found = await self._threads.read(work)
            count += found
            if found < PAGE:
                return count

    # --- what runs need ----------------------------------------------------------------------

    async def shared_identifiers(self) -> Sequence[str]:
        def work(connection: sqlite3.Connection) -> list[str]:
            return [key for (key,) in connection.execute(sql.SHARED)]

        return await self._threads.read(work)

    async def reported(self, source: str, scope: str) -> Reported:
        wanted_tag = f"{TAG_EDGE}{tag(source, scope)}{TAG_EDGE}"

        def work(connection: sqlite3.Connection) -> Reported:
            found = {
                entity: frozenset(id_ for (id_,) in connection.execute(statement, (wanted_tag,)))
                for entity, statement in sql.REPORTED.items()
            }
            return Reported(found["item"], found["link"], found["waiting"])

        return await self._threads.read(work)

    async def runs(self, limit: int = 50, source: str | None = None) -> Sequence[Run]:
        def work(connection: sqlite3.Connection) -> list[Run]:
            return [decode_run(body) for (body,) in connection.execute(sql.RUNS, (source, limit))]

        return await self._threads.read(work)

    # --- writing -----------------------------------------------------------------------------

    async def apply(self, delta: Delta, commit: Commit) -> Revision | None:
        if delta.is_empty and not delta.touches:
            return None
        return await self._threads.write(lambda connection: write(connection, delta, commit))

    async def save_run(self, run: Run) -> None:
        row = (run.id, run.source, micros(run.started), encode(run))
        await self._threads.write(lambda connection: connection.execute(sql.SAVE_RUN, row))


def _seen_of(row: _Row) -> dict[int, int] | None:
    return _seen.decode(row[2]) if row[2] is not None and row[2] != "{}" else None


def _item(row: _Row) -> Item:
    return decode_item(row[1], _seen_of(row))


def _link(row: _Row) -> Link:
    return decode_link(row[1], _seen_of(row))


def _waiting(row: _Row) -> WaitingLink:
    return decode_waiting(row[1], _seen_of(row))


_STREAMED: tuple[tuple[Entity, Callable[[_Row], Item | Link | WaitingLink]], ...] = (
    ("item", _item),
    ("link", _link),
    ("waiting", _waiting),
)


def _edit(
    number: int,
    entity: Entity,
    id_: str,
    action: str,
    reason: str,
    before: str | None,
    after: str | None,
) -> Edit:
    return decode_edit(revision_of(number), entity, id_, action, reason, before, after)
