"""Every question about the graph can be asked of the past, of what is supposed, and with planned
items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from tests.cli.records import link, load, server

WINDOW = {"start": "2026-12-01T22:00:00Z", "end": "2026-12-02T02:00:00Z"}
VERBS: tuple[Sequence[str], ...] = (
    ("impact", "DB"),
    ("restoration-order", "DB"),
    ("dependencies", "SHOP"),
    ("dependencies", "DB", "--reverse"),
    ("path", "SHOP", "DB"),
    ("weak-points", "SHOP"),
    ("weak-points", "PAIR", "--pairs"),
    ("weak-points", "--estate"),
    ("causes", "SHOP"),
    ("suspects", "SHOP"),
    ("risk", "DB"),
    ("collisions", "--planned", "tonight.json"),
    ("change", "assess", "--plan", "plan.json"),
)
ROWS: tuple[Sequence[str], ...] = (
    ("restoration-order", "DB"),
    ("weak-points", "PAIR", "--pairs"),
    ("weak-points", "--estate"),
    ("causes", "SHOP", "SALES"),
    ("suspects", "SHOP", "--since", "2026-01-01"),
    ("collisions", "--planned", "tonight.json"),
)
"""Questions whose answers are compared row by row."""
APART = ("revision", "as_of", "since", "until")
AGING = ("score", "value", "sentence")


@pytest.fixture
def folder(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the questions are asked; no answer changes what is stored there."""
    monkeypatch.chdir(made)
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{made / 'cmdb.db'}")
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that came to depend on a database in revision 3, which another item does by way of a
    planned one only; files to ask with, and a what-if that parts shop and database."""
    path = tmp_path_factory.mktemp("viewpoints")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.setenv("CMDB_STORE", f"sqlite:///{path / 'cmdb.db'}")
        fill()
    return path


def fill() -> None:
    database = server("DB", "fqdn:db.example.org")
    pair = {
        "item": {
            "kind": "ServiceInstance",
            "identifiers": ["fqdn:pair.example.org"],
            "properties": {"name": "PAIR"},
        }
    }
    assert load(Path("one.jsonl"), server("SHOP"), server("KEY"), database, pair) == 0
    planned = server("NEXT", lifecycle_status="planned")
    bound = [link("DEPENDS_ON", "SHOP", "DB"), link("DEPENDS_ON", "NEXT", "DB")]
    more = [link("DEPENDS_ON", "SHOP", "NEXT"), link("DEPENDS_ON", "KEY", "NEXT")]
    service = {
        "item": {
            "kind": "ServiceInstance",
            "identifiers": ["fqdn:sales.example.org"],
            "properties": {"name": "SALES"},
        }
    }
    halves = [
        {
            "link": {
                "relation": "DEPENDS_ON",
                "from": "fqdn:pair.example.org",
                "to": f"serial:{half}",
                "gate": {"name": "pair", "min_up": 1},
            }
        }
        for half in ("KEY", "DB")
    ]
    sold = {"relation": "DEPENDS_ON", "from": "fqdn:sales.example.org", "to": "serial:SHOP"}
    assert load(Path("two.jsonl"), planned, service, {"link": sold}, *halves, *bound, *more) == 0
    parted = {"link": {"relation": "DEPENDS_ON", "from": "SHOP", "to": "DB"}}
    Path("parted.jsonl").write_text(json.dumps({"remove": parted}), "utf-8")
    work = [
        {"name": n, "items": [i], **WINDOW}
        for n, i in zip("abc", ("DB", "SHOP", "KEY"), strict=True)
    ]
    Path("tonight.json").write_text(json.dumps(work), "utf-8")
    Path("plan.json").write_text(json.dumps(plan()), "utf-8")


def plan() -> dict[str, Any]:
    """A Terraform plan that deletes the database."""
    values = {"name": "DB", "fqdn": "db.example.org"}
    change = {"actions": ["delete"], "before": values, "after": None}
    resource = {"address": "aws_instance.db", "type": "aws_instance", "mode": "managed"}
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "resource_changes": [{**resource, "name": "db", "change": change}],
    }


def asked(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The answer as JSON, without when it was given and, of suspects, how long that was after."""
    capfd.readouterr()
    assert run_main([*arguments, "--json"]) in (0, 1)
    apart = (*APART, *AGING) if arguments[0] == "suspects" else APART
    return without(json.loads(capfd.readouterr().out), apart)


def without(value: Any, apart: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {k: without(v, apart) for k, v in value.items() if k not in apart}
    return [without(v, apart) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_the_answer_is_that_of_what_is_supposed(
    verb: Sequence[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    now = asked(capfd, *verb)
    assert now == asked(capfd, *verb)
    supposed = asked(capfd, *verb, "--what-if", "parted.jsonl")
    assert supposed != now
    assert run_main([*verb, "--what-if", "parted.jsonl"]) in (0, 1)
    assert "Supposing parted.jsonl; nothing of it is stored." in capfd.readouterr().out
    assert asked(capfd, *verb) == now


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_the_answer_is_that_of_the_past(
    verb: Sequence[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    now = asked(capfd, *verb, "--at", "3")
    assert asked(capfd, *verb, "--at", "1") != now


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_planned_items_take_part_where_asked(
    verb: Sequence[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    now = asked(capfd, *verb)
    with_planned = asked(capfd, *verb, "--include-planned")
    # Two ends that are linked have no shorter way over what is planned.
    assert (with_planned != now) == (verb[0] != "path")


def test_what_is_not_there_is_said_by_its_name(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    assert run_main(["impact", "SALES", "--at", "1"]) == 2
    assert "ServiceInstance 'SALES' was not there then (revision 1)." in capfd.readouterr().err
    Path("without.jsonl").write_text(json.dumps({"remove": {"item": "SALES"}}), "utf-8")
    assert run_main(["weak-points", "SALES", "--what-if", "without.jsonl"]) == 2
    assert "'SALES' is taken out by without.jsonl" in capfd.readouterr().err


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_what_if_of_the_past_is_refused(
    verb: Sequence[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    assert run_main([*verb, "--at", "1", "--what-if", "parted.jsonl"]) == 2
    assert "stands on the latest revision" in capfd.readouterr().err


@pytest.mark.parametrize(
    "verb",
    [
        ("impact", "DB"),
        ("dependencies", "SHOP"),
        ("dependencies", "DB", "--reverse", "--depth", "1"),
        ("weak-points", "SALES"),
        ("risk", "DB", "--start", WINDOW["start"], "--end", WINDOW["end"]),
        *(verb for verb in ROWS if verb[0] != "suspects"),
        ("suspects", "SHOP"),
        ("change", "assess", "--plan", "plan.json"),
    ],
    ids=" ".join,
)
def test_answers_are_compared(
    verb: Sequence[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    since, supposed = (
        ("--compare", "1"),
        ("--compare", "now", "--what-if", "parted.jsonl"),
    )
    one, other = asked(capfd, *verb, *since), asked(capfd, *verb, *supposed)
    assert one != other
    assert asked(capfd, *verb, "--compare", "3") != one
    for options in (since, supposed):
        assert run_main([*verb, *options]) in (0, 1)
        assert capfd.readouterr().out


@pytest.mark.parametrize("verb", ROWS, ids=" ".join)
def test_rows_that_came_and_went_name_both_revisions(
    verb: Sequence[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    assert run_main([*verb, "--compare", "1", "--json"]) in (0, 1)
    found = json.loads(capfd.readouterr().out)
    assert (found["before_revision"], found["revision"]) == (1, 3)
    counts = found["counts"]
    assert len(found["new"]) == counts["new"] > 0
    assert all(row["before"] is None and row["after"]["rank"] for row in found["new"])
    one = asked(capfd, *verb, "--compare", "1", "--limit", "1")
    assert (one["truncated"], one["counts"]) == (counts["new"] > 1, counts)
    same = asked(capfd, *verb, "--compare", "3")
    assert [same["counts"][key] for key in ("new", "gone", "changed")] == [0, 0, 0]
    assert run_main([*verb, "--compare", "3"]) == 0
    assert "Nothing differs." in capfd.readouterr().out
    if verb[0] == "suspects":
        return  # the time that is looked at ends with the later point, which is another now
    back = asked(capfd, *verb, "--at", "1", "--compare", "now")
    assert (back["counts"]["gone"], back["counts"]["new"]) == (counts["new"], counts["gone"])


@pytest.mark.parametrize("verb", [v for v in VERBS if v[0] not in ("path", "risk")], ids=" ".join)
def test_an_answer_goes_on_where_its_page_ended(
    verb: Sequence[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a list shows from an offset on is what it shows behind as many rows."""
    whole = asked(capfd, *verb)
    page = asked(capfd, *verb, "--offset", "1", "--limit", "1")
    beyond = asked(capfd, *verb, "--offset", "50")
    assert run_main([*verb, "--offset", "-1"]) == 2
    met = 0
    for name, rows in lists_of(whole):
        assert dict(lists_of(page))[name] == rows[1:2], name
        assert dict(lists_of(beyond))[name] == []
        met += len(rows)
    assert met
    assert beyond["truncated"]


def lists_of(found: Any) -> list[tuple[str, Any]]:
    """The lists of an answer that page, flat."""
    if "waves" in found:
        waves = [(w["number"], i) for w in found["waves"] for g in w["groups"] for i in g["items"]]
        return [("waves", waves)]
    paged = {
        *("affected", "gates_held", "services", "owners", "weak_evidence"),
        *("weak_points", "pairs", "by_services_down", "by_saved_per_redundancy"),
        *("causes", "suspects", "collisions", "changes", "items"),
    }
    lists = [(name, rows) for name, rows in found.items() if name in paged]
    return [(name, rows) for name, rows in lists if rows == [] or isinstance(rows[0], dict)]


def test_what_came_and_went_is_said(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    came = asked(capfd, "dependencies", "SALES", "--compare", "1")
    assert [(row["name"], row["depth"]) for row in came["new"]] == [("SHOP", 1), ("DB", 2)]
    assert came["counts"] == {"before": 0, "after": 2, "new": 2, "gone": 0, "changed": 0}
    went = asked(capfd, "dependencies", "SALES", "--compare", "now", "--what-if", "parted.jsonl")
    assert ([row["name"] for row in went["gone"]], went["new"]) == (["DB"], [])
    doubled = {"relation": "DEPENDS_ON", "from": "fqdn:sales.example.org", "to": "serial:DB"}
    Path("nearer.jsonl").write_text(json.dumps({"link": doubled}), "utf-8")
    nearer = asked(capfd, "dependencies", "SALES", "--compare", "now", "--what-if", "nearer.jsonl")
    (row,) = nearer["changed"]
    assert (row["name"], row["before"]["depth"], row["after"]["depth"]) == ("DB", 2, 1)
    assert run_main(["dependencies", "SALES", "--compare", "now", "--what-if", "nearer.jsonl"]) == 0
    said = capfd.readouterr().out
    assert "Otherwise:" in said
    assert "2 steps, DEPENDS_ON, hard" in said


def test_what_a_failure_risks_since_then(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = asked(capfd, "risk", "DB", "--compare", "1")
    assert (found["before_affected"], found["affected"]) == (1, 4)
    assert found["before_total"] < found["total"]
    assert found["factors"][0]["after_sentence"] != found["factors"][0]["before_sentence"]
    assert run_main(["risk", "DB", "--compare", "1", "--max-risk", "1"]) == 1
    assert run_main(["risk", "SALES", "--compare", "1"]) == 0, "it was not there then"
    assert run_main(["risk", "nobody", "--compare", "1"]) == 2
