"""Reading from Neo4j, whatever way rows are fetched.

Neo4j gives readers what is committed, and applies a commit bit by bit while they read. So that
nobody sees half of anything, each row says whether it is whole, and one that is not is read again;
and a revision is only told of once all of it is in place. A page of items is not a snapshot: two
items of it may be from before and after a commit (:mod:`cmdb.revisions.views` has what is one).
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from cmdb.errors import StoreDamaged
from cmdb.identity.owner import Owner
from cmdb.items import Item, Link, WaitingLink
from cmdb.items.link import link_id
from cmdb.revisions import Edit, Revision, Run
from cmdb.store import cypher, neo4j_query
from cmdb.store.codec import ReadRow, encode, tag
from cmdb.store.criteria import check_query, cursor_at, link_ends, search_words
from cmdb.store.neo4j_layout import (
    Torn,
    edit_of,
    item_of,
    link_of,
    owner_of,
    read_whole,
    revision_of,
    run_of,
    waiting_of,
)
from cmdb.store.neo4j_write import BATCH, Transaction, edit_number
from cmdb.store.port import Direction, ItemPage, ItemQuery, Reported, SearchPage, StoreInfo
from cmdb.store.text import sort_name

_Result = TypeVar("_Result")
_Entity = Item | Link | WaitingLink

_ATTEMPTS = 120
_LONGEST_PAUSE = 0.5
"""Seconds between two attempts to read what a commit is being applied to."""


class Reads(ABC):
    """The reading half of the store."""

    def __init__(self, place: str, statements: cypher.Generated) -> None:
        self._place = place
        self._statements = statements
        self._whole_revision = 0

    @abstractmethod
    async def _in_transaction(self, work: Callable[[Transaction], Awaitable[_Result]]) -> _Result:
        """What ``work`` returns, in a managed reading transaction."""

    @abstractmethod
    def _streamed(
        self, statement: str, **parameters: object
    ) -> AbstractAsyncContextManager[AsyncIterator[list[Any]]]:
        """Rows as the server sends them."""

    async def _read(self, work: Callable[[Transaction], Awaitable[_Result]]) -> _Result:
        """What ``work`` returns once no row of it is torn."""
        pause = 0.001
        for _ in range(_ATTEMPTS):
            try:
                return await self._in_transaction(work)
            except Torn:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        raise StoreDamaged(
            f"What is stored at {self._place} can't be read: something else has changed it."
        )

    async def _made(
        self, make: Callable[..., _Result], statement: str, **parameters: object
    ) -> list[_Result]:
        """``make`` of every row."""

        async def work(transaction: Transaction) -> list[_Result]:
            return [make(*row) for row in await transaction.rows(statement, parameters)]

        return await self._read(work)

    async def _made_of(
        self, make: Callable[..., _Result], statement: str, values: Iterable[Any]
    ) -> list[_Result]:
        """``make`` of the rows for many values, in batches. The statement gives them in packs."""
        given = list(values)
        found: list[_Result] = []

        def made(pack: list[list[Any]]) -> list[_Result]:
            return [make(*row) for row in pack]

        for start in range(0, len(given), 2 * BATCH):
            batch = given[start : start + 2 * BATCH]
            for pack in await self._made(made, statement, rows=batch):
                found += pack
        return found

    # --- items, links, waiting links -----------------------------------------------------------

    async def owners(self, keys: Iterable[str]) -> Mapping[str, Owner]:
        def make(key: str, *owner: Any) -> tuple[str, Owner]:
            return key, owner_of(*owner)

        return dict(await self._made_of(make, cypher.OWNERS, dict.fromkeys(keys)))

    async def items(self, ids: Iterable[str]) -> Mapping[str, Item]:
        found = await self._made_of(item_of, cypher.ITEMS_BY_ID, dict.fromkeys(ids))
        return {item.id: item for item in found}

    async def links(
        self,
        item_ids: Iterable[str],
        direction: Direction = "both",
        relations: Sequence[str] | None = None,
        *,
        include_retired: bool = False,
    ) -> Sequence[Link]:
        given = list(dict.fromkeys(item_ids))
        options = {
            "relations": None if relations is None else list(relations),
            "retired": include_retired,
        }
        found: dict[str, Link] = {}
        for side in ("out", "in") if direction == "both" else (direction,):
            for start in range(0, len(given), BATCH):
                batch = given[start : start + BATCH]
                links = await self._made(link_of, cypher.LINKS[side], ids=batch, **options)
                found.update((link.id, link) for link in links)
        return [found[id_] for id_ in sorted(found)]

    async def links_by_id(self, ids: Iterable[str]) -> Mapping[str, Link]:
        by_relation: dict[str, list[list[str]]] = {}
        for id_ in dict.fromkeys(ids):
            ends = link_ends(id_)
            if ends is not None and ends[0]:
                by_relation.setdefault(ends[0], []).append([*ends[1:]])
        found: dict[str, Link] = {}
        for relation, pairs in by_relation.items():
            statement = self._statements.links_by_ends(relation)
            links = await self._made_of(link_of, statement, pairs)
            found.update((link.id, link) for link in links)
        return found

    async def waiting(
        self, keys: Iterable[str] | None = None, *, limit: int | None = None
    ) -> Sequence[WaitingLink]:
        statement = cypher.WAITING_ALL if keys is None else cypher.WAITING_BY_KEY
        if limit is not None:
            statement += cypher.LIMIT
        given = [] if keys is None else list(dict.fromkeys(keys))
        return await self._made(waiting_of, statement, keys=given, limit=limit)

    async def query(self, query: ItemQuery) -> ItemPage:
        check_query(query)
        page, count = neo4j_query.page(query), neo4j_query.count(query)

        async def work(transaction: Transaction) -> ItemPage:
            [[total]] = await transaction.rows(*count)
            rows = await transaction.rows(*page)
            shown = [(item_of(*row[:2]), row[2]) for row in rows[: query.limit]]
            cursors = tuple(
                cursor_at(query.sort, neo4j_query.cursor_value(query.sort, value), item.id)
                for item, value in shown
            )
            items = tuple(item for item, _ in shown)
            return ItemPage(items, cursors, total, has_next=len(rows) > query.limit)

        return await self._read(work)

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
        count, hits, parameters = neo4j_query.search(
            words, sort_name(text.strip()), kinds, (limit, offset), include_retired
        )

        async def work(transaction: Transaction) -> SearchPage:
            [[total]] = await transaction.rows(count, parameters)
            rows = await transaction.rows(hits, parameters)
            return SearchPage(tuple(item_of(*row) for row in rows), total)

        return await self._read(work)

    async def stream(self) -> AsyncIterator[Item | Link | WaitingLink]:
        torn: list[str] = []
        async for item in self._entities(cypher.STREAM_ITEMS, item_of, _first, torn):
            yield item
        for found in (await self.items(torn)).values():
            yield found
        torn = []
        async for link in self._entities(cypher.STREAM_LINKS, link_of, _link_key, torn):
            yield link
        for again in (await self.links_by_id(torn)).values():
            yield again
        torn = []
        async for waits in self._entities(cypher.STREAM_WAITING, waiting_of, _first, torn):
            yield waits
        for once_more in await self._made_of(waiting_of, cypher.WAITING_BY_ID, torn):
            yield once_more

    async def _entities(
        self,
        statement: str,
        make: Callable[..., _Result],
        key: Callable[[list[Any]], str | None],
        torn: list[str],
    ) -> AsyncIterator[_Result]:
        """Every entity of a kind that is whole; the ids of the others go to ``torn``."""
        async with self._streamed(statement) as rows:
            async for row in rows:
                try:
                    entity = make(*row[-2:])
                except Torn:
                    id_ = key(row)
                    if id_ is not None:  # else it is only being created: a later revision's
                        torn.append(id_)
                else:
                    yield entity

    async def scan(self, entity: Literal["item", "link"], read: ReadRow) -> int:
        def made(body: str | None, seen: Sequence[int] | None) -> bool:
            return read_whole(read, body, seen)

        torn: list[str] = []
        if entity == "item":
            rows = self._entities(cypher.STREAM_ITEMS, made, _first, torn)
        else:
            rows = self._entities(cypher.STREAM_LINKS, made, _link_key, torn)
        count = 0
        async for _ in rows:
            count += 1
        again: Iterable[Item | Link]
        if entity == "item":
            again = (await self.items(torn)).values()
        else:
            again = (await self.links_by_id(torn)).values()
        for found in again:
            read(encode(found), None)
            count += 1
        return count

    # --- the log -------------------------------------------------------------------------------

    async def _latest(self, transaction: Transaction) -> int:
        """The latest revision that is wholly in place."""
        [[_, number, _]] = await transaction.rows(cypher.READ_STORE, {"key": cypher.STORE})
        if number is None:
            raise Torn
        if number > self._whole_revision:
            parameters = {
                "number": number,
                "first": edit_number(number),
                "last": edit_number(number + 1) - 1,
            }
            counts = await transaction.rows(cypher.COUNT_EDITS, parameters)
            if not counts or counts[0][0] != counts[0][1]:
                # The one before it was in place before this one was begun.
                return int(number) - 1
            self._whole_revision = number
        return int(number)

    async def info(self) -> StoreInfo:
        async def work(transaction: Transaction) -> StoreInfo:
            rows = transaction.rows
            latest = await self._latest(transaction)
            [[version, *_]] = await rows(cypher.READ_STORE, {"key": cypher.STORE})
            newest = await rows(cypher.ONE_REVISION, {"number": latest})
            return StoreInfo(
                place=self._place,
                engine=(await rows(cypher.ENGINE, {}))[0][0],
                schema_version=version,
                revision=latest,
                revision_time=revision_of(newest[0]).time if newest else None,
                items=dict(map(tuple, await rows(cypher.COUNT_ITEMS, {}))),
                links=dict(map(tuple, await rows(cypher.COUNT_LINKS, {}))),
                waiting=(await rows(cypher.COUNT_WAITING, {}))[0][0],
            )

        return await self._read(work)

    async def revisions(
        self, after: int = 0, limit: int = 100, *, newest_first: bool = False
    ) -> Sequence[Revision]:
        statement = cypher.REVISIONS_NEWEST if newest_first else cypher.REVISIONS

        async def work(transaction: Transaction) -> list[Revision]:
            given = {"after": after, "limit": limit, "latest": await self._latest(transaction)}
            return [revision_of(row) for row in await transaction.rows(statement, given)]

        return await self._read(work)

    async def revision_at(self, time: datetime) -> int:
        async def work(transaction: Transaction) -> int:
            given = {"time": time.astimezone(UTC), "latest": await self._latest(transaction)}
            [[number]] = await transaction.rows(cypher.REVISION_AT, given)
            return int(number)

        return await self._read(work)

    async def edits(self, after: int, upto: int | None = None) -> AsyncIterator[Edit]:
        latest = await self._read(self._latest)
        last = latest if upto is None else min(upto, latest)
        given = {"after": edit_number(after + 1) - 1, "upto": edit_number(last + 1) - 1}
        async with self._streamed(cypher.EDITS, **given) as rows:
            async for row in rows:
                yield edit_of(row)

    async def history(
        self, entity_id: str, limit: int = 100, before: int | None = None
    ) -> Sequence[tuple[Revision, Edit]]:
        async def work(transaction: Transaction) -> list[tuple[Revision, Edit]]:
            latest = await self._latest(transaction)
            end = edit_number(latest + 1 if before is None else min(before, latest + 1))
            given = {"id": entity_id, "before": end, "limit": limit}
            rows = await transaction.rows(cypher.HISTORY, given)
            return [(revision_of(row[7:]), edit_of(row[:7])) for row in rows]

        return await self._read(work)

    # --- what runs need ------------------------------------------------------------------------

    async def shared_identifiers(self) -> Sequence[str]:
        return sorted(await self._made(str, cypher.SHARED))

    async def reported(self, source: str, scope: str) -> Reported:
        given = {"source": source, "scope": scope, "tag": tag(source, scope)}
        found = {
            entity: frozenset(await self._made(str, statement, **given))
            for entity, statement in cypher.REPORTED.items()
        }
        return Reported(found["item"], found["link"], found["waiting"])

    async def runs(self, limit: int = 50, source: str | None = None) -> Sequence[Run]:
        return await self._made(run_of, cypher.RUNS, source=source, limit=limit)


def _link_key(row: list[Any]) -> str:
    return link_id(*row[:3])


def _first(row: list[Any]) -> str | None:
    found: str | None = row[0]
    return found
