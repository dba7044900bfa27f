"""Causes over GraphQL are those of the product."""

from __future__ import annotations

from cmdb.causes import GivenAlert, causes
from cmdb.items.value import parse_time
from cmdb.service import Cmdb
from impact.cause_answer import Causes
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served

SINCE = "2026-11-24T03:12:00Z"


async def test_causes_are_the_product_s(cmdb: Cmdb, ask: Ask) -> None:
    data = await ask(
        f"""query($alerts: [AlertInput!]!) {{ causes(alerts: $alerts, limit: 3)
            {selection(Causes, {"as_of"})} }}""",
        alerts=[
            {"item": "ledger-db-1", "since": SINCE},
            {"item": "payments@production", "strength": 0.5},
        ],
    )
    found = await causes(
        cmdb,
        [
            GivenAlert("ledger-db-1", parse_time(SINCE)),
            GivenAlert("payments@production", strength=0.5),
        ],
        limit=3,
    )
    assert data["causes"] == served(found, {"as_of"})
    assert len(found.causes) == 3


async def test_a_cause_leads_into_the_graph(ask: Ask) -> None:
    data = await ask(
        '{ causes(alerts: [{item: "dc1-core-sw1"}]) { causes { items { name item { name } } } } }'
    )
    for cause in data["causes"]["causes"]:
        assert [i["name"] for i in cause["items"]] == [i["item"]["name"] for i in cause["items"]]


async def test_no_alerts_are_refused(ask_wrongly: Ask) -> None:
    error = await ask_wrongly("{ causes(alerts: []) { confident } }")
    assert error["extensions"]["code"] == "invalid_input"
    assert "at least one item" in error["message"]
