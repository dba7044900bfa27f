"""How many calls of the store a query may make: a committed number each, and never one an item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import FieldNode, OperationDefinitionNode, parse

from cmdb.service import Cmdb
from cmdb.store.port import Store
from cmdb_graphql.context import Context
from cmdb_graphql.schema import Schema
from tests.graphql.counting import CountingStore
from tests.graphql.documents import DOCUMENTS

BUDGET_FILE = Path(__file__).parent / "query_budget.json"
BUDGET: dict[str, int] = json.loads(BUDGET_FILE.read_text())


def counting(cmdb: Cmdb) -> CountingStore:
    """Make the database count the calls of its store."""
    store = CountingStore(cmdb.store)
    cmdb.store = cmdb.estates.store = cast("Store", store)
    return store


async def calls_of(cmdb: Cmdb, schema: Schema, query: str, variables: dict[str, Any]) -> int:
    """The store calls of a query, the analysis graph being up to date."""
    store = cast("CountingStore", cmdb.store)
    await cmdb.estate()
    store.calls.clear()
    result = await schema.execute(query, variables, Context(cmdb))
    assert result.errors is None, result.errors
    return store.calls.total()


def test_every_document_has_a_budget() -> None:
    assert BUDGET.keys() == DOCUMENTS.keys()


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_query_keeps_its_budget(cmdb: Cmdb, schema: Schema, name: str) -> None:
    query, variables = DOCUMENTS[name]
    store = counting(cmdb)
    found = await calls_of(cmdb, schema, query, variables)
    assert found == BUDGET[name], (
        f"{dict(store.calls)}; if that is meant, change {BUDGET_FILE.name}"
    )


async def test_a_longer_list_costs_no_further_calls(cmdb: Cmdb, schema: Schema) -> None:
    counting(cmdb)
    query, _ = DOCUMENTS["nested_links"]
    few = await calls_of(cmdb, schema, query, {"first": 2})
    many = await calls_of(cmdb, schema, query, {"first": 50})
    assert few == many


async def test_the_same_failure_asked_for_twice_is_analysed_once(
    cmdb: Cmdb, schema: Schema
) -> None:
    counting(cmdb)
    once = '{ impact(items: ["dc1-hv03"]) { counts { down } } }'
    twice = (
        '{ a: impact(items: ["dc1-hv03"]) { sentence } b: impact(items: ["dc1-hv03"]) { failed } }'
    )
    assert await calls_of(cmdb, schema, once, {}) == await calls_of(cmdb, schema, twice, {})


def test_every_root_that_is_no_kind_is_in_a_document(schema: Schema) -> None:
    from cmdb.catalogue import builtin

    query_type = schema._schema.query_type
    assert query_type is not None
    kinds = {kind.plural for kind in builtin().kinds.values()}
    asked = {
        field.name.value
        for document, _ in DOCUMENTS.values()
        for definition in parse(document).definitions
        if isinstance(definition, OperationDefinitionNode)
        for field in definition.selection_set.selections
        if isinstance(field, FieldNode)
    }
    assert query_type.fields.keys() - kinds == asked - kinds
