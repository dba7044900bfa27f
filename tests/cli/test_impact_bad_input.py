"""What can be wrong with a question about impact, and with an estate: a clear error or a right
answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from tests.cli.records import link, load, server


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two servers of one name, a retired one, a planned one, and a shop on a database."""
    address = f"sqlite:///{tmp_path / 'cmdb.db'}"
    monkeypatch.setenv("CMDB_STORE", address)
    twins = [
        {
            "item": {
                "kind": "Server",
                "identifiers": [f"serial:T{n}"],
                "properties": {"name": "twin"},
            }
        }
        for n in (1, 2)
    ]
    assert (
        load(
            tmp_path / "estate.jsonl",
            *twins,
            server("OLD", lifecycle_status="retired"),
            server("NEXT", lifecycle_status="planned"),
            server("SHOP"),
            server("DB"),
            link("DEPENDS_ON", "SHOP", "DB"),
            link("DEPENDS_ON", "SHOP", "OLD"),
        )
        == 0
    )
    return address


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capfd.readouterr()
    assert run_main([*arguments, "--json"]) == 2
    error: dict[str, Any] = json.loads(capfd.readouterr().err)["error"]
    return error


def affected(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    capfd.readouterr()
    assert run_main(["impact", *arguments, "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)["affected"]
    return {row["name"]: row["state"] for row in rows}


ASKING = (
    ["impact"],
    ["impact", "DB"],
    ["restoration-order"],
    ["dependencies"],
    ["path", "DB"],
    ["weak-points"],
    ["weak-points", "--pairs"],
    ["weak-points", "--compare", "1"],
    ["causes"],
    ["suspects"],
    ["risk"],
)


@pytest.mark.parametrize("verb", ASKING, ids=" ".join)
def test_an_ambiguous_name_has_its_candidates_listed(
    verb: list[str], store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error = refused(capfd, *verb, "twin")
    assert error["code"] == "ambiguous_item"
    assert {c["name"] for c in error["candidates"]} == {"twin"}
    assert len({c["id"] for c in error["candidates"]}) == 2


def test_an_unknown_name_has_the_nearest_listed(
    store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error = refused(capfd, "impact", "SHOPP")
    assert (error["code"], error["suggestions"]) == ("unknown_item", ["SHOP"])


@pytest.mark.parametrize("verb", [v for v in ASKING if "--compare" not in v], ids=" ".join)
def test_nothing_is_said_of_a_retired_item_as_if_it_were_there(
    verb: list[str], store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "is retired and takes no part" in refused(capfd, *verb, "OLD")["message"]


@pytest.mark.parametrize("verb", ASKING, ids=" ".join)
def test_an_item_that_nobody_knows_is_refused(
    verb: list[str], store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refused(capfd, *verb, "serial:NOBODY")["code"] == "unknown_item"


def test_a_retired_or_planned_item_can_not_fail(
    store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert "is retired and takes no part" in refused(capfd, "impact", "OLD")["message"]
    assert "is planned and takes no part" in refused(capfd, "impact", "DB", "NEXT")["message"]
    assert affected(capfd, "NEXT", "--include-planned") == {"NEXT": "down"}


def test_an_item_named_twice_fails_once(store: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert affected(capfd, "DB", "serial:DB", "DB") == {"DB": "down", "SHOP": "down"}


@pytest.mark.parametrize("name", ["", "  ", "serial:", "nonsense:x", "\x00", "x" * 5000])
def test_a_name_that_names_nothing(
    name: str, store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error = refused(capfd, "impact", name)
    assert error["message"]
    assert error["code"] in {"invalid_input", "unknown_item"}


def test_a_link_to_itself_is_refused_and_changes_nothing(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert load(tmp_path / "self.jsonl", link("DEPENDS_ON", "DB", "DB")) == 2
    assert "a link can't lead from serial:DB to itself" in capfd.readouterr().err


def test_a_link_that_becomes_one_to_itself_carries_nothing(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    two_names = [server("A", "fqdn:a.example.org"), link("DEPENDS_ON", "A", "B"), server("B")]
    assert load(tmp_path / "two.jsonl", *two_names) == 0
    assert run_main(["merge", "serial:A", "serial:B"]) == 0
    assert len(affected(capfd, "serial:B")) == 1


def test_a_link_that_is_told_twice_is_one(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gate = {"name": "g", "min_up": 2}
    twice = [link("DEPENDS_ON", "SHOP", "T1", gate=gate)] * 2
    more = [link("RUNS_ON", "SHOP", "T1", gate=gate), link("RUNS_ON", "SHOP", "T2", gate=gate)]
    assert load(tmp_path / "twice.jsonl", *twice, *more) == 0
    assert affected(capfd, "serial:T2")["SHOP"] == "down"
    capfd.readouterr()
    assert run_main(["dependencies", "SHOP", "--depth", "1", "--json"]) == 0
    rests = json.loads(capfd.readouterr().out)
    assert sorted(row["name"] for row in rests["items"]) == ["DB", "twin", "twin"]


def test_a_gate_of_which_no_member_is_left_never_fails(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lonely = link("DEPENDS_ON", "SHOP", "OLD", gate={"name": "gone", "min_up": 1})
    assert load(tmp_path / "gate.jsonl", lonely) == 0
    assert affected(capfd, "DB") == {"DB": "down", "SHOP": "down"}
    assert affected(capfd, "serial:T1") == {"twin": "down"}


def test_the_options_have_bounds(store: str, capfd: pytest.CaptureFixture[str]) -> None:
    for options in (["--limit", "0"], ["--limit", "-1"], ["--state", "up"], ["--state", ""]):
        assert run_main(["impact", "DB", *options]) == 2
    assert run_main(["impact"]) == 2
    assert "Missing argument" in capfd.readouterr().err


def test_a_file_without_alerts_is_no_question(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    said = refused(capfd, "causes", "serial:DB", "--alerts", str(empty))["message"]
    assert said == f"{empty} names no alert."


def test_a_picture_is_no_json(store: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_main(["impact", "serial:DB", "--format", "dot", "--json"]) == 2
    assert "can't be combined with --format" in capfd.readouterr().err
