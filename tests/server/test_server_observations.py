"""``POST /api/observations``: checked whole, loaded, counted; and its errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmdb import errors
from cmdb.errors import CmdbError
from cmdb.server import observations
from cmdb.server.answers import STATUS, status_of
from cmdb.service import Cmdb
from tests.server.conftest import TOKEN, Client

HEADERS = {"content-type": "application/x-ndjson"}


def server(number: int, **properties: Any) -> dict[str, Any]:
    return {
        "item": {
            "kind": "Server",
            "identifiers": [f"serial:N{number}"],
            "properties": {"name": f"new{number}", **properties},
        }
    }


def lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


async def test_observations_are_loaded_and_counted(client: Client, cmdb: Cmdb) -> None:
    link = {"link": {"relation": "DEPENDS_ON", "from": "serial:N1", "to": "serial:NOBODY"}}
    body = lines(server(1), server(2), link)
    async with client() as c:
        answer = await c.post(
            "/api/observations?source=collector&scope=hall-1", content=body, headers=HEADERS
        )
        assert answer.status_code == 200, answer.text
        data = answer.json()
        assert data["run"]["counts"] == {"created": 2, "observed": 3, "waiting": 1}
        assert (data["run"]["source"], data["run"]["scope"]) == ("collector", "hall-1")
        assert data["revisions"] == [2, 3]
        assert len(data["waiting"]) == 1
        assert not data["truncated"]
        again = await c.post(
            "/api/observations?source=collector&scope=hall-1", content=body, headers=HEADERS
        )
        assert again.json()["revisions"] == []
    assert (await cmdb.find("serial:N2")).name == "new2"


async def test_a_dry_run_changes_nothing(client: Client, cmdb: Cmdb) -> None:
    async with client() as c:
        answer = await c.post(
            "/api/observations?dry_run=true", content=lines(server(1)), headers=HEADERS
        )
        assert answer.json()["run"]["counts"]["created"] == 1
    assert await cmdb.revision() == 1


async def test_only_a_full_scope_makes_things_missing(client: Client, cmdb: Cmdb) -> None:
    async with client() as c:
        for query in ("full_scope=true", "full_scope=true&partial=true", "", "full_scope=1"):
            body = lines(server(1), server(2)) if query == "full_scope=true" else lines(server(1))
            answer = await c.post(
                f"/api/observations?source=hall&{query}", content=body, headers=HEADERS
            )
            assert answer.status_code == 200
            status = (await cmdb.find("serial:N2")).status.value
            assert status == ("missing" if query == "full_scope=1" else "active")


async def test_problems_are_listed_by_line_and_nothing_is_changed(
    client: Client, cmdb: Cmdb
) -> None:
    body = lines(server(1), server(2, colour="red"), {"item": {"kind": "Sever", "identifiers": []}})
    async with client() as c:
        answer = await c.post("/api/observations", content=body, headers=HEADERS)
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert error["code"] == "invalid_input"
        assert [(p["line"], p["field"]) for p in error["problems"]] == [
            (2, "item.properties.colour"),
            (3, "item.kind"),
        ]
        assert "/" not in answer.text
    assert await cmdb.revision() == 1


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\x1f\x8b\x00", b"[" * 20_000, b'{"item":'])
async def test_bodies_that_are_no_observations(client: Client, cmdb: Cmdb, body: bytes) -> None:
    async with client() as c:
        answer = await c.post("/api/observations?full_scope=true", content=body, headers=HEADERS)
        assert answer.status_code == 422
        assert answer.json()["error"]["message"]
    assert await cmdb.revision() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {},
        {**HEADERS, "content-encoding": "gzip"},
    ],
)
async def test_other_media_types_are_refused(client: Client, headers: dict[str, str]) -> None:
    async with client() as c:
        answer = await c.post("/api/observations", content=lines(server(1)), headers=headers)
        assert answer.status_code == 415


@pytest.mark.parametrize("query", ["full_scope=perhaps", "dry_run=yes", "source=a/b"])
async def test_wrong_parameters_are_named(client: Client, query: str) -> None:
    async with client() as c:
        answer = await c.post(
            f"/api/observations?{query}", content=lines(server(1)), headers=HEADERS
        )
        assert answer.status_code == 422
        assert query.split("=", 1)[0] in answer.text


async def test_too_long_a_body_is_refused(
    client: Client, cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observations, "MAX_BYTES", 1_000)
    body = lines(*(server(n) for n in range(100)))
    async with client() as c:
        answer = await c.post("/api/observations", content=body, headers=HEADERS)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "too_large"
    assert await cmdb.revision() == 1


async def test_the_token_guards_the_way_in(client: Client, cmdb: Cmdb) -> None:
    async with client(token=TOKEN) as c:
        body = lines(server(1))
        assert (await c.post("/api/observations", content=body, headers=HEADERS)).status_code == 401
        headers = {**HEADERS, "authorization": f"Bearer {TOKEN}"}
        answer = await c.post("/api/observations", content=body, headers=headers)
        assert answer.status_code == 200
    assert await cmdb.revision() == 2


def test_every_class_of_error_has_a_status() -> None:
    def tree(cls: type[CmdbError]) -> set[type[CmdbError]]:
        return {cls, *(d for sub in cls.__subclasses__() for d in tree(sub))}

    ours = [c for c in tree(CmdbError) if c.__module__ == errors.__name__]
    assert STATUS.keys() <= set(ours)
    for cls in ours:
        assert 400 <= status_of(cls.__new__(cls)) < 600
    assert status_of(errors.UnknownItem("x")) == 422
    assert status_of(errors.StoreUnavailable("x")) == 503


async def test_errors_that_are_not_ours_are_masked(
    client: Client, cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(cmdb, "load", fail)
    async with client() as c:
        answer = await c.post("/api/observations", content=lines(server(1)), headers=HEADERS)
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "internal"
        assert "the cause" not in answer.text
    assert "the cause" in caplog.text
