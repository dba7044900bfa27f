"""A real server over the demo estate, and a real browser that talks to nobody else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.web.built import CHROMIUM, ROOT, need_built, need_chromium

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
_START = "import sys; from cmdb.cli import main; sys.exit(main())"


@contextmanager
def served(folder: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """The address of a server started by the command line, for as long as it is wanted.

    What it says goes to files in ``folder``, of which nothing is read once it answers.
    """
    paths = os.pathsep.join([str(ROOT), str(ROOT / "graphql")])
    said, noted = folder / "said", folder / "noted"
    with said.open("w") as out, noted.open("w") as err:
        server = subprocess.Popen(
            [sys.executable, "-u", "-c", _START, *arguments],
            stdout=out,
            stderr=err,
            env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1", **environment},
            cwd=folder,
        )
        try:
            yield _address(server, said, noted)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _address(server: subprocess.Popen[bytes], said: Path, noted: Path) -> str:
    """The address that the server prints once it answers."""
    while server.poll() is None:
        found = re.search(r"http://[\d.]+:\d+", said.read_text())
        if found:
            return found[0]
        try:
            server.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"The server ended: {said.read_text()}{noted.read_text()}")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `cmdb demo`."""
    need_built()
    with served(tmp_path_factory.mktemp("demo"), "demo", "--port", "0") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium.

    It ends with its module: the event loop that Playwright runs meanwhile leaves no room for those
    of the asynchronous tests that come after it in the same process.
    """
    need_chromium()
    # A page that is slow to come is no failure: machines that run tests have other things to do.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@dataclass
class Visit:
    """A page, and all that went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings on the console, and requests to other hosts."""


@contextmanager
def visiting(context: BrowserContext, address: str) -> Iterator[Visit]:
    """A new page of a context that notes what goes wrong."""
    visit = Visit(context.new_page())

    def requested(request: Request) -> None:
        if not request.url.startswith((f"{address}/", "data:", "blob:")):
            visit.complaints.append(f"request to {request.url}")

    visit.page.on("request", requested)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on(
        "console",
        lambda message: (
            visit.complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    yield visit
    context.close()


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """Both colour schemes."""
    return str(request.param)


@pytest.fixture
def visit(browser: Browser, demo: str) -> Iterator[Visit]:
    """A page in a window of 1280 by 800. Whatever went wrong on it fails the test."""
    context = browser.new_context(base_url=demo, viewport={"width": 1280, "height": 800})
    with visiting(context, demo) as made:
        yield made
    assert made.complaints == []
