"""The production store: a Neo4j server or cluster. The only module that knows the driver.

All reading and writing happens in managed transactions, which the driver repeats after transient
errors (a deadlock, a new leader). One bookmark manager serves all sessions, so that what was
written here is seen here, whichever member of a cluster answers.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
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
from cmdb.revisions import Commit, Delta, Revision, Run
from cmdb.store import cypher
from cmdb.store.neo4j_layout import run_row
from cmdb.store.neo4j_read import Reads
from cmdb.store.neo4j_schema import prepare
from cmdb.store.neo4j_write import Transaction, write

# What goes wrong is told by our own errors. Without a handler the driver's warnings would stand
# beside them, on the terminal of whoever asked.
logging.getLogger("neo4j").addHandler(logging.NullHandler())

_Result = TypeVar("_Result")
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


class Neo4jStore(Reads):
    """A :class:`~cmdb.store.port.Store` in a Neo4j database. Make one with :meth:`open`."""

    def __init__(self, driver: AsyncDriver, place: str, catalogue: Catalogue) -> None:
        super().__init__(place, cypher.Generated(catalogue))
        self._driver = driver
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
                await prepare(store._write, uri, catalogue, migrations)
        except BaseException:
            await driver.close()
            raise
        return store

    async def close(self) -> None:
        await self._driver.close()

    # --- transactions ------------------------------------------------------------------------

    def _session(self) -> AsyncSession:
        return self._driver.session(bookmark_manager=self._bookmarks, fetch_size=_FETCH)

    async def _write(self, work: Callable[[Transaction], Awaitable[_Result]]) -> _Result:
        async def job(transaction: AsyncManagedTransaction) -> _Result:
            return await work(_Transaction(transaction))

        with _translated(self._place):
            async with self._session() as session:
                return await session.execute_write(job)

    async def _in_transaction(self, work: Callable[[Transaction], Awaitable[_Result]]) -> _Result:
        async def job(transaction: AsyncManagedTransaction) -> _Result:
            return await work(_Transaction(transaction))

        with _translated(self._place):
            async with self._session() as session:
                return await session.execute_read(job)

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

    # --- writing -------------------------------------------------------------------------------

    async def apply(self, delta: Delta, commit: Commit) -> Revision | None:
        if delta.is_empty and not delta.touches:
            return None
        return await self._write(
            lambda transaction: write(transaction, self._statements, delta, commit)
        )

    async def save_run(self, run: Run) -> None:
        row = run_row(run)
        await self._write(lambda transaction: transaction.run(cypher.SAVE_RUN, {"row": row}))


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
