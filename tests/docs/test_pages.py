"""Pages with console blocks: each command is run on the demo estate and prints what is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cmdb.cli.main import run_main
from tests.docs.test_readme import ROOT, pattern, tour

PAGES = (
    "any-json.md",
    "causes.md",
    "clusters-and-clouds.md",
    "configuration.md",
    "discovering.md",
    "inference.md",
    "pictures.md",
    "plan-gate.md",
    "restoration.md",
    "risk.md",
    "states-and-networks.md",
    "traces.md",
    "weak-points.md",
    "what-if.md",
)


PRACTICES = (
    "practices/change.md",
    "practices/incident.md",
    "practices/problem.md",
    "practices/reports.md",
    "practices/request.md",
    "practices/configuration.md",
    "practices/alerts.md",
    "practices/webhooks.md",
    "practices/records-in.md",
)
"""Pages that are run on the demo estate with its records."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "demo.db"
    assert run_main(["demo", "--load-only", "--store", f"sqlite:///{path}"]) == 0
    return path


@pytest.fixture(scope="module")
def demo_with_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("practices") / "demo.db"
    assert run_main(["demo", "--load-only", "--records", "--store", f"sqlite:///{path}"]) == 0
    return path


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_is_printed(page: str, demo: Path, tmp_path: Path) -> None:
    run_page(page, demo, tmp_path)


@pytest.mark.parametrize("page", PRACTICES)
def test_a_practice_s_page_shows_what_is_printed(
    page: str, demo_with_records: Path, tmp_path: Path
) -> None:
    run_page(page, demo_with_records, tmp_path)


def run_page(page: str, demo: Path, tmp_path: Path) -> None:
    """Run every command of a page; each prints what the page shows."""
    shutil.copy(demo, tmp_path / "demo.db")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    environment = {
        **os.environ,
        "CMDB_STORE": f"sqlite:///{tmp_path / 'demo.db'}",
        "COLUMNS": "110",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
    }
    run_steps([*tour((ROOT / "docs" / page).read_text("utf-8"))], tmp_path, environment)


def run_steps(
    steps: Sequence[tuple[str, str]], folder: Path, environment: Mapping[str, str]
) -> None:
    """Run commands in a folder; each prints what is shown for it."""
    assert steps
    for command, shown in steps:
        done = subprocess.run(
            [shutil.which("bash") or "sh", "-c", command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert pattern(shown).match(done.stdout), (
            f"{command}\nshown:\n{shown}\nreal:\n{done.stdout}"
        )
