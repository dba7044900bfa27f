"""A small shop over each store: a critical and a minor service, what they rest on, whom to call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cmdb.ingest import new_run
from cmdb.items import ItemObservation, LinkObservation
from cmdb.records.actor import Actor
from cmdb.service import Cmdb
from tests.records.conftest import ADA
from tests.records.conftest import cmdb as cmdb  # noqa: PLC0414 - a fixture is used by its name

NOW = datetime.now(UTC) - timedelta(hours=1)
GRACE = Actor("grace", "192.0.2.8")
__all__ = ["ADA", "GRACE"]


def item(kind: str, name: str, **properties: str) -> ItemObservation:
    return ItemObservation(kind, (f"key:scan/{name}",), "scan", NOW, {"name": name, **properties})


def link(relation: str, one: str, other: str) -> LinkObservation:
    return LinkObservation(relation, f"key:scan/{one}", f"key:scan/{other}", "scan", NOW)


ITEMS = (
    item("ServiceInstance", "shop", criticality="critical"),
    item("ServiceInstance", "wiki", criticality="low"),
    item("Server", "web"),
    item("Server", "db"),
    item("Team", "Shop team", phone="555-1"),
    item("Team", "Server team", on_call="555-2"),
)
LINKS = (
    link("DEPENDS_ON", "shop", "web"),
    link("DEPENDS_ON", "web", "db"),
    link("DEPENDS_ON", "wiki", "db"),
    link("OWNED_BY", "shop", "Shop team"),
    link("SUPPORTED_BY", "db", "Server team"),
)


@pytest.fixture
async def shop(cmdb: Cmdb) -> Cmdb:
    """The shop, loaded."""
    await cmdb.load(ITEMS, LINKS, new_run("scan"), reason="scan")
    return cmdb
