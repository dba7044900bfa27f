from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cmdb.store.port import Store
from cmdb.store.sqlite import SqliteStore


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    opened = await SqliteStore.open(":memory:")
    yield opened
    await opened.close()
