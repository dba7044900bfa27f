"""`cmdb causes` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmdb.cli.main import run_main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _store(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_STORE", demo)


def symptoms(capfd: Captured, item: str) -> dict[str, str]:
    """The names, by id, of what is degraded or down when the item is down."""
    capfd.readouterr()
    assert run_main(["impact", item, "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)["affected"]
    return {row["id"]: row["name"] for row in rows if row["state"] in ("degraded", "down")}


@pytest.mark.parametrize("item", ["dc1-hv03", "dc2-ups-a", "ledger-db-1", "dc1-r03-acc-sw1"])
def test_the_cause_of_all_that_a_failure_does_is_that_failure(
    item: str, tmp_path: Path, capfd: Captured
) -> None:
    found = symptoms(capfd, item)
    file = tmp_path / "alerts.jsonl"
    file.write_text("".join(json.dumps({"item": i, "strength": 1}) + "\n" for i in found))
    assert run_main(["causes", "--alerts", str(file), "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    first = answer["causes"][0]
    assert [i["name"] for i in first["items"]] == [item]
    assert sorted(first["explains"]) == sorted(found)
    assert (first["unexplained"], first["quiet"], answer["unexplained"]) == ([], 0, [])


def test_causes_are_printed_with_their_evidence(capfd: Captured) -> None:
    found = symptoms(capfd, "dc1-hv03")
    assert run_main(["causes", *found]) == 0
    said = capfd.readouterr().out
    assert "The cause is most likely Hypervisor dc1-hv03." in said
    assert "coverage 1.00: It explains 32 of 32 alerts." in said
    assert run_main(["causes", "dc1-core-sw1", "dc2-ups-a", "orders-db-1", "dc1-hv03"]) == 0
    assert "There is no confident cause; these are leads." in capfd.readouterr().out


def test_an_edit_before_the_alert_is_evidence(tmp_path: Path, capfd: Captured) -> None:
    store = f"sqlite:///{tmp_path / 'own.db'}"
    rows: list[dict[str, object]] = [
        {"item": {"kind": "ServiceInstance", "identifiers": ["name:ServiceInstance/app"]}},
        {"item": {"kind": "Server", "identifiers": ["fqdn:left"]}},
        {"item": {"kind": "Server", "identifiers": ["fqdn:right"]}},
    ]
    for server in ("left", "right"):
        ends = {"from": "name:ServiceInstance/app", "to": f"fqdn:{server}"}
        rows.append({"link": {"relation": "RUNS_ON", **ends}})
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text("".join(json.dumps(row) + "\n" for row in rows))
    edited = {"identifiers": ["fqdn:right"], "properties": {"memory": 64}}
    second.write_text(json.dumps({"item": {"kind": "Server", **edited}}) + "\n")
    for file in (first, second):
        assert run_main(["import", str(file), "--source", "scan", "--store", store]) == 0
    capfd.readouterr()
    assert run_main(["causes", "app", "--json", "--store", store]) == 0
    causes = json.loads(capfd.readouterr().out)["causes"]
    (right,) = (c for c in causes if [i["name"] for i in c["items"]] == ["right"])
    (left,) = (c for c in causes if [i["name"] for i in c["items"]] == ["left"])
    said = {e["factor"]: e for e in right["evidence"]}["recency"]
    assert said["sentence"].startswith("Server right: changed: memory, ")
    assert right["score"] > left["score"]
    assert run_main(["causes", "app", "--json", "--store", store, "--at", "1"]) == 0
    past = json.loads(capfd.readouterr().out)["causes"]
    said = [e for c in past for e in c["evidence"] if "memory" in e["sentence"]]
    assert said == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "must be an object"),
        ('{"host": "web1"}', "has the field 'host'"),
        ('{"since": "2026-11-24T03:12:00Z"}', "item must be"),
        ('{"item": "dc1-hv03", "since": "soon"}', "must be a time"),
        ('{"item": "dc1-hv03", "since": 5}', "since must be a time"),
        ('{"item": "dc1-hv03", "strength": 0}', "above 0"),
        ('{"item": "dc1-hv03", "strength": true}', "must be a number"),
        ('{"item": "dc1-hv93"}', "There is no item 'dc1-hv93'"),
    ],
)
def test_a_wrong_line_is_said_with_its_place(
    line: str, said: str, tmp_path: Path, capfd: Captured
) -> None:
    file = tmp_path / "alerts.jsonl"
    file.write_text(f'{{"item": "dc1-hv03"}}\n\n{line}\n{line}\n')
    capfd.readouterr()
    assert run_main(["causes", "--alerts", str(file)]) == 2
    caught = capfd.readouterr()
    assert caught.out == ""
    for number in (3, 4):
        assert f"{file}:{number}: " in caught.err
    assert said in caught.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "at least one item that alerts"),
        (["nobody-knows"], "There is no item"),
        (["--alerts", "/nowhere/alerts.jsonl"], "can't be read"),
        (["dc1-hv03", "--at", "99"], "There is no revision 99"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], said: str, capfd: Captured) -> None:
    assert run_main(["causes", *arguments]) == 2
    assert said in capfd.readouterr().err
