"""The demo estate, loaded once, and ways to ask about it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cmdb.catalogue import builtin
from cmdb.service import Cmdb
from cmdb.settings import Settings
from cmdb_graphql.context import Context
from cmdb_graphql.schema import Schema, build_schema
from tests.graphql.estate import load_demo, load_records

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store with the demo estate in it; to be copied, not written to."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"

    async def load() -> None:
        cmdb = await Cmdb.open(Settings(store=f"sqlite:///{path}"))
        await load_demo(cmdb)
        await load_records(cmdb)
        await cmdb.close()

    asyncio.run(load())
    return path


@pytest.fixture(scope="session")
def schema() -> Schema:
    """The schema of the built-in catalogue."""
    return build_schema(builtin())


@pytest.fixture
async def cmdb(demo_file: Path, tmp_path: Path) -> AsyncIterator[Cmdb]:
    """The demo estate, for this test alone."""
    shutil.copy(demo_file, tmp_path / "cmdb.db")
    opened = await Cmdb.open(Settings(store=f"sqlite:///{tmp_path / 'cmdb.db'}"))
    yield opened
    await opened.close()


@pytest.fixture
def ask(cmdb: Cmdb, schema: Schema) -> Ask:
    """Ask a query that must have no errors; returns its data."""

    async def asked(query: str, **variables: Any) -> dict[str, Any]:
        result = await schema.execute(query, variables, Context(cmdb))
        assert result.errors is None, result.errors
        assert result.data is not None
        return result.data

    return asked


@pytest.fixture
def ask_wrongly(cmdb: Cmdb, schema: Schema) -> Ask:
    """Ask a query that must have one error; returns the error as clients see it."""

    async def asked(query: str, **variables: Any) -> dict[str, Any]:
        result = await schema.execute(query, variables, Context(cmdb))
        assert result.errors is not None
        (error,) = result.errors
        return {**error.formatted}

    return asked
