from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_walker_reaches_the_same_and_stands_beside_the_floor(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    walkers = "C over the same arrays,cmdb,networkx"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench.impact", "--items", "500"),
            *("--walkers", walkers, "--json", str(path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(path.read_text())
    plain = [row for row in rows if row["estate"] == "without gates"]
    assert [row["walker"] for row in plain] == walkers.split(",")
    assert len({row["hub_reached"] for row in plain}) == 1
    assert plain[0]["hub_reached"] > 100
    assert "| hub by floor | p95 by floor | hub reaches |" in done.stdout
