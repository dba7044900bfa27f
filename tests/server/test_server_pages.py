"""What is served besides the API: the web app, the explorer, headers, health."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from cmdb.errors import StoreUnavailable
from cmdb.server.headers import HEADERS
from cmdb.service import Cmdb
from tests.server.conftest import HTML, Client


async def test_the_web_app_answers_every_path_a_browser_goes_to(client: Client) -> None:
    async with client() as c:
        for path in ("/", "/index.html", "/items/7", "/impact?items=a", "/a.b/c"):
            answer = await c.get(path, headers=HTML)
            assert (answer.status_code, "the app" in answer.text) == (200, True), path
            assert answer.headers["cache-control"] == "no-cache"


async def test_files_are_served_with_what_caches_need(client: Client) -> None:
    async with client() as c:
        hashed = await c.get("/assets/app-1a2b.js")
        assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert hashed.headers["content-type"].startswith("text/javascript")
        plain = await c.get("/favicon.svg")
        assert plain.headers["cache-control"] == "no-cache"
        again = await c.get("/favicon.svg", headers={"if-none-match": plain.headers["etag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/assets/gone.js", "/api/nothing", "/gone.png", "/../secret.txt", "/%2e%2e/secret.txt"],
)
async def test_what_is_not_there_is_said_to_programs(client: Client, path: str) -> None:
    async with client() as c:
        answer = await c.get(httpx.URL(f"http://127.0.0.1:8000{path}"))
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"
        assert "secret" not in answer.text.replace("secret.txt", "")


async def test_a_missing_script_is_no_page_even_for_a_browser(client: Client) -> None:
    async with client() as c:
        assert (await c.get("/assets/gone.js", headers=HTML)).status_code == 404


async def test_nothing_can_be_sent_to_a_page(client: Client) -> None:
    async with client() as c:
        answer = await c.post("/items/7")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_without_a_web_app_the_page_says_how_to_build_it(
    client: Client, tmp_path: Path
) -> None:
    async with client(static=tmp_path / "nowhere") as c:
        answer = await c.get("/", headers=HTML)
        assert answer.status_code == 200
        assert "npm run build" in answer.text
        assert (await c.get("/items/7", headers=HTML)).status_code == 404
        assert (await c.get("/x.js")).status_code == 404
        assert (await c.get("/graphql", headers=HTML)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/graphql", "/healthz", "/gone.png", "/assets/app-1a2b.js"])
async def test_every_answer_has_the_security_headers(client: Client, path: str) -> None:
    async with client() as c:
        answer = await c.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"]


class Sources(HTMLParser):
    """Everything a page loads, and whether it has scripts in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "link", "img"):
            self.found.append(given.get("src") or given.get("href") or "")
        if tag == "script" and not given.get("src"):
            self.inline += 1
        self.inline += sum(name.startswith("on") for name in given)


async def test_the_explorer_needs_this_server_alone(client: Client) -> None:
    async with client() as c:
        page = await c.get("/graphql", headers=HTML)
        sources = Sources(page.text)
        assert sources.inline == 0
        assert len(sources.found) == 2
        for source in sources.found:
            assert source.startswith("/graphql/explorer.")
            file = await c.get(source)
            assert file.status_code == 200
            assert "//" not in file.text.replace("// ", "")


async def test_graphiql_is_served_where_the_web_app_brings_it(client: Client, web: Path) -> None:
    (web / "graphiql.html").write_text("<title>GraphiQL</title>")
    async with client() as c:
        assert "GraphiQL" in (await c.get("/graphql", headers=HTML)).text


async def test_readiness_follows_the_store(
    client: Client, cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client() as c:
        ready = await c.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"status": "ok", "revision": 1})

        async def gone(*_: object, **__: object) -> None:
            raise StoreUnavailable("The store can't be reached.")

        monkeypatch.setattr(cmdb.store, "revisions", gone)
        unready = await c.get("/readyz")
        assert unready.status_code == 503
        assert unready.json()["error"]["code"] == "store_unavailable"
        assert (await c.get("/healthz")).status_code == 200
