from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "CMDB_TEST_NEO4J"}
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_figure_stands_beside_its_peer_with_their_ratio(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    done = run("--items", "200", "--stores", "sqlite", "--json", str(path))
    assert done.returncode == 0, done.stderr
    found = json.loads(path.read_text())
    ingests = [f for f in found["figures"] if f["what"] == "ingest, first time"]
    assert [f["rows"] for f in ingests] == [200 + 200 * 5]
    for figure in found["figures"]:
        assert figure["ratio"] == figure["peer"] / figure["ours"]
        assert f"{figure['ratio']:.2f}" in done.stdout
    assert found["skipped"] == []


def test_a_store_without_a_server_is_skipped_and_says_how_to_start_one(tmp_path: Path) -> None:
    done = run("--items", "20", "--stores", "neo4j", "--json", str(tmp_path / "found.json"))
    assert done.returncode == 0, done.stderr
    assert "make neo4j" in done.stdout
