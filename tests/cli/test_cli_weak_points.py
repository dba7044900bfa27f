"""Weak points on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmdb.cli.main import run_main


def test_the_answer_as_json(demo: str, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["weak-points", "payments@production", "--limit", "3", "--store", demo]
    assert run_main([*arguments, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["name"], len(found["weak_points"])) == ("payments@production", 3)
    assert found["counts"]["weak_points"] > 3
    assert found["truncated"]
    first = found["weak_points"][0]
    assert first["path"] == [first["id"], found["id"]]
    assert run_main(arguments) == 0
    printed = capfd.readouterr().out
    assert "LoadBalancer vip-payments" in printed
    assert "Lists are cut at --limit" in printed


def test_an_unknown_service_is_said(demo: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_main(["weak-points", "nothing-like-it", "--store", demo]) == 2
    assert "nothing-like-it" in capfd.readouterr().err


def test_an_empty_store_has_no_such_service(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["weak-points", "x", "--store", f"sqlite:///{tmp_path / 'empty.db'}"]) == 2
    assert "x" in capfd.readouterr().err
