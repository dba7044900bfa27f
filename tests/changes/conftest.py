"""The shop of the incidents' tests, with a redundant pair, and people who may decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cmdb.changes.changes import open_change
from cmdb.ingest import new_run
from cmdb.items import Gate, Item, ItemObservation, LinkObservation, Value
from cmdb.records.actor import Actor
from cmdb.service import Cmdb
from tests.incidents.conftest import ITEMS, LINKS, NOW, item, link
from tests.incidents.conftest import cmdb as cmdb  # noqa: PLC0414 - a fixture is used by its name

ASKER, MAKER, OWNER, PEER, BOARD, MANAGER = (
    Actor(name) for name in ("asker", "maker", "olga", "peer", "bea", "max")
)


def person(login: str, name: str, *roles: str) -> ItemObservation:
    known: dict[str, Value | None] = {
        "name": name,
        "login": login,
        "roles": list(roles),
        "email": f"{login}@example.org",
    }
    return ItemObservation("Person", (f"email:{login}@example.org",), "scan", NOW, known)


PEOPLE = (
    person("asker", "Ash Ker"),
    person("maker", "Mae Ker"),
    person("olga", "Olga Owner"),
    person("peer", "Pia Peer"),
    person("bea", "Bea Board", "cab"),
    person("max", "Max Manager", "change_manager"),
)
MORE = (
    item("Location", "hall"),
    item("LoadBalancer", "vip"),
    item("Server", "a"),
    item("Server", "b"),
    item("Server", "spare"),
    item("ServiceInstance", "till", criticality="critical"),
)
MORE_LINKS = (
    link("DEPENDS_ON", "till", "vip"),
    link("LOCATED_IN", "a", "hall"),
    link("OWNED_BY", "web", "Shop team"),
    link("OWNED_BY", "till", "Shop team"),
    LinkObservation("BELONGS_TO", "email:olga@example.org", "key:scan/Shop team", "scan", NOW),
    *(
        LinkObservation(
            "ROUTES_TO", "key:scan/vip", f"key:scan/{name}", "scan", NOW, gate=Gate("pool", 1)
        )
        for name in ("a", "b")
    ),
)
PLANS: Mapping[str, Any] = {
    "implementation_plan": "Do it.",
    "backout_plan": "Undo it.",
    "test_plan": "Look at it.",
    "assigned_to": "maker",
}
SUNDAY: Mapping[str, Any] = {
    "start_date": "2030-03-03T01:00:00Z",
    "end_date": "2030-03-03T02:00:00Z",
}


@pytest.fixture
async def shop(cmdb: Cmdb) -> Cmdb:
    """The shop, loaded."""
    await cmdb.load([*ITEMS, *MORE, *PEOPLE], [*LINKS, *MORE_LINKS], new_run("scan"), reason="scan")
    return cmdb


async def planned(
    cmdb: Cmdb, *items: str, action: str = "restart", actor: Actor = ASKER, **values: Any
) -> Item:
    """A change that restarts these items on a Sunday, with all its plans."""
    kind = values.pop("change_type", None)
    model = values.pop("change_model", None)
    given = {**PLANS, **SUNDAY, **values}
    return await open_change(
        cmdb,
        actor,
        f"Work on {' and '.join(items)}",
        [(name, action) for name in items],
        change_type=kind,
        change_model=model,
        values=given,
    )
