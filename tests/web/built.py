"""Where the built web app is, and what to do where it or a browser is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "cmdb" / "web_static"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


def need_built() -> None:
    """Skip, or in CI fail, where the web app was not built."""
    if not (STATIC / "index.html").is_file():
        _missing("The web app is not built: run `npm ci && npm run build` in web/.")


def need_chromium() -> None:
    """Skip, or in CI fail, where there is no browser."""
    if not CHROMIUM.is_file():
        _missing("There is no Chromium: run `apt-get install chromium`, or set CHROMIUM.")


def need_axe() -> str:
    """The accessibility checker's source; skip, or in CI fail, where it is not installed."""
    if not AXE.is_file():
        _missing("axe-core is not installed: run `npm ci` in web/.")
    return AXE.read_text()


def _missing(how: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(how)
    pytest.skip(how)
