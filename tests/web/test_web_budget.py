"""What the browser has to fetch stays within web/budget.json."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.built import ROOT, STATIC, need_built

PAGES = {
    "start": ["index.html"],
    "item": ["index.html", "src/features/item/ItemPage.tsx"],
    "impact": ["index.html", "src/features/impact/ImpactPage.tsx"],
}
BUDGET = json.loads((ROOT / "web" / "budget.json").read_text())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_within_its_budget(page: str) -> None:
    need_built()
    manifest = json.loads((STATIC / ".vite" / "manifest.json").read_text())
    chunks = {key for entry in PAGES[page] for key in _with_imports(manifest, entry)}
    scripts = {manifest[key]["file"] for key in chunks}
    styles = {name for key in chunks for name in manifest[key].get("css", ())}
    assert scripts
    assert _kilobytes(scripts) <= BUDGET[page]["js"]
    assert styles
    assert _kilobytes(styles) <= BUDGET[page]["css"]


def test_the_layout_engine_is_within_its_budget() -> None:
    need_built()
    (worker,) = (STATIC / "assets").glob("elk-worker*.js")
    assert _kilobytes({f"assets/{worker.name}"}) <= BUDGET["worker"]["js"]


def _with_imports(manifest: dict[str, Any], key: str) -> Iterator[str]:
    yield key
    for imported in manifest[key].get("imports", ()):
        yield from _with_imports(manifest, imported)


def _kilobytes(names: set[str]) -> float:
    return sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in names) / 1000
