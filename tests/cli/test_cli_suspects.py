"""`cmdb suspects` as its users meet it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from cmdb.items.value import format_time

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Three imports: an app on a server with a neighbour, then one edit of each server."""
    name = f"sqlite:///{tmp_path / 'own.db'}"

    def server(host: str, memory: int) -> dict[str, Any]:
        return {
            "item": {
                "kind": "Server",
                "identifiers": [f"fqdn:{host}"],
                "properties": {"name": host, "memory": memory},
            }
        }

    app = {"item": {"kind": "ServiceInstance", "identifiers": ["name:ServiceInstance/app"]}}
    ends = {"from": "name:ServiceInstance/app", "to": "fqdn:web1"}
    link = {"link": {"relation": "RUNS_ON", **ends}}
    imports = ([app, server("web1", 1), server("web2", 1), link], [server("web1", 2)])
    for number, rows in enumerate((*imports, [server("web2", 2)])):
        file = tmp_path / f"{number}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert run_main(["import", str(file), "--source", "scan", "--store", name]) == 0
    return name


def test_edits_upstream_are_suspects(store: str, capfd: Captured) -> None:
    capfd.readouterr()
    assert run_main(["suspects", "app", "--store", store, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    rows = [([i["name"] for i in s["items"]], s["kind"]) for s in found["suspects"]]
    assert rows[0] == (["web1"], "updated")
    assert sorted(rows[1:]) == [
        (["app"], "created"),
        (["app", "web1"], "created"),
        (["web1"], "created"),
    ]
    assert (found["total"], found["upstream"], found["truncated"]) == (4, 2, False)
    assert found["suspects"][0]["summary"] == "changed: memory"
    assert run_main(["suspects", "app", "--store", store]) == 0
    said = capfd.readouterr().out
    assert "4 edits on what they rest on" in said
    assert "Server web1" in said
    assert "web2" not in said


def test_only_the_time_asked_for_is_looked_at(store: str, capfd: Captured) -> None:
    capfd.readouterr()
    asked = ["suspects", "app", "--store", store, "--json", "--since"]
    assert run_main([*asked, "2020-01-01"]) == 0
    assert json.loads(capfd.readouterr().out)["total"] == 4
    assert run_main([*asked, format_time(datetime.now(UTC))]) == 0
    assert json.loads(capfd.readouterr().out)["suspects"] == []
    assert run_main([*asked, "2020-01-01", "--until", "2999-01-01"]) == 2
    assert "has not come yet" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "There is no item"),
        (["app", "--since", "2998-01-01"], "must end after it starts"),
        (["app", "--until", "2001-01-01"], "was not there then"),
        (["app", "--since", "yesterday"], "--since: must be a time"),
    ],
)
def test_what_is_wrong_is_said(
    store: str, arguments: list[str], said: str, capfd: Captured
) -> None:
    capfd.readouterr()
    assert run_main(["suspects", *arguments, "--store", store]) == 2
    assert said in capfd.readouterr().err
