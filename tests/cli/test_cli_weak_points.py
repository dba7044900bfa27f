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


def asked(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is printed by a question that can be answered."""
    assert run_main(["weak-points", *arguments]) == 0
    return capfd.readouterr().out


def test_pairs(demo: str, capfd: pytest.CaptureFixture[str]) -> None:
    given = ["orders@production", "--pairs", "--limit", "2", "--store", demo]
    found = json.loads(asked(capfd, *given, "--json"))
    assert found["complete"]
    assert found["truncated"]
    assert found["total"] > len(found["pairs"]) == 2
    assert [item["name"] for item in found["pairs"][0]["items"]] == ["orders-db-1", "orders-db-2"]
    assert "DatabaseInstance orders-db-1" in asked(capfd, *given)


def test_the_estate_ranked(demo: str, capfd: pytest.CaptureFixture[str]) -> None:
    given = ["--estate", "--limit", "3", "--store", demo]
    found = json.loads(asked(capfd, *given, "--json"))
    assert found["by_services_down"][0]["name"] == "region-1"
    assert found["by_saved_per_redundancy"][0]["saved_per_redundancy"] > 1
    printed = asked(capfd, *given)
    assert "Most saved by a redundancy:" in printed
    assert "Lists are cut at --limit" in printed


def test_what_differs_since_and_supposing(
    demo: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    since = asked(capfd, "orders@production", "--compare", "1", "--store", demo)
    assert "0 at revision 1: 4 new, 0 gone" in since
    change = tmp_path / "change.jsonl"
    change.write_text('{"remove": {"item": "orders-db-2"}}\n')
    given = ["orders@production", "--what-if", str(change), "--store", demo]
    compared = asked(capfd, *given, "--compare", "now")
    assert "nothing of it is stored" in compared
    assert "DatabaseInstance orders-db-1" in compared
    alone = json.loads(asked(capfd, *given, "--json"))
    assert "orders-db-1" in [row["name"] for row in alone["weak_points"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name one, or give --estate"),
        (["orders@production", "--estate"], "name no SERVICE"),
        (["orders@production", "--pairs", "--estate"], "can't be combined with --pairs"),
        (["orders@production", "--compare", "2099-01-01"], "has not come yet"),
        (["orders@production", "--at", "2099-01-01T12:00"], "has not come yet"),
        (["nothing-like-it", "--pairs"], "nothing-like-it"),
        (["orders@production", "--compare", "999"], "There is no revision 999"),
    ],
)
def test_what_can_not_be_asked_is_said(
    demo: str, capfd: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run_main(["weak-points", *arguments, "--store", demo]) == 2
    assert said in " ".join(capfd.readouterr().err.split())
