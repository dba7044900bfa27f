"""The lab, scanned live: its graph is what its topology says."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.items import Item, ItemObservation, Link, LinkObservation
from cmdb.store.port import Store
from discovery.run import ScanResult
from discovery.scanner import decode_payload
from discovery.snmp import SCANNER, SnmpSettings
from discovery.snmp.payload import SnmpPayload
from tests.discovery.conftest import load_scan
from tests.discovery.snmp.agents import NOW, parsed
from tools.lab.lab import Lab
from tools.lab.topology import Topology, topology

RECORDING = Path(__file__).parent / "recordings" / "lab.json"
"""What the lab's agents said once; `python -m tests.discovery.snmp.record` makes it anew."""


def cables_of(found: ScanResult) -> dict[frozenset[str], LinkObservation]:
    """The cables of a scan by the names of their two ends."""
    names = {
        o.identifiers[0]: str(o.properties["name"])
        for o in found.observations
        if isinstance(o, ItemObservation)
    }
    return {
        frozenset((names[o.from_key], names[o.to_key])): o
        for o in found.observations
        if isinstance(o, LinkObservation) and o.relation == "LINKED_TO"
    }


def check(found: ScanResult, truth: Topology) -> None:
    """A scan of the lab says what the lab is, and nothing else."""
    assert found.errors == ()
    cables = cables_of(found)
    expected = {
        frozenset((a, b)): f"{a} {a_port} - {b} {b_port} (LLDP, told at both ends)"
        for (a, a_port), (b, b_port) in (sorted(cable) for cable in truth.cables)
    }
    assert {ends: link.evidence for ends, link in cables.items()} == expected
    assert {link.confidence for link in cables.values()} == {1.0}
    items = {
        str(o.properties["name"]): o
        for o in found.observations
        if isinstance(o, ItemObservation) and o.kind != "NetworkInterface"
    }
    assert items.keys() == {node.name for node in truth.nodes}
    for node in truth.nodes:
        item = items[node.name]
        assert item.kind == ("NetworkDevice" if node.switch else "Server")
        assert item.properties["ip_addresses"] == [node.address]
        assert item.properties.get("network_role") == ("gateway" if node.gateway else None)
        assert {i for i in item.identifiers if i.startswith("mac:")} == {
            f"mac:{node.mac(port)}" for port in node.ports
        }
    interfaces = {
        str(o.properties["name"])
        for o in found.observations
        if isinstance(o, ItemObservation) and o.kind == "NetworkInterface"
    }
    assert interfaces == {
        f"{node.name} {port}"
        for node in truth.nodes
        if node.switch
        for port in (*node.ports, "br0")
    }


def result(payload: SnmpPayload, minutes: int = 0) -> ScanResult:
    """A scan that brought this payload."""
    time = NOW + timedelta(minutes=minutes)
    found = SCANNER.parse(payload, _DEFAULT, time)
    return ScanResult(
        "snmp", found.scope, found.full, found.observations, time, found.errors, found.notes
    )


def recorded() -> SnmpPayload:
    """The recording of the lab."""
    return decode_payload(SCANNER, RECORDING.read_bytes())


_DEFAULT = SnmpSettings()


def test_the_recorded_lab() -> None:
    check(result(recorded()), topology())


@pytest.mark.parametrize("version", ["2c", "3"])
async def test_the_live_lab(lab: Lab, version: str) -> None:
    payload = await asyncio.to_thread(ask_lab, lab, version)
    found = result(payload)
    check(found, lab.topology)
    assert parsed(payload).notes == ()


async def test_a_wrong_key_is_told_apart_from_silence(lab: Lab) -> None:
    said = await asyncio.to_thread(ask_lab_wrongly, lab)
    assert "the user's authentication key, or how it is used, is wrong" in said


async def test_a_second_scan_changes_nothing(store: Store) -> None:
    first = await load_scan(store, result(recorded()))
    assert first.rejected == []
    assert first.run.counts["created"] == 18
    links = [v async for v in store.stream() if isinstance(v, Link)]
    assert len(links) == 17
    second = await load_scan(store, result(recorded(), 1))
    assert second.revisions == []


async def test_what_is_unplugged_is_no_longer_linked(store: Store) -> None:
    whole = recorded()
    await load_scan(store, result(whole))
    sw2, web1 = "10.99.0.2", "10.99.0.11"
    columns = {a.address: a.columns for a in whole.agents}
    silent = json.loads(RECORDING.read_bytes())
    silent["agents"] = [a for a in silent["agents"] if a["address"] != web1]
    for agent in silent["agents"]:
        if agent["address"] == sw2:
            for name, rows in agent["columns"].items():
                if name.startswith("lldp_remote"):
                    agent["columns"][name] = {r: v for r, v in rows.items() if ".3." not in r}
    assert columns[sw2] != {}
    again = decode_payload(SCANNER, json.dumps(silent).encode())
    await load_scan(store, result(again, 1))
    items = {v.id: v async for v in store.stream() if isinstance(v, Item)}
    gone = [i.name for i in items.values() if i.status == "missing"]
    assert sorted(gone) == ["sw2 p2", "web1"]
    links = [v async for v in store.stream() if isinstance(v, Link)]
    missing = {
        frozenset((items[v.from_id].name, items[v.to_id].name))
        for v in links
        if v.status == "missing" and v.relation == "LINKED_TO"
    }
    assert missing == {frozenset(("sw2", "web1"))}


def ask_lab(lab: Lab, version: str) -> SnmpPayload:
    """What all agents of the lab say, asked from its node ``scan``."""
    from tests.discovery.snmp.record import ask_from_scan

    return decode_payload(SCANNER, ask_from_scan(lab, version).encode())


def ask_lab_wrongly(lab: Lab) -> str:
    from tests.discovery.snmp.record import ask_from_scan

    return ask_from_scan(lab, "wrong")
