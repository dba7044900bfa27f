"""A small database behind the application, called without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdb.app import create_app
from cmdb.ingest import new_run
from cmdb.items import ItemObservation
from cmdb.service import Cmdb
from cmdb.settings import Settings

TOKEN = "a-long-and-secret-token"
HTML = {"accept": "text/html,application/xhtml+xml"}

Client = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
async def cmdb(tmp_path: Path) -> AsyncIterator[Cmdb]:
    """A database with one server in it."""
    opened = await Cmdb.open(Settings(store=f"sqlite:///{tmp_path / 'cmdb.db'}"))
    seen = ItemObservation("Server", ("serial:4C1",), "test", datetime.now(UTC), {"name": "web1"})
    await opened.load([seen], [], new_run("test"), reason="a test")
    yield opened
    await opened.close()


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A built web app, of sorts."""
    folder = tmp_path / "web_static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>the app</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets/app-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def client(cmdb: Cmdb, web: Path) -> Client:
    """Makes clients of an application; arguments go to ``create_app``."""

    @asynccontextmanager
    async def opened(**given: Any) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(cmdb, **{"static": web, **given})
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as made:
            yield made

    return opened
