"""The stores that the contract suite runs over: SQLite (a file, memory) and a real Neo4j."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from cmdb.catalogue import builtin
from cmdb.store.connect import open_store
from cmdb.store.port import Store
from tests.store.neo4j_server import wipe

HOW = (
    "no Neo4j to test against: run `make neo4j`, then CMDB_TEST_NEO4J=<the address it prints> "
    "make test"
)


@pytest.fixture(scope="session")
def neo4j_address() -> str:
    """The test server's address with user and password: bolt://neo4j:…@127.0.0.1:7687."""
    address = os.environ.get("CMDB_TEST_NEO4J")
    if address:
        return address
    if os.environ.get("CI") == "true":
        pytest.fail(f"There is {HOW}")
    pytest.skip(HOW)


@pytest.fixture
def empty_neo4j(neo4j_address: str) -> Iterator[str]:
    """The address of the server once its database is empty, for this test alone.

    Tests that run side by side, in other processes too, take turns.
    """
    name = sha256(neo4j_address.encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"cmdb-test-{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        wipe(neo4j_address)
        yield neo4j_address


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
