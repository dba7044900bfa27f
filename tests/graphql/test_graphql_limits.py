"""Hostile documents are refused before they cost anything."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query

from cmdb_graphql import guard, limits
from cmdb_graphql.schema import Schema
from tests.graphql.documents import DOCUMENTS

LINKS = "links(first: 2) { nodes { item { "


def nested(depth: int) -> str:
    """Items of items of items."""
    return '{ item(key: "x") { ' + LINKS * depth + "id" + " } } }" * depth + " } }"


def fragments(count: int) -> str:
    """Each fragment spreads the one before twice: 2 to the power of ``count`` fields."""
    made = ["fragment F0 on Item { id }"]
    for number in range(1, count):
        made.append(f"fragment F{number} on Item {{ ...F{number - 1} ...F{number - 1} }}")
    return "\n".join([f'{{ item(key: "x") {{ ...F{count - 1} }} }}', *made])


TOO_EXPENSIVE = {
    "deep": nested(10),
    "very deep": nested(400),
    "nested beyond the parser": "{ a " * 1_600 + "}" * 1_600,
    "nested lists": '{ items(filter: [{field: "x", value: '
    + "[" * 900
    + "]" * 900
    + "}, {}]) { totalCount } }",
    "wide": "{ info { " + "revision " * 3_000 + "} }",
    "many aliases": "{ " + " ".join(f"a{n}: info {{ revision }}" for n in range(100)) + " }",
    "one alias in many roots": "{ " + "info { revision } " * 900 + "}",
    "doubling fragments": fragments(60),
    "full pages of full pages": """{ items(first: 1000) { nodes { links(first: 1000) { nodes {
        item { links(first: 1000) { nodes { id } } } } } } } }""",
    "pages by default": "{ items { nodes { links { nodes { item { links { nodes { item { links { "
    "nodes { item { id } } } } } } } } } } } }",
    "many tokens": "{ " + "x " * 20_000 + "}",
    "many characters": "{ info { revision } } #" + "x" * 300_000,
}
INVALID = {
    "deep introspection": "{ __schema { types { "
    + "fields { type { " * 6
    + "name"
    + " } }" * 6
    + " } } }",
    "many directives": "{ info { revision " + "@skip(if: false) " * 600 + "} }",
    "many unknown fields": "{ info { " + " ".join(f"a{n}" for n in range(1_900)) + " } }",
    "many unused variables": "query("
    + " ".join(f"$a{n}: Int" for n in range(1_200))
    + ") { info { revision } }",
}


@pytest.mark.parametrize("name", INVALID)
async def test_what_is_wrong_in_many_places_is_refused_with_few_words(
    schema: Schema, name: str
) -> None:
    result = await schema.execute(INVALID[name], context_value=None)
    assert result.data is None
    assert result.errors
    assert {(error.extensions or {})["code"] for error in result.errors} == {"invalid_document"}
    assert len(result.errors) <= 101
    assert all(len(error.message) < 1_000 for error in result.errors)


@pytest.mark.parametrize("name", TOO_EXPENSIVE)
async def test_a_hostile_document_is_refused_before_it_is_validated(
    schema: Schema, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("validation was begun")

    monkeypatch.setattr(guard, "validate_document", never)
    guard._validated.cache_clear()
    result = await schema.execute(TOO_EXPENSIVE[name], context_value=None)
    assert result.data is None
    assert result.errors
    assert [(error.extensions or {}).get("code") for error in result.errors] == ["too_expensive"]


async def test_pages_given_by_variables_count(schema: Schema) -> None:
    query = """query($n: Int!) { items(first: $n) { nodes { links(first: $n) { nodes {
        item { links(first: $n) { nodes { id } } } } } } } }"""
    result = await schema.execute(query, {"n": 1000}, None)
    assert result.errors
    assert (result.errors[0].extensions or {})["code"] == "too_expensive"


async def test_fragments_that_spread_themselves_are_refused(schema: Schema) -> None:
    query = '{ item(key: "x") { ...A } } fragment A on Item { ...B } fragment B on Item { ...A }'
    result = await schema.execute(query, context_value=None)
    assert result.errors
    assert "Cannot spread fragment" in result.errors[0].message


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_queries_of_people_are_far_from_the_limits(name: str) -> None:
    query, variables = DOCUMENTS[name]
    limits.check(guard.document_of(query), variables)


async def test_introspection_is_served(schema: Schema) -> None:
    query = get_introspection_query(input_value_deprecation=True, specified_by_url=True)
    result = await schema.execute(query, context_value=None)
    assert result.errors is None


async def test_a_document_is_parsed_and_validated_once(
    schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{ kinds { name category } }"
    assert (await schema.execute(query, context_value=None)).errors is None
    hits = guard._validated.cache_info().hits
    assert (await schema.execute(query, context_value=None)).errors is None
    assert guard._validated.cache_info().hits == hits + 1


async def test_one_of_several_operations_is_run_by_its_name(schema: Schema) -> None:
    query = 'query A { kind(name: "Server") { name } } query B { kind(name: "Host") { name } }'
    result = await schema.execute(query, None, None, None, "B")
    assert result.data == {"kind": {"name": "Host"}}
    missing = await schema.execute(query, None, None, None, "C")
    assert missing.errors
    assert "C" in missing.errors[0].message


@pytest.mark.parametrize(
    "query", ["", "{", "query A { info { revision } } query B { kinds { name } }"]
)
async def test_what_is_no_query_is_answered_with_a_sentence(schema: Schema, query: str) -> None:
    result = await schema.execute(query, context_value=None)
    assert result.data is None
    assert result.errors
    assert (result.errors[0].extensions or {})["code"] == "invalid_document"
