"""The database of the records' tests, with a team that fulfils."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cmdb.ingest import new_run
from cmdb.items import ItemObservation, LinkObservation, Value
from cmdb.records.actor import Actor
from cmdb.requests.requests import after_load
from cmdb.service import Cmdb
from tests.records.conftest import cmdb as cmdb  # noqa: PLC0414 - a fixture is used by its name

ASKER, HELPER, OTHER = Actor("ada"), Actor("grace"), Actor("mallory")
NOW = datetime.now(UTC)


def seen(kind: str, name: str, **properties: Value) -> ItemObservation:
    key = f"key:hr/{name}"
    return ItemObservation(kind, (key,), "hr", NOW, {"name": name, **properties})


@pytest.fixture
async def desk(cmdb: Cmdb) -> Cmdb:
    """A database with a team Platform, of which grace is, and ada as well."""
    people = [seen("Person", n, login=n) for n in ("ada", "grace", "mallory")]
    links = [
        LinkObservation("BELONGS_TO", f"key:hr/{n}", "key:hr/Platform", "hr", NOW)
        for n in ("ada", "grace")
    ]
    await cmdb.load([seen("Team", "Platform"), *people], links, new_run("hr"), reason="people")
    cmdb.after_load.append(after_load)
    return cmdb
