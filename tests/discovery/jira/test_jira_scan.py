"""Scanning a Jira site over HTTP, as people run it, and what its issues say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from cmdb.items import ItemObservation, LinkObservation
from discovery.jira import SCANNER
from discovery.jira.payload import JiraPage
from discovery.jira.settings import JiraSettings
from tests.discovery.jira.site import TOKEN, USER, Site, site

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DESCRIPTION = {
    "type": "doc",
    "version": 1,
    "content": [
        {"type": "paragraph", "content": [
            {"type": "text", "text": "Since "},
            {"type": "mention", "attrs": {"id": "7", "text": "@Ada"}},
            {"type": "text", "text": " deployed:"},
        ]},
        {"type": "bulletList", "content": [
            {"type": "listItem", "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "slow"}]}]},
            {"type": "listItem", "content": [
                {"type": "paragraph", "content": [{"type": "text", "text": "then down"}]}]},
        ]},
    ],
}  # fmt: skip


def status(name: str, category: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": category}}


def filled(made: Site) -> None:
    made.put("1", "OPS-1", "[System] Incident", summary="Shop is down", description=DESCRIPTION,
             status=status("Waiting for vendor", "indeterminate"), priority={"name": "High"},
             Impact={"value": "Extensive / Widespread"}, assignee={"displayName": "Ada"},
             Affected_services=[{"id": "ari:1", "name": "shop"}], components=[{"name": "web1"}],
             issuelinks=[
                 {"type": {"name": "Problem/Incident", "inward": "is caused by"},
                  "inwardIssue": {"id": "5", "fields": {"issuetype": {"name": "Problem"}}}},
                 {"type": {"name": "Causes", "inward": "is caused by"},
                  "inwardIssue": {"id": "6", "fields": {"issuetype": {"name": "Change"}}}},
                 {"type": {"name": "Relates"}, "outwardIssue": {"id": "2", "fields": {}}},
             ])  # fmt: skip
    for n in range(2, 5):
        made.put(str(n), f"OPS-{n}", "Incident", summary="Slow", status=status("Open", "new"),
                 components=[{"name": "nobody knows it"}])  # fmt: skip
    made.put("5", "OPS-5", "Problem", summary="Leak", status=status("Open", "new"))
    made.put("6", "OPS-6", "Change", summary="Deploy", status=status("Implementing", "done"),
             Change_type={"value": "Normal"}, components=[{"name": "web1"}])  # fmt: skip
    made.put("7", "OPS-7", "Task", summary="Tidy up", status=status("Open", "new"))
    made.put("8", "DEV-1", "Incident", summary="Build broken", status=status("Open", "new"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    monkeypatch.setenv("JIRA_TOKEN", TOKEN)
    (tmp_path / "items.csv").write_text(
        "kind,key,name\nServiceInstance,scan/shop,shop\nServer,scan/web1,web1\n"
    )
    assert run_main(["import", "items.csv"]) == 0
    return tmp_path


@pytest.fixture(params=["cloud", "data center"])
def jira(request: pytest.FixtureRequest) -> Iterator[Site]:
    with site(cloud=request.param == "cloud") as made:
        filled(made)
        yield made


def scan(made: Site, *more: str, projects: str = "OPS,DEV") -> int:
    words = [f"url={made.url}", "token=env:JIRA_TOKEN", f"projects={projects}"]
    words += [f"user={USER}"] if made.cloud else []
    return run_main(["scan", "jira", *(w for word in words for w in ("--set", word)), *more])


def shown(name: str, capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capfd.readouterr()
    assert run_main(["show", name, "--json"]) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def links(name: str, capfd: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    found = shown(name, capfd)["links"]
    return sorted((k["relation"], k["name"]) for k in found if k["outgoing"])


def test_issues_come_with_their_pages_states_and_links_and_go_on(
    home: Path, jira: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(jira) == 0
    said = capfd.readouterr()
    assert "Records whose fields.issuetype.name is 'Task' fit no type" in said.err
    assert "AFFECTS what is called nobody knows it" in said.out
    assert len(jira.asked) == 5
    one = shown("OPS-1", capfd)
    assert one["kind"] == "Incident"
    assert one["properties"] == {
        "name": "OPS-1",
        "number": "OPS-1",
        "correlation_id": "1",
        "short_description": "Shop is down",
        "description": "Since @Ada deployed:\n- slow\n- then down",
        "state": "in_progress",
        "priority": 2,
        "impact": 1,
        "assigned_to": "Ada",
        "opened_at": "2026-03-01T09:00:00Z",
    }
    assert links("OPS-1", capfd) == [
        ("AFFECTS", "shop"), ("AFFECTS", "web1"), ("CAUSED_BY", "OPS-6"),
        ("RELATES_TO", "OPS-2"), ("RELATES_TO", "OPS-5"),
    ]  # fmt: skip
    change = shown("OPS-6", capfd)["properties"]
    assert (change["state"], change["change_type"]) == ("implement", "normal")
    assert links("OPS-6", capfd) == [("CHANGES", "web1")]
    capfd.readouterr()
    assert scan(jira) == 0
    assert "Nothing changed." in capfd.readouterr().out
    jira.put("1", "OPS-1", "[System] Incident", status=status("Resolved", "done"), assignee=None,
             issuelinks=[], resolutiondate="2026-03-01T12:30:00.000+0100")  # fmt: skip
    assert scan(jira) == 0
    assert 'updated >= "-' in jira.asked[-1]
    props = shown("OPS-1", capfd)["properties"]
    assert (props["state"], props["resolved_at"]) == ("resolved", "2026-03-01T11:30:00Z")
    assert "assigned_to" not in props
    assert links("OPS-1", capfd) == [("AFFECTS", "shop"), ("AFFECTS", "web1")]


def test_a_denied_project_makes_the_run_partial(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with site() as made:
        filled(made)
        made.denied = {"DEV"}
        assert scan(made) == 4
        assert "Not read: project DEV: " in capfd.readouterr().err
        assert shown("OPS-5", capfd)["kind"] == "Problem"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["user=x"], "refuses the credentials (401)"),
        (["projects="], "is needed, or jql"),
        (["projects=OP S"], "which is no project's key, such as OPS"),
        (["jql=x = y order by z"], "must not have an order of its own"),
        (["token="], "is needed: env:NAME or file:PATH"),
    ],
)
def test_wrong_settings_are_told(
    home: Path, capfd: pytest.CaptureFixture[str], given: list[str], sentence: str
) -> None:
    with site() as made:
        words = {"url": made.url, "token": "env:JIRA_TOKEN", "user": USER, "projects": "OPS"}
        words.update(dict(word.split("=", 1) for word in given))
        asked = [w for n, v in words.items() for w in ("--set", f"{n}={v}")]
        assert run_main(["scan", "jira", *asked]) == 2
        assert sentence in capfd.readouterr().err
        assert made.asked == []


def test_an_issue_is_read_as_it_is_shaped() -> None:
    """Parsing needs no server: the page is as it came."""
    issue = {
        "id": "42",
        "key": "OPS-42",
        "fields": {
            "issuetype": {"name": "[System] Incident"},
            "summary": "Mail bounces",
            "status": status("Escalated", "unheard of"),
            "customfield_10050": [{"id": "ari:cloud:graph::service/9"}],
            "parent": {"id": "41", "key": "OPS-41"},
            "created": "yesterday",
            "priority": {"name": "Blocker"},
        },
    }
    page = JiraPage("acme.atlassian.net", [issue], {"customfield_10050": "Affected services"})
    settings = JiraSettings(url="https://acme.atlassian.net", projects=("OPS",))
    parsed = SCANNER.parse(page, settings, NOW)
    item, *rest = parsed.observations
    assert isinstance(item, ItemObservation)
    assert item.identifiers == (
        "key:jira/acme.atlassian.net/42", "key:jira/acme.atlassian.net/OPS-42",
    )  # fmt: skip
    assert (item.properties["state"], item.properties["priority"]) == (None, None)
    assert [(o.relation, o.to_key, o.to_any) for o in rest if isinstance(o, LinkObservation)] == [
        ("AFFECTS", "", ("ari:cloud:graph::service/9",)),
        ("CHILD_OF", "key:jira/acme.atlassian.net/41", ()),
    ]
    state, priority, opened = parsed.notes
    assert state.startswith("Incident state: mapping.toml says nothing of 'Escalated'")
    assert priority.startswith("Incident priority: mapping.toml says nothing of 'Blocker'")
    assert opened.startswith("OPS-42: opened_at must be a time such as")
    assert not parsed.full
