"""Who may come in: tokens, sessions, hosts, origins."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cmdb.app import check_listen, create_app
from cmdb.errors import InvalidSettings
from cmdb.server.access import COOKIE, SESSION_SECONDS, Tokens
from cmdb.server.login import local_path
from cmdb.service import Cmdb
from cmdb.settings import Settings
from tests.server.conftest import HTML, TOKEN, Client

QUERY = {"query": "{ info { items } }"}
PATHS = ["/", "/graphql", "/readyz", "/api/observations", "/assets/app-1a2b.js", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_the_token_nothing_is_served(client: Client, path: str, method: str) -> None:
    async with client(token=TOKEN) as c:
        answer = await c.request(method, path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "unauthorised"
        assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "given",
    [
        "Bearer wrong",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
    ],
)
async def test_other_tokens_are_refused(client: Client, given: str) -> None:
    async with client(token=TOKEN) as c:
        answer = await c.post("/graphql", json=QUERY, headers={"authorization": given})
        assert answer.status_code == 401


async def test_the_token_opens(client: Client) -> None:
    async with client(token=TOKEN) as c:
        answer = await c.post("/graphql", json=QUERY, headers={"authorization": f"bearer {TOKEN}"})
        assert answer.json() == {"data": {"info": {"items": {"Server": 1}}}}


async def test_tokens_may_have_any_characters(client: Client) -> None:
    async with client(token="schlüssel") as c:
        headers = {"authorization": "Bearer schlüssel".encode()}
        assert (await c.get("/readyz", headers=headers)).status_code == 200  # type: ignore[arg-type]  # httpx takes bytes


async def test_health_is_open_to_all(client: Client) -> None:
    async with client(token=TOKEN) as c:
        assert (await c.get("/healthz")).json() == {"status": "ok"}


async def test_a_browser_is_led_to_the_login_page_and_back(client: Client) -> None:
    async with client(token=TOKEN) as c:
        asked = await c.get("/items/7?tab=links", headers=HTML)
        assert asked.status_code == 303
        form = await c.get(asked.headers["location"])
        assert form.status_code == 200
        assert '<input type="hidden" name="next" value="/items/7?tab=links">' in form.text
        done = await c.post("/login", data={"token": TOKEN, "next": "/items/7?tab=links"})
        assert (done.status_code, done.headers["location"]) == (303, "/items/7?tab=links")
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert (await c.get("/items/7", headers=HTML)).text.endswith("the app</title>")
        assert (await c.post("/graphql", json=QUERY)).status_code == 200
        assert (await c.post("/logout")).status_code == 303
        assert (await c.post("/graphql", json=QUERY)).status_code == 401


async def test_the_cookie_is_for_https_alone_where_the_page_is(client: Client) -> None:
    async with client(token=TOKEN) as c:
        done = await c.post("https://127.0.0.1/login", data={"token": TOKEN})
        assert "Secure" in done.headers["set-cookie"]


async def test_a_wrong_token_at_the_login_page(client: Client) -> None:
    async with client(token=TOKEN) as c:
        answer = await c.post("/login", data={"token": "guess", "next": "/x"})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert re.search(r'role="alert">That is not the token\.<', answer.text)
        assert (await c.post("/login", json={"token": TOKEN})).status_code == 415
        huge = await c.post("/login", data={"token": "x" * 20_000})
        assert huge.status_code == 413


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\r\nx: y", ""],
)
def test_the_login_page_leads_nowhere_else(target: str) -> None:
    assert local_path(target) == "/"


async def test_the_login_page_escapes(client: Client) -> None:
    async with client(token=TOKEN) as c:
        form = await c.get("/login", params={"next": '/"><script>alert(1)</script>'})
        assert "<script" not in form.text


def test_sessions_expire_and_end_with_a_new_token() -> None:
    tokens = Tokens(TOKEN)
    session = tokens.session(now=1000)
    assert tokens.name_in(session, now=1000 + SESSION_SECONDS - 1) == ""
    assert tokens.name_in(session, now=1000 + SESSION_SECONDS) is None
    assert Tokens("another").name_in(session, now=1000) is None
    expires, mac, name = session.split(".")
    assert tokens.name_in(f"{int(expires) + 1}.{mac}.{name}", now=1000) is None
    assert tokens.name_in(f"{expires}.{mac}.ada", now=1000) is None
    for forged in ("", ".", f"{expires}.", f"{expires}", f"x.{mac}.", f"{'9' * 40}.{mac}.", "é.é"):
        assert tokens.name_in(forged, now=1000) is None


def test_a_session_is_of_whom_it_was_given_to() -> None:
    tokens = Tokens(None, {"ada": "one", "grace": "two"})
    session = tokens.session("ada", now=1000)
    assert tokens.name_in(session, now=1001) == "ada"
    assert tokens.name_in(session.replace(".ada", ".grace"), now=1001) is None
    assert Tokens(None, {"grace": "two"}).name_in(session, now=1001) is None
    assert tokens.name_of(b"two") == "grace"
    assert tokens.name_of(b"") is None


OPEN = (
    """mutation { openIncident(input: {shortDescription: "Gone", affects: ["web1"]}) { number } }"""
)
LATEST = """{ revisions(limit: 1) { actor address } }"""


async def actor_of_a_record(c: httpx.AsyncClient, **headers: str) -> tuple[str, str]:
    """Open an incident; who the revision says it was, and from where."""
    made = await c.post("/graphql", json={"query": OPEN}, headers=headers)
    assert made.json()["data"]["openIncident"]["number"].startswith("INC"), made.text
    latest = await c.post("/graphql", json={"query": LATEST}, headers=headers)
    (revision,) = latest.json()["data"]["revisions"]
    return revision["actor"], revision["address"]


async def test_a_token_of_somebody_s_own_says_who_they_are(
    cmdb: Cmdb, web: Path, tmp_path: Path
) -> None:
    cmdb.settings = Settings(store=cmdb.settings.store, tokens={"ada": SecretStr("one")})
    transport = httpx.ASGITransport(create_app(cmdb, static=web, token="shared"))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as c:
        named = {"authorization": "Bearer one", "cmdb-actor": "mallory"}
        assert await actor_of_a_record(c, **named) == ("ada", "127.0.0.1")
        shared = {"authorization": "Bearer shared"}
        assert (await actor_of_a_record(c, **shared))[0] == "api"
        acting = {**shared, "cmdb-actor": "pipeline"}
        assert (await actor_of_a_record(c, **acting))[0] == "pipeline"
        refused = await c.post("/graphql", json=QUERY, headers={"authorization": "Bearer two"})
        assert refused.status_code == 401
        form = {"token": "one", "next": "/"}
        await c.post("/login", data=form)
        assert (await actor_of_a_record(c))[0] == "ada"


async def test_a_forged_cookie_is_refused(client: Client) -> None:
    async with client(token=TOKEN) as c:
        c.cookies.set(COOKIE, f"9999999999.{'0' * 64}")
        assert (await c.get("/readyz")).status_code == 401


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
async def test_loopback_names_are_served_without_a_token(client: Client, host: str) -> None:
    async with client() as c:
        assert (await c.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "", "[::1", "10.0.0.1"]
)
async def test_other_names_are_refused_without_a_token(client: Client, host: str) -> None:
    async with client() as c:
        answer = await c.get("/healthz", headers={"host": host})
        assert answer.status_code == 421
        assert "CMDB_TOKEN" in answer.json()["error"]["message"]


async def test_with_a_token_any_name_is_served(client: Client) -> None:
    async with client(token=TOKEN) as c:
        assert (await c.get("/healthz", headers={"host": "cmdb.example.org"})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
    ],
)
async def test_pages_of_other_origins_can_t_send_anything(
    client: Client, headers: dict[str, str]
) -> None:
    async with client() as c:
        answer = await c.post("/graphql", json=QUERY, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "cross_origin"
        own = await c.post("/graphql", json=QUERY, headers={"origin": "http://127.0.0.1:8000"})
        assert own.status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "cmdb.example.org", ""])
def test_listening_beyond_loopback_needs_a_token(host: str) -> None:
    check_listen(host, TOKEN)
    for missing in (None, ""):
        with pytest.raises(InvalidSettings, match="CMDB_TOKEN"):
            check_listen(host, missing)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_listening_on_loopback_needs_none(host: str) -> None:
    check_listen(host, None)
