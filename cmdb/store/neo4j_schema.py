"""Bringing a Neo4j database up to date: the store's node, its migrations, constraints, indexes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from cmdb.catalogue import Catalogue
from cmdb.errors import StoreDamaged, StoreTooNew
from cmdb.store import cypher
from cmdb.store.neo4j_write import Transaction


class Writing(Protocol):
    """Runs work in a managed writing transaction."""

    async def __call__(self, work: Callable[[Transaction], Awaitable[object]], /) -> object:
        """What the work returns."""
        ...


async def prepare(
    writing: Writing, place: str, catalogue: Catalogue, migrations: Sequence[cypher.Migration]
) -> None:
    """Create or migrate the store, and add what the catalogue asks for and is not there yet.

    Safe to be cut off anywhere and run again, and to be run by several processes at once. Raises
    StoreTooNew where a newer version wrote the store, StoreDamaged where the database holds data
    that is not ours.
    """
    version = -1

    async def read_version(transaction: Transaction) -> None:
        nonlocal version
        version = await _version(transaction, place)

    await writing(read_version)
    if version > len(migrations):
        raise StoreTooNew(place, version, len(migrations))
    await _add_schema(writing, catalogue)
    await writing(lambda transaction: transaction.run(cypher.CREATE_STORE, _KEY))
    for number, migration in enumerate(migrations[max(version, 0) :], start=max(version, 0) + 1):
        await _migrate(writing, number, migration)


_KEY = {"key": cypher.STORE}


async def _version(transaction: Transaction, place: str) -> int:
    """The store's version; 0 in an empty database."""
    rows = await transaction.rows(cypher.READ_STORE, _KEY)
    if rows:
        return int(rows[0][0])
    if (await transaction.rows(cypher.COUNT_NODES, {}))[0][0]:
        raise StoreDamaged(
            f"The Neo4j database at {place} holds data of something else. "
            "Point CMDB_STORE at an empty database."
        )
    return 0


async def _add_schema(writing: Writing, catalogue: Catalogue) -> None:
    wanted = cypher.schema(catalogue)
    missing: list[str] = []

    async def look(transaction: Transaction) -> None:
        known = {
            name
            for statement in (cypher.SHOW_CONSTRAINTS, cypher.SHOW_INDEXES)
            for (name,) in await transaction.rows(statement, {})
        }
        missing[:] = [statement for name, statement in wanted.items() if name not in known]

    async def add(transaction: Transaction) -> None:
        for statement in missing:
            await transaction.run(statement, {})

    await writing(look)
    if missing:
        await writing(add)
        await writing(lambda transaction: transaction.run(cypher.AWAIT_INDEXES, {}))


async def _migrate(writing: Writing, number: int, migration: cypher.Migration) -> None:
    async def step(transaction: Transaction) -> None:
        await transaction.run(cypher.LOCK_STORE, _KEY)
        [[version, *_]] = await transaction.rows(cypher.READ_STORE, _KEY)
        if version >= number:
            return
        for statement in migration.statements:
            await transaction.run(statement, {})
        await transaction.run(cypher.SET_VERSION, {**_KEY, "version": number})

    await writing(step)
