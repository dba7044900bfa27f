"""The verbs of the ITSM practices, on the demo estate with its records: text and JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def demo_with_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the demo estate and three months of records; to be copied."""
    path = tmp_path_factory.mktemp("practices") / "demo.db"
    store = f"sqlite:///{path}"
    assert run_main(["demo", "--load-only", "--records", "--store", store]) == 0
    return path


@pytest.fixture(autouse=True)
def _store(demo_with_records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(demo_with_records, tmp_path / "cmdb.db")
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    monkeypatch.setenv("CMDB_ACTOR", "hanna.virtanen")


def say(capfd: Captured, *arguments: str, status: int = 0) -> str:
    """What the verb prints, having ended with that status."""
    capfd.readouterr()
    assert run_main([*arguments]) == status
    told = capfd.readouterr()
    return told.out if status == 0 else told.out + told.err


def ask(capfd: Captured, *arguments: str, status: int = 0) -> Any:
    """The JSON that the verb prints."""
    return json.loads(say(capfd, *arguments, "--json", status=status))


def test_an_incident_from_its_opening_to_its_end(capfd: Captured) -> None:
    said = say(capfd, "incident", "open", "Search is gone", "--affects", "search@production")
    assert "INC0000089 opened." in said
    assert "It was Hypervisor dc1-hv03 before: 4 times." in said
    made = ask(capfd, "incident", "show", "INC0000089")
    assert (made["state"], made["affected"][0]["name"]) == ("new", "search@production")
    refused = say(capfd, "incident", "edit", "INC0000089", "--to", "closed", status=1)
    assert "it can go to in_progress, on_hold, resolved, canceled" in refused
    error = say(capfd, "incident", "edit", "INC0000089", "--set", "urgncy=1", status=2)
    assert "did you mean urgency" in error
    error = say(capfd, "incident", "edit", "INC0000089", "--set", "urgency=soon", status=2)
    assert "must be a number" in error
    done = [
        *("incident", "edit", "INC0000089", "--to", "resolved", "--caused-by", "dc1-hv03"),
        *("--set", "close_code=fixed", "--set", "close_notes=Mended.", "--note", "Done."),
        *("--expected", str(made["revision"])),
    ]
    assert ask(capfd, *done)["properties"]["state"] == "resolved"
    assert "was changed by hanna.virtanen" in say(capfd, *done, status=1)
    assert "resolved" in say(capfd, "incident", "timeline", "INC0000089")
    assert ask(capfd, "incident", "timeline", "INC0000089")["timeline"][-1]["type"] == "record"
    assert "stays as it was" in say(capfd, "incident", "refresh", "INC0000089", status=1)
    assert "priority" in say(capfd, "incident", "refresh", "INC0000087")
    listed = ask(capfd, "incident", "list", "--open")
    assert {row["number"] for row in listed["incidents"]} == {"INC0000087", "INC0000088"}
    assert "1 of 1 incident" in say(capfd, "incident", "list", "--state", "In Progress")
    assert "Search is gone" in say(capfd, "incident", "show", "INC0000089")


def test_a_problem_from_a_candidate_on(capfd: Captured) -> None:
    found = ask(capfd, "problem", "candidates")["candidates"]
    assert ("cause", "dc2-hv05") in {(row["reason"], row["name"]) for row in found}
    assert "It was the cause of 5 incidents." in say(capfd, "problem", "candidates")
    made = ask(capfd, "problem", "open", "One hypervisor", "--caused-by", "dc2-hv05")
    assert made["number"] == "PRB0000004"
    assert "PRB0000004 is in assess" in say(
        capfd, "problem", "edit", made["number"], "--to", "assess"
    )
    assert "is caused by Hypervisor dc2-hv05" in say(capfd, "problem", "show", made["number"])
    assert "4 of 4 problems" in say(capfd, "problem", "list")
    assert ask(capfd, "problem", "show", "PRB0000001")["state"] == "fix_in_progress"


def test_a_request_until_the_machine_is_there(
    capfd: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "name: string, needed" in say(capfd, "request", "catalogue")
    assert "virtual-machine" in ask(capfd, "request", "catalogue")["offers"]
    monkeypatch.setenv("CMDB_ACTOR", "ngozi.eze")
    made = ask(capfd, "request", "open", "virtual-machine", "--form", "name=dc1-test-1")
    number = made["number"]
    assert "their own request" in say(capfd, "request", "approve", number, status=1)
    assert "is written NAME=VALUE" in say(
        capfd, "request", "open", "access", "--form", "x", status=2
    )
    monkeypatch.setenv("CMDB_ACTOR", "hanna.virtanen")
    assert f"{number} is approved." in say(capfd, "request", "approve", number)
    (tmp_path / "in.csv").write_text("kind,name,serial\nVirtualMachine,dc1-test-1,VM-1\n")
    say(capfd, "import", str(tmp_path / "in.csv"), "--source", "vcenter")
    assert ask(capfd, "request", "show", number)["state"] == "closed_complete"
    assert "relates to VirtualMachine dc1-test-1" in say(capfd, "request", "show", number)
    assert "0 requests completed" in say(capfd, "request", "fulfil")
    assert ask(capfd, "request", "fulfil") == {"requests": []}
    assert ask(capfd, "request", "expiring")["requests"] == []
    assert "until" in say(capfd, "request", "expiring")
    assert "Say with --comment why" in say(capfd, "request", "reject", number, status=2)
    assert "28 requests" in say(capfd, "request", "list", "--limit", "2")
    asked = ask(capfd, "request", "open", "software", "--form", "product=Drawbridge")
    said = say(capfd, "request", "edit", asked["number"], "--note", "Ordered.")
    assert "is in process" in said


def test_baselines_health_and_duplicates(capfd: Captured) -> None:
    made = ask(
        capfd,
        "baseline",
        "take",
        "Core",
        "--kind",
        "NetworkDevice",
        "--item",
        "dc1-hv03",
        "--at",
        "4",
    )  # fmt: skip - as it is typed
    assert made["properties"]["baseline_revision"] == 4
    found = ask(capfd, "baseline", "verify", "BSL0000001", status=1)
    (row,) = found["differences"]
    assert (row["name"], row["field"], row["changes"]) == (
        "dc1-core-sw1",
        "operating_system_version",
        [],
    )
    assert "1 finding in 28 items" in say(capfd, "baseline", "verify", "BSL0000001", status=1)
    assert "Core" in say(capfd, "baseline", "list")
    assert ask(capfd, "baseline", "list")["total"] == 1
    assert "is a record" in say(capfd, "baseline", "take", "X", "--kind", "Incident", status=2)
    health = ask(capfd, "health", "--limit", "3")
    assert len(health["defects"]) == 3
    assert health["truncated"]
    assert "Completeness" in say(capfd, "health", "--limit", "3")
    assert len(ask(capfd, "duplicates")["duplicates"]) == 2
    assert "cmdb merge" in say(capfd, "duplicates")


@pytest.mark.parametrize("name", ["itil", "iso20000", "cobit", "dora"])
def test_a_report_in_every_form(capfd: Captured, name: str) -> None:
    made = ask(capfd, "report", name)
    assert made["revision"] == 5
    text = say(capfd, "report", name)
    assert made["title"] in text
    assert "(revision 5)" in text
    assert say(capfd, "report", name, "--format", "markdown").startswith(f"# {made['title']}")
    assert say(capfd, "report", name, "--format", "html").startswith("<!doctype html>")
    assert json.loads(say(capfd, "report", name, "--format", "json")) == made


def test_alerts_are_listed_and_bound(capfd: Captured, tmp_path: Path) -> None:
    (tmp_path / "alert.json").write_text(
        json.dumps(
            {
                "event_action": "trigger",
                "routing_key": "k",
                "dedup_key": "d1",
                "payload": {"summary": "Hot", "source": "nowhere", "severity": "critical"},
            }
        )
    )
    say(capfd, "alerts", "receive", "pagerduty", str(tmp_path / "alert.json"))
    listed = say(capfd, "alerts", "--unbound")
    assert "Hot" in listed
    assert "Hot" in json.dumps(ask(capfd, "alerts"))
