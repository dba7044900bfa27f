"""The same questions get the same answers on SQLite and on Neo4j, to the letter."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.service import Cmdb
from cmdb.settings import Settings
from cmdb_graphql.context import Context
from cmdb_graphql.schema import Schema
from tests.graphql.documents import DOCUMENTS
from tests.graphql.estate import load_demo, load_records

OF_THE_MOMENT = (
    "asOf", "beforeAsOf", "time", "since", "until", "taken_at", "lastSuccess", "seconds",
)  # fmt: skip
"""Fields that say when something was asked or written, or how long that took."""

CURSORS = ("endCursor", "cursor")
"""Opaque texts with ids in them."""

AGED = 0.02
"""By how much a score may fall while a slow machine loads and asks the other store."""

_AGE = re.compile(r"\d+ (?:minutes|hours)\b|\d{4}-\d\d-\d\d(?: \d\d:\d\d)?")
"""How long ago something was, or when, in a sentence."""

_ID = re.compile(r"\b[0-9a-hjkmnp-tv-z]{26}\b")


@pytest.fixture
async def neo4j_cmdb(empty_neo4j: str) -> AsyncIterator[Cmdb]:
    """The demo estate on a real Neo4j."""
    opened = await loaded(empty_neo4j)
    yield opened
    await opened.close()


@pytest.fixture
async def cmdb(tmp_path: Path) -> AsyncIterator[Cmdb]:
    """The demo estate, loaded now: that of all tests may be old, and edits count less with time."""
    opened = await loaded(f"sqlite:///{tmp_path / 'cmdb.db'}")
    yield opened
    await opened.close()


async def loaded(store: str) -> Cmdb:
    """A store with the demo estate and its records."""
    opened = await Cmdb.open(Settings(store=store))
    await load_demo(opened)
    await load_records(opened)
    return opened


async def ids(cmdb: Cmdb) -> list[str]:
    """The ids of all items in the order they were drawn: that of the observations."""
    return sorted([item.id async for item in cmdb.store.stream() if not hasattr(item, "relation")])


async def answers(cmdb: Cmdb, schema: Schema) -> dict[str, Any]:
    """What each document gets, with ids replaced by their places, and without the moment."""
    places = {item_id: f"#{place}" for place, item_id in enumerate(await ids(cmdb))}
    found = {}
    for name, (query, variables) in DOCUMENTS.items():
        result = await schema.execute(query, variables, Context(cmdb))
        assert result.errors is None, (name, result.errors)
        text = _ID.sub(lambda m: places.get(m[0], "#other"), json.dumps(timeless(result.data)))
        found[name] = json.loads(re.sub(r"stack:[0-9a-f]{20}", "stack", text))
    return found


def timeless(value: Any) -> Any:
    """The answer without what differs from one moment, or one store's ids, to another."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in (*OF_THE_MOMENT, *CURSORS)}
    if isinstance(value, list):
        return [timeless(entry) for entry in value]
    return _AGE.sub("then", value) if isinstance(value, str) else value


def alike(value: Any) -> Any:
    """The answer, with scores that may differ by what recency lost while the other was asked."""
    if isinstance(value, dict):
        return {k: alike(v) for k, v in value.items()}
    if isinstance(value, list):
        return [alike(entry) for entry in value]
    return pytest.approx(value, abs=AGED) if isinstance(value, float) else value


async def test_both_stores_give_the_same_answers(
    cmdb: Cmdb, neo4j_cmdb: Cmdb, schema: Schema
) -> None:
    one, other = await answers(cmdb, schema), await answers(neo4j_cmdb, schema)
    for name in DOCUMENTS:
        assert one[name] == alike(other[name]), name
    assert one["blast_radius"]["impact"]["affected"]


async def test_both_stores_page_alike(cmdb: Cmdb, neo4j_cmdb: Cmdb, schema: Schema) -> None:
    query = """query($after: String) { items(first: 100, after: $after, kinds: [Host],
        sort: {field: "memory"}) { totalCount pageInfo { hasNextPage endCursor }
        nodes { name kind ... on Host { memory } } } }"""

    async def walk(database: Cmdb) -> list[Any]:
        pages: list[Any] = []
        after: str | None = None
        while True:
            result = await schema.execute(query, {"after": after}, Context(database))
            assert result.data is not None
            items = result.data["items"]
            pages.append((items["totalCount"], items["nodes"]))
            if not items["pageInfo"]["hasNextPage"]:
                return pages
            after = items["pageInfo"]["endCursor"]

    one = await walk(cmdb)
    assert one == await walk(neo4j_cmdb)
    assert len(one) == 2
