"""The production store: a Neo4j server or cluster. The only module that knows the driver.

All reading and writing happens in managed transactions, which the driver repeats after transient
errors (a deadlock, a new leader). One bookmark manager serves all sessions, so that what was
written here is seen here, whichever member of a cluster answers.
"""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, LiteralString, TypeVar

from neo4j import (
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncManagedTransaction,
    AsyncSession,
    NotificationMinimumSeverity,
)
from neo4j import exceptions as driver_errors

from cmdb import __version__
from cmdb.catalogue import Catalogue
from cmdb.errors import StoreError, StoreUnavailable, WriteConflict
from cmdb.identity.owner import Owner
from cmdb.items import Item, Link, WaitingLink
from cmdb.revisions import Commit, Delta, Edit, Revision, Run
from cmdb.store import cypher, neo4j_query
from cmdb.store.codec import decode_run, tag
from cmdb.store.criteria import check_query, cursor_at, link_ends, search_words
from cmdb.store.neo4j_layout import (
    edit_of,
    item_of,
    link_of,
    native,
    revision_of,
    run_row,
    waiting_of,
)
from cmdb.store.neo4j_schema import prepare
from cmdb.store.neo4j_write import BATCH, edit_number, write
from cmdb.store.port import (
    Direction,
    ItemPage,
    ItemQuery,
    Reported,
    SearchPage,
    StoreInfo,
)
from cmdb.store.text import sort_name

_Result = TypeVar("_Result")
_NO_LIMIT = edit_number(2**31 - 1)
_FETCH = 1000
"""Rows the server sends ahead of who reads them."""
_CONNECT_SECONDS = 15


class _Transaction:
    """The driver's transaction, as the writer and the schema see it."""

    def __init__(self, transaction: AsyncManagedTransaction) -> None:
        self._transaction = transaction

    async def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
        result = await self._transaction.run(_checked(statement), dict(parameters))
        return await result.values()

    async def run(self, statement: str, parameters: Mapping[str, Any]) -> None:
        result = await self._transaction.run(_checked(statement), dict(parameters))
        await result.consume()


def _checked(statement: str) -> LiteralString:
    """Every statement comes from :mod:`cmdb.store.cypher`: constants, and declared names."""
    return statement  # pyright: ignore[reportReturnType]


class Neo4jStore:
    """A :class:`~cmdb.store.port.Store` in a Neo4j database. Make one with :meth:`open`."""

    def __init__(self, driver: AsyncDriver, place: str, catalogue: Catalogue) -> None:
        self._driver = driver
        self._place = place
        self._statements = cypher.Generated(catalogue)
        self._bookmarks = AsyncGraphDatabase.bookmark_manager()

    @classmethod
    async def open(
        cls,
        uri: str,
        catalogue: Catalogue,
        *,
        user: str,
        password: str,
        migrations: Sequence[cypher.Migration] = cypher.MIGRATIONS,
    ) -> Neo4jStore:
        """The store at an address without credentials in it, created or migrated.

        Raises StoreUnavailable where the server can't be reached or refuses the user, StoreTooNew
        where a newer version wrote the store, StoreDamaged where the database holds other data.
        """
        with _translated(uri):
            driver = AsyncGraphDatabase.driver(
                uri,
                auth=(user, password),
                user_agent=f"cmdb-graph/{__version__}",
                connection_timeout=_CONNECT_SECONDS,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
            )
        store = cls(driver, uri, catalogue)
        try:
            with _translated(uri):
                await driver.verify_connectivity()
                await prepare(store._write_with, uri, catalogue, migrations)
        except BaseException:
            await driver.close()
            raise
        return store

    async def close(self) -> None:
        await self._driver.close()

    # --- transactions ------------------------------------------------------------------------

    def _session(self) -> AsyncSession:
        return self._driver.session(bookmark_manager=self._bookmarks, fetch_size=_FETCH)

    async def _write_with(self, work: Callable[[_Transaction], Awaitable[_Result]]) -> _Result:
        async def job(transaction: AsyncManagedTransaction) -> _Result:
            return await work(_Transaction(transaction))

        with _translated(self._place):
            async with self._session() as session:
                return await session.execute_write(job)

    async def _read_with(self, work: Callable[[_Transaction], Awaitable[_Result]]) -> _Result:
        async def job(transaction: AsyncManagedTransaction) -> _Result:
            return await work(_Transaction(transaction))

        with _translated(self._place):
            async with self._session() as session:
                return await session.execute_read(job)

    async def _rows(self, statement: str, **parameters: object) -> list[list[Any]]:
        return await self._read_with(lambda transaction: transaction.rows(statement, parameters))

    async def _rows_of(self, statement: str, name: str, values: Iterable[str]) -> list[list[Any]]:
        """The rows for many values, each given once, in batches."""
        given = list(dict.fromkeys(values))
        found: list[list[Any]] = []
        for start in range(0, len(given), 2 * BATCH):
            found += await self._rows(statement, **{name: given[start : start + 2 * BATCH]})
        return found

    @asynccontextmanager
    async def _streamed(
        self, statement: str, **parameters: object
    ) -> AsyncIterator[AsyncIterator[list[Any]]]:
        """Rows as the server sends them: neither side ever holds all of them."""
        with _translated(self._place):
            async with (
                self._session() as session,
                await session.begin_transaction() as transaction,
            ):
                result = await transaction.run(_checked(statement), parameters)
                yield (record.values() async for record in result)

    # --- reading -----------------------------------------------------------------------------

    async def info(self) -> StoreInfo:
        async def work(transaction: _Transaction) -> StoreInfo:
            rows = transaction.rows
            [[version, revision, time]] = await rows(cypher.READ_STORE, {"key": cypher.STORE})
            return StoreInfo(
                place=self._place,
                engine=(await rows(cypher.ENGINE, {}))[0][0],
                schema_version=version,
                revision=revision,
                revision_time=native(time) if time is not None else None,
                items=dict(map(tuple, await rows(cypher.COUNT_ITEMS, {}))),
                links=dict(map(tuple, await rows(cypher.COUNT_LINKS, {}))),
                waiting=(await rows(cypher.COUNT_WAITING, {}))[0][0],
            )

        return await self._read_with(work)

    async def owners(self, keys: Iterable[str]) -> Mapping[str, Owner]:
        rows = await self._rows_of(cypher.OWNERS, "keys", keys)
        return {key: Owner(item_id, state) for key, item_id, state in rows}

    async def items(self, ids: Iterable[str]) -> Mapping[str, Item]:
        rows = await self._rows_of(cypher.ITEMS_BY_ID, "ids", ids)
        return {node["id"]: item_of(node, reports) for node, reports in rows}

    async def links(
        self,
        item_ids: Iterable[str],
        direction: Direction = "both",
        relations: Sequence[str] | None = None,
        *,
        include_retired: bool = False,
    ) -> Sequence[Link]:
        given = list(dict.fromkeys(item_ids))
        wanted = None if relations is None else list(relations)
        found: dict[str, Link] = {}
        for side in ("out", "in") if direction == "both" else (direction,):
            for start in range(0, len(given), BATCH):
                rows = await self._rows(
                    cypher.LINKS[side],
                    ids=given[start : start + BATCH],
                    relations=wanted,
                    retired=include_retired,
                )
                found.update((link.id, link) for link in (link_of(*row) for row in rows))
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
            for start in range(0, len(pairs), BATCH):
                rows = await self._rows(statement, rows=pairs[start : start + BATCH])
                found.update((link.id, link) for link in (link_of(*row) for row in rows))
        return found

    async def waiting(
        self, keys: Iterable[str] | None = None, *, limit: int | None = None
    ) -> Sequence[WaitingLink]:
        statement = cypher.WAITING_ALL if keys is None else cypher.WAITING_BY_KEY
        if limit is not None:
            statement += cypher.LIMIT
        given = [] if keys is None else list(dict.fromkeys(keys))
        rows = await self._rows(statement, keys=given, limit=limit)
        return [waiting_of(*row[1:]) for row in rows]

    async def query(self, query: ItemQuery) -> ItemPage:
        check_query(query)
        page = neo4j_query.page(query)
        count = neo4j_query.count(query)

        async def work(transaction: _Transaction) -> tuple[int, list[list[Any]]]:
            return (await transaction.rows(*count))[0][0], await transaction.rows(*page)

        total, rows = await self._read_with(work)
        items = tuple(item_of(node, reports) for node, reports, _ in rows[: query.limit])
        cursors = tuple(
            cursor_at(query.sort, neo4j_query.cursor_value(query.sort, row[2]), row[0]["id"])
            for row in rows[: query.limit]
        )
        return ItemPage(items, cursors, total, has_next=len(rows) > query.limit)

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

        async def work(transaction: _Transaction) -> tuple[int, list[list[Any]]]:
            total = (await transaction.rows(count, parameters))[0][0]
            return total, await transaction.rows(hits, parameters)

        total, rows = await self._read_with(work)
        return SearchPage(tuple(item_of(*row) for row in rows), total)

    # --- the log -----------------------------------------------------------------------------

    async def revisions(
        self, after: int = 0, limit: int = 100, *, newest_first: bool = False
    ) -> Sequence[Revision]:
        statement = cypher.REVISIONS_NEWEST if newest_first else cypher.REVISIONS
        return [revision_of(row) for row in await self._rows(statement, after=after, limit=limit)]

    async def revision_at(self, time: datetime) -> int:
        [[number]] = await self._rows(cypher.REVISION_AT, time=time.astimezone(UTC))
        return int(number)

    async def edits(self, after: int, upto: int | None = None) -> AsyncIterator[Edit]:
        end = _NO_LIMIT if upto is None else edit_number(upto + 1) - 1
        start = edit_number(after + 1) - 1
        async with self._streamed(cypher.EDITS, after=start, upto=end) as rows:
            async for row in rows:
                yield edit_of(row)

    async def history(
        self, entity_id: str, limit: int = 100, before: int | None = None
    ) -> Sequence[tuple[Revision, Edit]]:
        end = _NO_LIMIT if before is None else edit_number(before)
        rows = await self._rows(cypher.HISTORY, id=entity_id, before=end, limit=limit)
        return [(revision_of(row[7:]), edit_of(row[:7])) for row in rows]

    async def stream(self) -> AsyncIterator[Item | Link | WaitingLink]:
        async with self._streamed(cypher.STREAM_ITEMS) as rows:
            async for node, reports in rows:
                yield item_of(node, reports)
        async with self._streamed(cypher.STREAM_LINKS) as rows:
            async for row in rows:
                yield link_of(*row)
        async with self._streamed(cypher.STREAM_WAITING) as rows:
            async for _, body, last_seen in rows:
                yield waiting_of(body, last_seen)

    # --- what runs need ------------------------------------------------------------------------

    async def shared_identifiers(self) -> Sequence[str]:
        return sorted(key for (key,) in await self._rows(cypher.SHARED))

    async def reported(self, source: str, scope: str) -> Reported:
        async def work(transaction: _Transaction) -> dict[str, frozenset[str]]:
            given = {"source": source, "scope": scope, "tag": tag(source, scope)}
            return {
                entity: frozenset(id_ for (id_,) in await transaction.rows(statement, given))
                for entity, statement in cypher.REPORTED.items()
            }

        found = await self._read_with(work)
        return Reported(found["item"], found["link"], found["waiting"])

    async def runs(self, limit: int = 50, source: str | None = None) -> Sequence[Run]:
        rows = await self._rows(cypher.RUNS, source=source, limit=limit)
        return [decode_run(body) for (body,) in rows]

    # --- writing -------------------------------------------------------------------------------

    async def apply(self, delta: Delta, commit: Commit) -> Revision | None:
        if delta.is_empty and not delta.touches:
            return None
        return await self._write_with(
            lambda transaction: write(transaction, self._statements, delta, commit)
        )

    async def save_run(self, run: Run) -> None:
        row = run_row(run)
        await self._write_with(lambda transaction: transaction.run(cypher.SAVE_RUN, {"row": row}))


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """Turns the driver's errors into ours. The address has no credentials in it."""
    try:
        yield
    except driver_errors.AuthError as error:
        raise StoreUnavailable(
            f"Neo4j at {place} refuses the user or the password. "
            "Set CMDB_NEO4J_USER and CMDB_NEO4J_PASSWORD, or put both into the address."
        ) from error
    except driver_errors.ConstraintError as error:
        raise WriteConflict(
            "Something new in this write is there already: another writer was first."
        ) from error
    except driver_errors.IncompleteCommit as error:
        raise StoreUnavailable(
            f"The connection to Neo4j at {place} broke while a write was being committed: "
            "look at the latest revision before writing it again."
        ) from error
    except driver_errors.ConfigurationError as error:
        raise StoreUnavailable(f"Neo4j at {place} can't be used: {error}.") from error
    except (driver_errors.TransientError, driver_errors.DriverError, OSError) as error:
        raise StoreUnavailable(
            f"Neo4j at {place} can't be reached ({_first_line(error)}). "
            "Check that the server runs and that the address and port are right."
        ) from error
    except driver_errors.Neo4jError as error:
        raise StoreError(f"Neo4j at {place} failed: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
