"""The floor under Neo4j: the statements that the product sent, sent again by the bare driver.

Only those that write, with the very same rows, in the same transactions, to an emptied database of
the same schema; nothing is read, reconciled or encoded.
"""

from __future__ import annotations

import fcntl
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from neo4j import AsyncGraphDatabase, AsyncManagedTransaction, NotificationMinimumSeverity

from cmdb.catalogue import builtin
from cmdb.store.neo4j import Neo4jStore
from cmdb.store.neo4j_write import Transaction
from tests.store.neo4j_server import wipe

_Result = TypeVar("_Result")
Sent = list[list[tuple[str, dict[str, Any]]]]
"""Transactions of statements with their parameters."""

_WRITES = re.compile(r"\b(CREATE|MERGE|SET|DELETE)\b")


@contextmanager
def turn(address: str) -> Iterator[None]:
    """The server for oneself: tests and benchmarks of one machine take turns."""
    name = sha256(address.encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"cmdb-test-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        wipe(address)


def credentials(address: str) -> tuple[str, str, str]:
    """Address without credentials, user and password."""
    parts = urlsplit(address)
    bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return bare, unquote(parts.username or ""), unquote(parts.password or "")


class Recording(Neo4jStore):
    """The store, keeping (by reference) what its writing transactions send."""

    sent: Sent

    @classmethod
    async def start(cls, address: str) -> Recording:
        """An empty store on the server, whose data is deleted first."""
        wipe(address)
        bare, user, password = credentials(address)
        store = await cls.open(bare, builtin(), user=user, password=password)
        assert isinstance(store, Recording)
        store.sent = []
        return store

    async def _write(self, work: Callable[[Transaction], Awaitable[_Result]]) -> _Result:
        recorded: list[tuple[str, dict[str, Any]]] = []

        async def job(transaction: Transaction) -> _Result:
            recorded.clear()
            return await work(_Recorder(transaction, recorded))

        result = await super()._write(job)
        if hasattr(self, "sent"):
            self.sent.append(recorded)
        return result


class _Recorder:
    def __init__(self, inner: Transaction, sent: list[tuple[str, dict[str, Any]]]) -> None:
        self._inner = inner
        self._sent = sent

    async def rows(self, statement: str, parameters: Mapping[str, Any]) -> list[list[Any]]:
        self._keep(statement, parameters)
        return await self._inner.rows(statement, parameters)

    async def run(self, statement: str, parameters: Mapping[str, Any]) -> None:
        self._keep(statement, parameters)
        await self._inner.run(statement, parameters)

    def _keep(self, statement: str, parameters: Mapping[str, Any]) -> None:
        if _WRITES.search(statement):
            self._sent.append((statement, dict(parameters)))


async def write(address: str, sent: Sequence[Sequence[tuple[str, dict[str, Any]]]]) -> float:
    """Seconds that the transactions take."""
    bare, user, password = credentials(address)

    async def job(
        transaction: AsyncManagedTransaction, batch: Sequence[tuple[str, dict[str, Any]]]
    ) -> None:
        for statement, parameters in batch:
            result = await transaction.run(
                statement,  # pyright: ignore[reportArgumentType]  # the store's own statements
                parameters,
            )
            await result.consume()

    async with AsyncGraphDatabase.driver(
        bare, auth=(user, password), notifications_min_severity=NotificationMinimumSeverity.OFF
    ) as driver:
        await driver.verify_connectivity()
        begin = perf_counter()
        for batch in sent:
            async with driver.session() as session:
                await session.execute_write(job, batch)
        return perf_counter() - begin
