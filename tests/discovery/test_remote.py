"""Servers that answer oddly, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cmdb.errors import RemoteUnavailable
from discovery import remote
from discovery.remote import Remote, retry_after
from tests.discovery.serving import serving


class Server:
    """Answers with these, one after the other, and the last for ever."""

    def __init__(self, *answers: Response) -> None:
        self.answers = [*answers]
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: Request) -> Response:
        self.asked.append(str(request.url.query))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(Response('{"fine": true}', media_type="application/json"))
    with serving(Starlette(routes=[Route("/{path:path}", made.answer)])) as url:
        made.url = url
        yield made


def busy(status: int = 503) -> Response:
    return Response(status_code=status)


async def test_a_busy_server_is_asked_again_and_then_left_alone(server: Server) -> None:
    fine = server.answers[0]
    server.answers = [busy(), busy(502), busy(429), fine]
    async with Remote(server.url, {}, pause=0.0) as made:
        assert await made.read("things", {"many": ["a", "b"], "limit": 2}) == {"fine": True}
        assert server.asked == ["many=a&many=b&limit=2"] * 4
        server.answers = [busy(504)]
        with pytest.raises(RemoteUnavailable, match="504 Gateway Timeout, 5 times in a row"):
            await made.read("things")


async def test_what_is_no_json_is_told_of(server: Server) -> None:
    server.answers = [Response("<html>Sign in</html>", media_type="text/html")]
    async with Remote(server.url, {}) as made:
        with pytest.raises(RemoteUnavailable, match=r"no JSON \(text/html\): is the address right"):
            await made.read("things")


async def test_an_answer_without_end_is_not_read(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MAX_BODY", 1024 * 1024)
    server.answers = [Response(b" " * (1024 * 1024 + 1))]
    async with Remote(server.url, {}) as made:
        with pytest.raises(RemoteUnavailable, match="set a smaller page_size"):
            await made.read("things")


async def test_no_error_has_the_credentials(server: Server) -> None:
    server.answers = [Response("go away, secret-token", status_code=418)]
    async with Remote(server.url, {"authorization": "Bearer secret-token"}) as made:
        with pytest.raises(RemoteUnavailable) as caught:
            await made.read("things")
    assert "secret-token" not in caught.value.message


def test_the_pause_that_a_server_asks_for_may_be_a_date() -> None:
    now = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    assert retry_after("Sun, 01 Mar 2026 10:00:30 GMT", now) == 30.0
    assert retry_after("Sun, 01 Mar 2026 09:00:00 GMT", now) == 0.0
    assert retry_after(None) is None
    assert retry_after("never") is None
