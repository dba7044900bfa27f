"""``/graphql`` as HTTP: media types, statuses, limits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.server.conftest import Client

MODERN = "application/graphql-response+json"


async def test_a_query_is_answered(client: Client) -> None:
    async with client() as c:
        body = {
            "query": "query Q($f: Int!) { servers(first: $f) { nodes { name } } }",
            "variables": {"f": 1},
            "operationName": "Q",
        }
        answer = await c.post("/graphql", json=body)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == {"data": {"servers": {"nodes": [{"name": "web1"}]}}}
        modern = await c.post("/graphql", json=body, headers={"accept": MODERN})
        assert modern.headers["content-type"].startswith(MODERN)
        assert modern.json() == answer.json()


@pytest.mark.parametrize(
    ("query", "has_data", "modern_status"),
    [("{", False, 400), ("{ nothing }", False, 400), ('{ item(key: "x") { id } }', True, 200)],
)
async def test_errors_have_the_status_of_the_media_type(
    client: Client, query: str, has_data: bool, modern_status: int
) -> None:
    async with client() as c:
        plain = await c.post("/graphql", json={"query": query})
        assert plain.status_code == 200
        assert ("data" in plain.json()) == has_data
        assert plain.json()["errors"]
        modern = await c.post("/graphql", json={"query": query}, headers={"accept": MODERN})
        assert modern.status_code == modern_status
        assert modern.json() == plain.json()


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"\xff", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"[" * 99_999, "headers": {"content-type": "application/json"}}, 400),
        ({"json": [{"query": "{ info { revision } }"}]}, 400),
        ({"json": {"query": 7}}, 400),
        ({"json": {"variables": {}}}, 400),
        ({"json": {"query": "{ a }", "variables": []}}, 400),
        ({"data": {"query": "{ info { revision } }"}}, 415),
        ({"content": b'{"query": "{ info { revision } }"}'}, 415),
        ({"json": {"query": "x" * 1_100_000}}, 413),
    ],
)
async def test_what_is_no_request_is_refused(
    client: Client, given: dict[str, Any], status: int
) -> None:
    async with client() as c:
        answer = await c.post("/graphql", **given)
        assert answer.status_code == status
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "invalid_request"
        assert len(error["message"]) < 300


async def test_a_body_is_cut_off_where_it_grows_too_long(client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 65_536

    async with client() as c:
        headers = {"content-type": "application/json"}
        answer = await c.post("/graphql", content=endless(), headers=headers)
        assert answer.status_code == 413
        assert sent < 40


async def test_queries_are_posted(client: Client) -> None:
    async with client() as c:
        answer = await c.get("/graphql", params={"query": "{ info { revision } }"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
