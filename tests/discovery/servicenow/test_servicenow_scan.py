"""Scanning a ServiceNow instance over HTTP, as people run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from tests.discovery.servicenow.desk import PASSWORD, Desk, desk, settings_of

SITE_ITEMS = [
    ("Server", ["serial:4C1", "fqdn:web1.example.org"], "web1"),
    ("Server", ["serial:4C2", "fqdn:db1.example.org"], "db1"),
    ("ServiceInstance", ["key:scan/shop"], "shop"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with three items in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    monkeypatch.setenv("DESK_PASSWORD", PASSWORD)
    lines = [
        json.dumps({"item": {"kind": k, "identifiers": i, "properties": {"name": n}}})
        for k, i, n in SITE_ITEMS
    ]
    (tmp_path / "items.jsonl").write_text("\n".join(lines) + "\n")
    assert run_main(["import", "items.jsonl"]) == 0
    return tmp_path


@pytest.fixture
def site() -> Iterator[Desk]:
    """An instance with records of each table, more than fit a page of two."""
    with desk() as made:
        made.put("cmdb_ci", "c1", name="web1", serial_number="4C1", fqdn="web1.example.org")
        made.put("cmdb_ci", "c2", name="db1", fqdn="db1.example.org")
        made.put("cmdb_ci", "c3", name="old mainframe")
        made.put("cmdb_ci", "s1", name="shop")
        made.put("problem", "p1", number="PRB0040001", short_description="Pool too small",
                 state="103", known_error="true", workaround="Restart", cmdb_ci="c2")  # fmt: skip
        made.put("change_request", "h1", number="CHG0030001", short_description="More memory",
                 state="-2", type="normal", risk="3", cmdb_ci="c2",
                 start_date="2026-04-01 20:00:00", end_date="2026-04-01 22:00:00")  # fmt: skip
        made.put("incident", "i1", number="INC0010001", short_description="Shop is down",
                 state="2", impact="1", urgency="2", priority="2", cmdb_ci="c1",
                 business_service="s1", problem_id="p1", rfc="h1",
                 opened_at="2026-03-01 09:59:30")  # fmt: skip
        for n in range(2, 7):
            made.put("incident", f"i{n}", number=f"INC001000{n}", short_description="Slow",
                     state="1", cmdb_ci="c1", parent_incident="i1")  # fmt: skip
        made.put("sc_req_item", "r1", number="RITM0010001", short_description="A laptop", state="2")
        made.put("task_ci", "t1", task="i1", ci_item="c2")
        made.put("task_ci", "t2", task="h1", ci_item="c1")
        yield made


def scan(site: Desk, *more: str, **given: Any) -> int:
    words = settings_of(site, **{"page_size": 2, **given})
    return run_main(["scan", "servicenow", *words, *more])


def shown(name: str, capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capfd.readouterr()
    assert run_main(["show", name, "--json"]) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def links(name: str, capfd: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    found = shown(name, capfd)["links"]
    return sorted((k["relation"], k["name"]) for k in found if k["outgoing"])


def revision(capfd: pytest.CaptureFixture[str]) -> int:
    capfd.readouterr()
    assert run_main(["info", "--json"]) == 0
    return int(json.loads(capfd.readouterr().out)["revision"])


def test_every_table_comes_with_its_pages_values_and_links(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(site) == 0
    said = capfd.readouterr()
    assert "experimental" in said.err
    assert site.asked.count("incident") == 3
    one = shown("INC0010001", capfd)
    assert one["kind"] == "Incident"
    assert one["properties"] == {
        "name": "INC0010001",
        "number": "INC0010001",
        "correlation_id": "i1",
        "short_description": "Shop is down",
        "state": "in_progress",
        "impact": 1,
        "urgency": 2,
        "priority": 2,
        "opened_at": "2026-03-01T09:59:30Z",
    }
    host = site.url.removeprefix("http://")
    assert one["identifiers"] == [f"key:servicenow/{host}/INC0010001", f"key:servicenow/{host}/i1"]
    assert links("INC0010001", capfd) == [
        ("AFFECTS", "db1"), ("AFFECTS", "shop"), ("AFFECTS", "web1"),
        ("FIXED_BY", "CHG0030001"), ("RELATES_TO", "PRB0040001"),
    ]  # fmt: skip
    assert links("INC0010006", capfd) == [("AFFECTS", "web1"), ("CHILD_OF", "INC0010001")]
    assert links("CHG0030001", capfd) == [("CHANGES", "db1"), ("CHANGES", "web1")]
    change = shown("CHG0030001", capfd)["properties"]
    assert (change["state"], change["change_type"], change["risk"]) == (
        "scheduled", "normal", "moderate",
    )  # fmt: skip
    problem = shown("PRB0040001", capfd)["properties"]
    assert (problem["state"], problem["known_error"]) == ("root_cause_analysis", True)
    assert shown("RITM0010001", capfd)["properties"]["state"] == "in_process"


def test_the_same_again_changes_nothing_and_reads_only_what_changed(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(site) == 0
    before = revision(capfd)
    assert scan(site, "--since", "all") == 0
    assert "Nothing changed." in capfd.readouterr().out
    site.asked.clear()
    assert scan(site) == 0
    assert "Read what changed since" in capfd.readouterr().err
    assert site.asked.count("incident") == 1
    assert revision(capfd) == before


def test_what_goes_on_there_goes_on_here_and_what_is_taken_back_goes(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(site) == 0
    site.put("incident", "i1", "2999-01-01 00:00:00", state="6", cmdb_ci="c2", rfc="",
             close_code="Solved (Permanently)", close_notes="Grew the pool", assigned_to="",
             resolved_at="2026-03-01 11:30:00")  # fmt: skip
    assert scan(site) == 0
    props = shown("INC0010001", capfd)["properties"]
    assert (props["state"], props["resolved_at"]) == ("resolved", "2026-03-01T11:30:00Z")
    assert links("INC0010001", capfd) == [
        ("AFFECTS", "db1"), ("AFFECTS", "shop"), ("RELATES_TO", "PRB0040001"),
    ]  # fmt: skip
    # Reopened there, by a way that our life cycle does not have: it is as it is there.
    site.put("incident", "i1", "2999-01-01 00:00:00", state="1", resolved_at="", cmdb_ci="c1")
    assert scan(site) == 0
    props = shown("INC0010001", capfd)["properties"]
    assert (props["state"], props.get("resolved_at")) == ("new", None)
    assert ("AFFECTS", "web1") in links("INC0010001", capfd)


def test_an_item_that_nobody_knows_is_told_of_and_not_invented(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    site.put("incident", "i7", number="INC0010007", short_description="Slow", state="1",
             cmdb_ci="c3")  # fmt: skip
    site.put("cmdb_ci", "c4", name="web9", fqdn="web9.example.org")
    site.put("incident", "i8", number="INC0010008", short_description="x", state="1", cmdb_ci="c4")
    assert scan(site) == 0
    said = capfd.readouterr().out
    assert "leads nowhere" in said
    assert "i7 AFFECTS what is called old mainframe" in said
    assert "what is called web9" in said
    assert run_main(["search", "mainframe"]) == 0
    assert "mainframe" not in capfd.readouterr().out
    assert links("INC0010007", capfd) == []
    # What is known by an identifier waits for its item.
    (home / "later.jsonl").write_text(
        '{"item": {"kind": "Server", "identifiers": ["fqdn:web9.example.org"], '
        '"properties": {"name": "web9"}}}\n'
    )
    assert run_main(["import", "later.jsonl"]) == 0
    assert links("INC0010008", capfd) == [("AFFECTS", "web9")]


def test_a_denied_table_makes_the_run_partial_and_retires_nothing(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(site) == 0
    site.denied = {"problem", "task_ci"}
    site.put("incident", "i1", "2999-01-01 00:00:00", cmdb_ci="")
    capfd.readouterr()
    assert scan(site) == 4
    said = capfd.readouterr().err
    assert "Not read: table problem: " in said
    assert "403 Forbidden: the account may not read this" in said
    assert "table task_ci" in said
    # A part that has links was not read: none of them is taken to be gone.
    assert ("AFFECTS", "db1") in links("INC0010001", capfd)
    assert shown("PRB0040001", capfd)["status"] == "active"
    assert run_main(["runs", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["runs"][0]["status"] == "partial"
    # The next one reads from the last complete run on.
    site.denied.clear()
    assert scan(site) == 0
    assert links("INC0010001", capfd) == [
        ("AFFECTS", "db1"), ("AFFECTS", "shop"), ("FIXED_BY", "CHG0030001"),
        ("RELATES_TO", "PRB0040001"),
    ]  # fmt: skip


def test_a_busy_server_is_asked_again_as_it_wishes(home: Path, site: Desk) -> None:
    site.refuse["incident"] = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    assert scan(site) == 0
    assert site.asked.count("incident") == 5


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (500, {}, "answered 500 Internal Server Error"),
        (429, {"Retry-After": "3600"}, "asks to be left alone for 3600 seconds"),
        (302, {"Location": "https://elsewhere.example"}, "credentials go to no other address"),
    ],
)
def test_a_failing_page_is_named_and_the_rest_is_in(
    home: Path,
    site: Desk,
    capfd: pytest.CaptureFixture[str],
    status: int,
    headers: dict[str, str],
    sentence: str,
) -> None:
    site.refuse["incident"] = [(status, headers)]
    assert scan(site) == 4
    said = capfd.readouterr().err
    assert "Not read: table incident: " in said
    assert sentence in said
    assert shown("CHG0030001", capfd)["kind"] == "Change"


def test_refused_credentials_end_it_with_a_sentence_and_no_secret(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "wrong-and-secret")
    before = revision(capfd)
    assert scan(site) == 2
    said = capfd.readouterr()
    assert "refuses the credentials (401)" in said.err
    assert "wrong-and-secret" not in said.err + said.out
    assert site.asked == ["incident"]
    assert revision(capfd) == before


def test_a_server_that_is_not_there_is_unreachable(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = Desk()
    gone.url = "http://127.0.0.1:9"
    assert scan(gone) == 3
    assert "127.0.0.1:9 can't be reached" in capfd.readouterr().err


def test_nothing_that_is_stored_or_written_has_a_secret(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(site, "--output", "seen.jsonl") == 0
    assert scan(site) == 0
    assert run_main(["export", "-o", "all.jsonl"]) == 0
    for name in ("seen.jsonl", "all.jsonl"):
        assert PASSWORD not in (home / name).read_text()
    assert PASSWORD.encode() not in (home / "cmdb.db").read_bytes()


def test_what_a_collector_wrote_is_imported_to_the_same(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    assert scan(site, "--output", "seen.jsonl") == 0
    assert run_main(["import", "seen.jsonl", "--source", "servicenow"]) == 0
    imported = links("INC0010001", capfd)
    before = revision(capfd)
    assert scan(site) == 0
    assert links("INC0010001", capfd) == imported
    assert revision(capfd) == before


def test_pages_are_read_to_the_end_without_a_link_or_a_total(home: Path, site: Desk) -> None:
    site.links = False
    site.tables["incident"]["i2"]["hidden"] = "true"  # an access rule takes rows out of a page
    assert scan(site, "--output", "totals.jsonl") == 0
    site.totals = False
    assert scan(site, "--output", "blind.jsonl") == 0
    for name in ("totals.jsonl", "blind.jsonl"):
        text = (home / name).read_text()
        assert "INC0010006" in text
        assert "INC0010002" not in text


def test_a_next_page_on_another_server_is_not_asked_for(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    site.next_host = "http://127.0.0.1:9"
    assert scan(site) == 4
    assert "names a next page on another server, which is not asked" in capfd.readouterr().err


def test_an_oauth_token_does_as_well(
    home: Path, site: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "token").write_text("oauth-token\n")
    words = ["--set", f"url={site.url}", "--set", "token=file:token", "--set", "tables=incident"]
    assert run_main(["scan", "servicenow", *words]) == 0
    assert set(site.asked) == {"incident"}


def test_settings_may_stand_in_the_file_of_settings(home: Path, site: Desk) -> None:
    (home / "cmdb.toml").write_text(
        f'[scan.servicenow]\nurl = "{site.url}"\nuser = "cmdb"\npassword = "env:DESK_PASSWORD"\n'
        'tables = ["incident", "problem"]\npage_size = 100\n'
    )
    assert run_main(["scan", "servicenow", "--set", "tables=problem"]) == 0
    assert site.asked == ["problem"]
    assert run_main(["scan", "servicenow"]) == 0
    assert site.asked[1:] == ["incident", "problem"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"password": "hunter2"}, "Say where the secret is, not what it is"),
        ({"password": "env:NOWHERE"}, "The environment variable NOWHERE is not set"),
        ({"url": "http://desk.example.org"}, "would send the credentials in the clear"),
        ({"url": "https://u:p@desk.example.org"}, "must not have a user or password in it"),
        ({"url": "https://desk.example.org:port"}, "must be an address such as"),
        ({"url": ""}, "must be set, such as https://acme.service-now.com"),
        ({"tables": "incidents"}, "did you mean incident?"),
        ({"page_size": "0"}, "It must be a whole number from 1 to 10000, not '0'"),
        ({"user": ""}, "is needed with a password"),
        ({"mapping": "nowhere.toml"}, "The file nowhere.toml can't be read"),
    ],
)
def test_wrong_settings_are_told_and_nothing_is_asked(
    home: Path, site: Desk, capfd: pytest.CaptureFixture[str], given: dict[str, str], sentence: str
) -> None:
    assert scan(site, **given) == 2
    said = capfd.readouterr().err
    assert sentence in said
    assert "hunter2" not in said
    assert site.asked == []
