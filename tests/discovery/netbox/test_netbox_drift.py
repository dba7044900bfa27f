"""What NetBox declares beside what SNMP sees: one link with two sources, or drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from tests.discovery.netbox.api import TOKEN, netbox
from tests.discovery.netbox.estate import lists


def answered(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    capsys.readouterr()
    assert run_main([*command, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_declared_cable_that_is_seen_is_one_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    monkeypatch.setenv("NETBOX_TOKEN", TOKEN)
    with netbox(lists("4.2.3"), "4.2.3") as api:
        given = ["--set", f"url={api.url}", "--set", "token=env:NETBOX_TOKEN"]
        assert run_main(["scan", "netbox", *given]) == 0
    declared = answered(capsys, "drift", "--relation", "LINKED_TO")
    assert declared["both"] == 0
    seen = [
        {"item": {"kind": "NetworkDevice", "identifiers": ["key:snmp/1", "serial:SW-1"],
                  "properties": {"name": "switch-one"}}},
        {"item": {"kind": "Server", "identifiers": ["key:snmp/2", "serial:WEB-1"],
                  "properties": {"name": "web1"}}},
        {"item": {"kind": "NetworkDevice", "identifiers": ["key:snmp/3", "serial:SW-2"],
                  "properties": {"name": "switch-two"}}},
        {"link": {"relation": "LINKED_TO", "from": "key:snmp/2", "to": "key:snmp/1",
                  "evidence": "LLDP"}},
    ]  # fmt: skip
    told = tmp_path / "seen.jsonl"
    told.write_text("\n".join(map(json.dumps, seen)))
    assert run_main(["import", str(told), "--source", "snmp"]) == 0
    found = answered(capsys, "drift", "--relation", "LINKED_TO")
    assert found["both"] == 1
    only = answered(capsys, "drift", "--relation", "LINKED_TO", "--never", "seen")["links"]
    assert len(only) == 1
    assert "web1" not in json.dumps(only)
