"""The stores that the contract suite runs over: SQLite (a file, memory) and a real Neo4j."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cmdb.catalogue import builtin
from cmdb.store.connect import open_store
from cmdb.store.port import Store


@pytest.fixture(params=["sqlite", "memory", "neo4j"])
def store_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, once per implementation."""
    if request.param == "neo4j":
        return str(request.getfixturevalue("empty_neo4j"))
    return f"sqlite:///{tmp_path}/cmdb.db" if request.param == "sqlite" else "sqlite://:memory:"


@pytest.fixture(params=["sqlite", "neo4j"])
def lasting_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """As ``store_address``, for tests that open a store more than once."""
    if request.param == "neo4j":
        return str(request.getfixturevalue("empty_neo4j"))
    return f"sqlite:///{tmp_path}/cmdb.db"


@pytest.fixture
async def store(store_address: str) -> AsyncIterator[Store]:
    """An empty store."""
    opened = await open_store(store_address, builtin())
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_and_neo4j(tmp_path: Path, empty_neo4j: str) -> AsyncIterator[tuple[Store, Store]]:
    """An empty store of each kind, to be asked the same."""
    one = await open_store(f"sqlite:///{tmp_path}/cmdb.db", builtin())
    other = await open_store(empty_neo4j, builtin())
    yield one, other
    await one.close()
    await other.close()
