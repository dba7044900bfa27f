"""What tests of scanners share: a lab, a store of each kind, and the way in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cmdb.catalogue import builtin
from cmdb.ingest import Ingest, Loaded
from cmdb.items import Item, ItemObservation, LinkObservation
from cmdb.reconcile.items import Rules
from cmdb.revisions import Run
from cmdb.store.connect import open_store
from cmdb.store.port import Store
from discovery.run import ScanResult
from tests.discovery.lab_fixture import lab as lab  # noqa: PLC0414  # a fixture, for all tests here


@pytest.fixture(params=["sqlite", "neo4j"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An empty store, once per implementation."""
    neo4j = request.param == "neo4j"
    address = str(request.getfixturevalue("empty_neo4j")) if neo4j else "sqlite://:memory:"
    opened = await open_store(address, builtin())
    yield opened
    await opened.close()


async def load_scan(store: Store, found: ScanResult) -> Loaded:
    """Reconcile and store what a scan saw, as ``cmdb scan`` does."""
    run = Run(
        f"run-{found.started.isoformat()}",
        found.source,
        found.started,
        scope=found.scope,
        full_scope=found.full_scope,
    )
    return await Ingest(store, Rules(builtin()), "test").load(
        [o for o in found.observations if isinstance(o, ItemObservation)],
        [o for o in found.observations if isinstance(o, LinkObservation)],
        run,
        reason="test",
    )


async def items_by_name(store: Store) -> dict[str, Item]:
    """All items of a store, retired ones too."""
    found = [value async for value in store.stream() if isinstance(value, Item)]
    return {str(item.properties["name"]): item for item in found}
