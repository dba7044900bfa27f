"""The past and a dry run call items by their names, and a merge says how to undo it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cmdb.cli.main import run_main


@pytest.fixture
def dry_run(
    demo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> str:
    """What a dry run says of two spare servers, beside a demo estate of the test's own."""
    shutil.copy(demo.removeprefix("sqlite:///"), tmp_path / "own.db")
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'own.db'}")
    (tmp_path / "spares.csv").write_text(
        "kind,name,serial,OWNED_BY\nServer,spare1,SP-1,name:Team/Network\nServer,spare2,SP-2,\n"
    )
    monkeypatch.chdir(tmp_path)
    assert run_main(["import", "spares.csv", "--source", "sheet", "--dry-run"]) == 0
    return capfd.readouterr().out


def test_a_dry_run_names_the_ends_of_links(dry_run: str) -> None:
    assert "+ OWNED_BY Server spare1 -> Team Network (created" in dry_run


def test_a_diff_names_the_ends_of_links(dry_run: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_main(["import", "spares.csv", "--source", "sheet"]) == 0
    capfd.readouterr()
    assert run_main(["diff", "2", "4"]) == 0
    assert "+ OWNED_BY Server spare1 -> Team Network\n" in capfd.readouterr().out


def test_a_merge_says_how_to_undo_it(dry_run: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_main(["import", "spares.csv", "--source", "sheet"]) == 0
    capfd.readouterr()
    assert run_main(["merge", "spare1", "spare2"]) == 0
    undo = re.search(r"To undo it: cmdb (unmerge \S+)\n", capfd.readouterr().out)
    assert undo
    assert run_main(["unmerge", "serial:SP-1"]) == 2
    refused = capfd.readouterr().err
    assert "give the id of the item that was merged into it" in refused
    assert undo[1].split()[1] in _history(refused, capfd)
    assert run_main(undo[1].split()) == 0
    assert "stands for itself again" in capfd.readouterr().out


def _history(refused: str, capfd: pytest.CaptureFixture[str]) -> str:
    command = re.search(r"`cmdb (history \S+)`", refused)
    assert command
    assert run_main(command[1].split()) == 0
    return capfd.readouterr().out
