"""An empty database over each store, and alerts as tools send them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cmdb.service import Cmdb
from cmdb.settings import Settings


@pytest.fixture(params=["sqlite", "neo4j"])
async def cmdb(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cmdb]:
    """An empty database, once per implementation of the store."""
    if request.param == "neo4j":
        address = str(request.getfixturevalue("empty_neo4j"))
    else:
        address = f"sqlite:///{tmp_path}/cmdb.db"
    opened = await Cmdb.open(Settings(store=address, cache_folder=None))
    yield opened
    await opened.close()
