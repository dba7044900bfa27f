"""Suspects over GraphQL are those of the product."""

from __future__ import annotations

from datetime import UTC, datetime

from cmdb.items.value import format_time, parse_time
from cmdb.service import Cmdb
from cmdb.suspects import suspects
from impact.suspects import Suspects
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served

SINCE = "2020-01-01T00:00:00Z"


async def test_suspects_are_the_product_s(cmdb: Cmdb, ask: Ask) -> None:
    until = format_time(datetime.now(UTC))
    data = await ask(
        f"""{{ suspects(items: ["orders-db-1"], since: "{SINCE}", until: "{until}", limit: 5)
            {selection(Suspects, {"as_of"})} }}"""
    )
    found = await suspects(
        cmdb, ["orders-db-1"], since=parse_time(SINCE), until=parse_time(until), limit=5
    )
    assert data["suspects"] == served(found, {"as_of"})
    assert len(found.suspects) == 5
    assert found.total > 5
    assert found.truncated


async def test_no_items_are_refused(ask_wrongly: Ask) -> None:
    error = await ask_wrongly("{ suspects(items: []) { total } }")
    assert "at least one item" in error["message"]
    error = await ask_wrongly('{ suspects(items: ["orders-db-1"], limit: -1) { total } }')
    assert error["extensions"]["code"] == "invalid_input"
