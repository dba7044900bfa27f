"""What-if and comparison with a past point, as users of the command line meet them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main

SWITCH, OTHER = "dc1-r03-acc-sw1", "dc1-r02-acc-sw1"
DOMAIN = "harrowfinch.example.org"


@pytest.fixture(scope="module")
def demo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("what-if") / "demo.db"
    assert run_main(["demo", "--load-only", "--store", f"sqlite:///{path}"]) == 0
    return path


@pytest.fixture
def store(demo_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"sqlite:///{demo_path}"
    monkeypatch.setenv("CMDB_STORE", address)
    return address


def lines(path: Path, *records: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return str(path)


def cable(host: str, switch: str = OTHER) -> dict[str, Any]:
    ends = {"from": f"fqdn:{host}.{DOMAIN}", "to": f"fqdn:{switch}.{DOMAIN}"}
    return {"link": {"relation": "LINKED_TO", **ends}}


def ask(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capfd.readouterr()
    assert run_main([*arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


def states(answer: Any) -> dict[str, str]:
    return {f"{row['kind']} {row['name']}": row["state"] for row in answer["affected"]}


def test_a_supposed_answer_is_the_one_that_storing_the_changes_gives(
    store: str, demo_path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changes = lines(
        tmp_path / "more.jsonl",
        cable("dc1-hv05"),
        {"item": {"kind": "Server", "identifiers": ["serial:NEW1"], "properties": {"name": "n1"}}},
        cable("dc1-hv06"),
        {"link": {"relation": "LINKED_TO", "from": "serial:NEW1", "to": cable("x")["link"]["to"]}},
    )
    before = ask(capfd, "impact", OTHER, SWITCH)
    supposed = ask(capfd, "impact", OTHER, SWITCH, "--what-if", changes)
    assert ask(capfd, "impact", OTHER, SWITCH)["counts"] == before["counts"]
    copy = tmp_path / "copy.db"
    shutil.copy(demo_path, copy)
    assert run_main(["import", changes, "--store", f"sqlite:///{copy}"]) == 0
    stored = ask(capfd, "impact", OTHER, SWITCH, "--store", f"sqlite:///{copy}")
    assert states(supposed) == states(stored)
    assert "Server n1" in states(supposed)
    assert supposed["counts"] != before["counts"]
    assert supposed["revision"] == before["revision"]


def test_it_takes_links_and_items_out_and_says_what_differs(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changes = lines(
        tmp_path / "less.jsonl",
        {"remove": {"link": {"relation": "LINKED_TO", "from": "dc1-hv05", "to": SWITCH}}},
        {"remove": {"item": "dc1-db03"}},
    )
    found = ask(capfd, "impact", SWITCH, "--what-if", changes, "--compare", "now")
    named = {row["name"]: (row["before"], row["after"]) for row in found["changes"]}
    assert named["dc1-hv05"] == ("down", "up")
    assert named["dc1-db03"] == ("down", None)
    assert (found["gone"], found["worse"]) == (1, 0)
    rests = ask(capfd, "dependencies", "dc1-hv05", "--depth", "1", "--what-if", changes)
    assert SWITCH not in {row["name"] for row in rests["items"]}


def test_a_thing_that_is_only_supposed_can_fail_and_be_explained(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changes = lines(
        tmp_path / "new.jsonl",
        {"item": {"kind": "Server", "identifiers": ["serial:NEW1"], "properties": {"name": "n1"}}},
        {"item": {"kind": "Server", "identifiers": ["serial:NEW2"], "properties": {"name": "n2"}}},
        {"link": {"relation": "DEPENDS_ON", "from": "serial:NEW2", "to": "serial:NEW1"}},
    )
    found = ask(capfd, "impact", "n1", "--what-if", changes)
    assert states(found) == {"Server n1": "down", "Server n2": "down"}
    proof = ask(capfd, "impact", "serial:NEW1", "--what-if", changes, "--explain", "n2")
    assert proof["state"] == "down"
    rests = ask(capfd, "dependencies", "n1", "--reverse", "--what-if", changes)
    assert [row["name"] for row in rests["items"]] == ["n2"]


def test_an_item_that_is_supposed_back_comes_with_its_links(
    store: str, demo_path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(demo_path, copy)
    there = f"sqlite:///{copy}"
    name = {"kind": "Server", "identifiers": ["serial:P1"]}
    server = {"item": {**name, "properties": {"name": "p1", "lifecycle_status": "planned"}}}
    link = {"link": {**cable("x")["link"], "from": "serial:P1"}}
    planned = lines(tmp_path / "planned.jsonl", server, link)
    assert run_main(["import", planned, "--store", there]) == 0
    assert "Server p1" not in states(ask(capfd, "impact", OTHER, "--store", there))
    active = {"item": {**name, "properties": {"lifecycle_status": "active"}}}
    changes = lines(tmp_path / "active.jsonl", active)
    found = ask(capfd, "impact", OTHER, "--store", there, "--what-if", changes)
    assert states(found)["Server p1"] == "down"


def test_the_past_is_compared_with_the_present(
    store: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["impact", SWITCH, "--compare", "1"]) == 0
    said = capfd.readouterr().out
    assert "114 worse, 0 better, 0 new, 0 no longer there" in said
    found = ask(capfd, "impact", SWITCH, "--compare", "2")
    assert found["changes"] == []
    assert found["before"]["counts"] == found["after"]["counts"]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"remove": {"item": "nothing-here"}}, "There is no item 'nothing-here'"),
        ({"remove": {"item": "dc2-backup1"}}, "is the name of several items"),
        ({"remove": {}}, 'names either an "item" or a "link"'),
        ({"remove": {"item": "a"}, "link": cable("dc1-hv05")["link"]}, 'either "remove" or'),
        (
            {"remove": {"link": {"relation": "RUNS_ON", "from": "dc1-hv05", "to": SWITCH}}},
            "There is no link dc1-hv05 RUNS_ON",
        ),
        (
            {"remove": {"link": {"relation": "RUNSON", "from": "dc1-hv05", "to": SWITCH}}},
            "no relation 'RUNSON' (did you mean RUNS_ON",
        ),
        ({"remove": {"thing": "a"}}, "'thing' is not a field"),
        (cable("dc1-hv05", "nowhere"), "the link leads nowhere"),
        (cable("dc1-hv05", "dc1-hv05"), "can't lead from"),
        ({"item": {"kind": "Sever", "identifiers": ["serial:A"]}}, "did you mean Server"),
    ],
)
def test_wrong_lines_are_named(
    record: dict[str, Any],
    said: str,
    store: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    changes = lines(tmp_path / "wrong.jsonl", record)
    capfd.readouterr()
    assert run_main(["impact", SWITCH, "--what-if", changes]) == 2
    error = capfd.readouterr().err
    assert said in error
    assert "wrong.jsonl" in error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--what-if", "{file}", "--at", "1"], "stands on the latest revision"),
        (["--what-if", "{folder}/none.jsonl"], "can't be read"),
        (["--what-if", "{folder}"], "can't be read"),
        (["--what-if", "{empty}"], "nothing to suppose"),
        (["--compare", "99"], "There is no revision 99"),
        (["--compare", "1", "--explain", "checkout@production"], "--explain"),
    ],
)
def test_what_can_not_be_supposed_or_compared_is_said(
    options: list[str],
    said: str,
    store: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    places = {
        "file": lines(tmp_path / "file.jsonl", cable("dc1-hv05")),
        "empty": lines(tmp_path / "empty.jsonl"),
        "folder": str(tmp_path),
    }
    capfd.readouterr()
    assert run_main(["impact", SWITCH, *(option.format(**places) for option in options)]) == 2
    assert said in capfd.readouterr().err


def test_what_was_taken_out_can_not_fail(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changes = lines(tmp_path / "gone.jsonl", {"remove": {"item": "dc1-db03"}})
    assert run_main(["impact", "dc1-db03", "--what-if", changes]) == 2
    assert "Server 'dc1-db03' is taken out by" in capfd.readouterr().err
