"""`python -m bench.snmp`: recorded answers of network devices, understood, per second and core.

The devices are switches with 48 ports each in a tree of cables, with hosts behind the other ports.
Beside our reading of their recording (JSON to observations) stands the standard library's reading
of the same bytes, which understands nothing of them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time

from bench.report import Figure, table
from discovery.scanner import Parsed, decode_payload, encode_payload
from discovery.snmp import SCANNER, SnmpSettings
from discovery.snmp.payload import Agent, SnmpPayload, Value

PORTS = 48
FAN = 4
"""How many switches hang on one."""
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def estate(devices: int) -> SnmpPayload:
    """A tree of switches, as their agents describe it."""
    return SnmpPayload(("bench",), tuple(_switch(n, devices) for n in range(devices)))


def _switch(n: int, devices: int) -> Agent:
    rows = [str(port) for port in range(1, PORTS + 1)]
    neighbours = {child % FAN + 1: child for child in range(n * FAN + 1, n * FAN + FAN + 1)}
    there = {port: child for port, child in neighbours.items() if child < devices}
    if n:
        there[PORTS] = (n - 1) // FAN
    columns: dict[str, dict[str, Value]] = {
        "interface_name": {row: f"Gi1/0/{row}" for row in rows},
        "interface_description": {row: f"GigabitEthernet1/0/{row}" for row in rows},
        "interface_type": dict.fromkeys(rows, 6),
        "interface_mtu": dict.fromkeys(rows, 1500),
        "interface_high_speed": dict.fromkeys(rows, 1000),
        "interface_state": dict.fromkeys(rows, 1),
        "interface_address": {row: _mac(n, int(row)) for row in rows},
        "bridge_interface": {row: int(row) for row in rows},
        "entity_class": {"1": 3, "2": 6, "3": 6},
        "entity_container": {"1": 0, "2": 1, "3": 1},
        "entity_name": {"1": "Chassis", "2": "PSU 1", "3": "PSU 2"},
        "entity_serial": {"1": f"FOC{n:08d}", "2": f"PSU{n:07d}A", "3": f"PSU{n:07d}B"},
        "entity_model": {"1": "WS-C2960X-48FPS-L"},
        "lldp_port_subtype": dict.fromkeys(rows, 5),
        "lldp_port": {row: f"Gi1/0/{row}" for row in rows},
        "lldp_remote_chassis_subtype": {f"0.{port}.1": 4 for port in there},
        "lldp_remote_chassis": {f"0.{port}.1": _mac(to, 1) for port, to in there.items()},
        "lldp_remote_port_subtype": {f"0.{port}.1": 5 for port in there},
        "lldp_remote_port": {f"0.{port}.1": _far_port(n, to) for port, to in there.items()},
        "lldp_remote_name": {f"0.{port}.1": f"sw{to}" for port, to in there.items()},
        "lldp_remote_enabled": {f"0.{port}.1": "\x28\x00" for port in there},
        "vlan_heard_port": {
            f"1.2.0.{n >> 8}.{n & 255}.0.{port}": port
            for port in range(1, PORTS + 1)
            if port not in there
        },
    }
    scalars: dict[str, Value] = {
        "name": f"sw{n}",
        "description": "Cisco IOS Software, C2960X Software, Version 15.2(7)E3",
        "object": "1.3.6.1.4.1.9.1.1208",
        "services": 6,
        "chassis_subtype": 4,
        "chassis": _mac(n, 1),
    }
    return Agent(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", scalars, columns)


def _far_port(n: int, to: int) -> str:
    """The port at the other end: a switch hangs on its parent by its last one."""
    return f"Gi1/0/{PORTS if to > n else n % FAN + 1}"


def _mac(n: int, port: int) -> str:
    return f"\x06\x00{chr(n >> 16)}{chr(n >> 8 & 255)}{chr(n & 255)}{chr(port)}"


def measure(devices: int, rounds: int = 3) -> tuple[Figure, Counter[str]]:
    """The best of some rounds each, turn by turn, and what was found by kind and relation."""
    recording = encode_payload(estate(devices))
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(_seconds(lambda: _understand(recording)))
        bare.append(_seconds(lambda: json.loads(recording)))
    found = Counter(
        str(getattr(seen, "kind", None) or getattr(seen, "relation", ""))
        for seen in _understand(recording).observations
    )
    what = f"SNMP answers to observations ({len(recording) / devices / 1000:.0f} kB a device)"
    return Figure("-", what, devices, min(ours), "json.loads", min(bare)), found


def _understand(recording: bytes) -> Parsed:
    return SCANNER.parse(decode_payload(SCANNER, recording), SnmpSettings(), NOW)


def _seconds(work: Callable[[], object]) -> float:
    begin = process_time()
    work()
    return process_time() - begin


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.snmp", description=__doc__)
    parser.add_argument("--devices", type=int, default=1000)
    figure, found = measure(parser.parse_args().devices)
    print(table([figure]))
    print(", ".join(f"{n:,} {name}" for name, n in sorted(found.items())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
