from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


WALKERS = "C over the same arrays,cmdb,networkx"


def measured(path: Path, **environment: str) -> tuple[list[dict[str, Any]], str]:
    """The rows of walks over an estate of 500 items without gates, and what was printed."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench.impact", "--items", "500"),
            *("--walkers", WALKERS, "--json", str(path)),
        ],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(path.read_text())
    return [row for row in rows if row["estate"] == "without gates"], done.stdout


def test_every_walker_reaches_the_same_and_stands_beside_the_floor(tmp_path: Path) -> None:
    if os.environ.get("CI") != "true" and shutil.which("cc") is None:
        pytest.skip("no C compiler for the floor: install gcc, then run make test")
    plain, printed = measured(tmp_path / "found.json")
    assert [row["walker"] for row in plain] == WALKERS.split(",")
    assert len({row["hub_reached"] for row in plain}) == 1
    assert plain[0]["hub_reached"] > 100
    assert "| hub by floor | p95 by floor | hub reaches |" in printed


def test_without_a_compiler_the_floor_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    plain, printed = measured(tmp_path / "found.json", PATH=str(tmp_path))
    assert [row["walker"] for row in plain] == ["cmdb", "networkx"]
    assert "C over the same arrays was left out: it wants a C compiler, cc" in printed
