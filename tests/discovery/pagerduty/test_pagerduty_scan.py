"""Scanning a PagerDuty account over HTTP, as people run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from cmdb.items.value import format_time
from tests.discovery.pagerduty.account import TOKEN, Account, account

NOW = datetime.now(UTC)
OLD = format_time(NOW - timedelta(days=900))


def ago(days: float) -> str:
    return format_time(NOW - timedelta(days=days))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    monkeypatch.setenv("PD_TOKEN", TOKEN)
    (tmp_path / "items.csv").write_text(
        "kind,key,name\nServiceInstance,scan/shop,shop@production\nServer,scan/web1,web1\n"
    )
    assert run_main(["import", "items.csv"]) == 0
    shipped = Path(__file__).parents[3] / "discovery/pagerduty/mapping.toml"
    aliases = '"Shop (production)" = "shop@production"\n'
    (tmp_path / "mapping.toml").write_text(shipped.read_text() + aliases)
    return tmp_path


@pytest.fixture
def pager() -> Iterator[Account]:
    with account() as made:
        made.put("Q1", incident_number=1, title="Shop is down", status="acknowledged",
                 urgency="high", created_at=ago(1), priority={"summary": "P1"},
                 service={"id": "PS1", "summary": "Shop (production)"},
                 acknowledgements=[{"at": ago(0.9), "acknowledger": {"summary": "Ada"}}],
                 assignments=[{"at": ago(1), "assignee": {"summary": "Ada"}}],
                 escalation_policy={"summary": "Shop on call"})  # fmt: skip
        for n in range(2, 8):
            made.put(f"Q{n}", incident_number=n, title="Slow", status="resolved", urgency="low",
                     created_at=ago(300 - n), last_status_change_at=ago(299 - n),
                     service={"id": "PS2", "summary": "web1"})  # fmt: skip
        made.put("Q8", incident_number=8, title="Forgotten", status="triggered", urgency="low",
                 created_at=OLD, service={"id": "PS3", "summary": "who knows"})  # fmt: skip
        made.put("Q9", incident_number=9, title="Long over", status="resolved", urgency="low",
                 created_at=OLD, service={"id": "PS2", "summary": "web1"})  # fmt: skip
        for entry in made.entries:
            entry["created_at"] = ago(1)
        yield made


def scan(made: Account, *more: str, **given: object) -> int:
    words: dict[str, object] = {"url": made.url, "token": "env:PD_TOKEN", "page_size": 2,
                                "mapping": "mapping.toml", "account": "acme", **given}  # fmt: skip
    asked = [w for n, v in words.items() for w in ("--set", f"{n}={v}")]
    return run_main(["scan", "pagerduty", *asked, *more])


def shown(name: str, capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capfd.readouterr()
    assert run_main(["show", name, "--json"]) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def test_incidents_come_with_times_people_and_services_and_go_on(
    home: Path, pager: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(pager) == 0
    assert "AFFECTS what is called who knows" in capfd.readouterr().out
    one = shown("PD1", capfd)
    assert one["identifiers"] == ["key:pagerduty/acme/PD1", "key:pagerduty/acme/Q1"]
    assert one["properties"] == {
        "name": "PD1",
        "number": "PD1",
        "correlation_id": "Q1",
        "short_description": "Shop is down",
        "state": "in_progress",
        "urgency": 1,
        "priority": 1,
        "assigned_to": "Ada",
        "assignment_group": "Shop on call",
        "opened_at": ago(1),
        "acknowledged_at": ago(0.9),
    }
    assert [(k["relation"], k["name"]) for k in one["links"]] == [("AFFECTS", "shop@production")]
    assert shown("PD7", capfd)["properties"]["resolved_at"] == ago(292)
    assert shown("PD8", capfd)["properties"]["state"] == "new"  # older than a year, and open
    assert run_main(["show", "PD9"]) == 2  # older than a year, and over
    assert "no item 'PD9'" in capfd.readouterr().err
    pager.asked.clear()
    assert scan(pager) == 0
    assert "Nothing changed." in capfd.readouterr().out
    assert pager.asked == ["log_entries"]
    # Resolved there, however old, it is resolved here; its acknowledgement is not forgotten.
    pager.put("Q1", status="resolved", last_status_change_at=ago(0), acknowledgements=[])
    pager.put("QX", status="resolved", created_at=ago(0))
    del pager.incidents["QX"]  # merged into another one
    assert scan(pager) == 0
    assert pager.asked[1:] == ["log_entries", "QX", "Q1"]
    props = shown("PD1", capfd)["properties"]
    assert (props["state"], props["resolved_at"]) == ("resolved", ago(0))
    assert props["acknowledged_at"] == ago(0.9)


def test_more_than_can_be_asked_for_at_once_is_read_in_ranges(home: Path, pager: Account) -> None:
    for n in range(10_250):
        pager.incidents[f"R{n:05}"] = {
            "id": f"R{n:05}", "incident_number": 100 + n, "title": "Storm", "status": "resolved",
            "urgency": "low", "created_at": format_time(NOW - timedelta(days=9, minutes=-n / 2)),
        }  # fmt: skip
    assert scan(pager, "--output", "seen.jsonl", page_size=100) == 0
    found = {
        json.loads(line)["item"]["properties"]["number"]
        for line in (home / "seen.jsonl").read_text().splitlines()
        if '"item"' in line
    }
    assert {f"PD{100 + n}" for n in range(10_250)} <= found


def test_a_denied_part_makes_the_run_partial(
    home: Path, pager: Account, capfd: pytest.CaptureFixture[str]
) -> None:
    pager.denied = {"open"}
    assert scan(pager) == 4
    assert "Not read: open incidents: " in capfd.readouterr().err
    assert shown("PD1", capfd)["kind"] == "Incident"


def test_refused_credentials_end_it_with_a_sentence(
    home: Path,
    pager: Account,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PD_TOKEN", "wrong-and-secret")
    assert scan(pager) == 2
    said = capfd.readouterr().err
    assert "refuses the credentials (401)" in said
    assert "wrong-and-secret" not in said
