"""What nmap says becomes the right items, beside what the machine says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cmdb.items import Item
from cmdb.store.port import Store
from discovery.local import SCANNER as LOCAL
from discovery.local import LocalSettings
from discovery.network import SCANNER, NetworkSettings
from discovery.network.xml import read_pieces
from discovery.run import ScanResult
from discovery.scanner import decode_payload
from tests.discovery.conftest import items_by_name, load_scan
from tests.discovery.network.scans import host, scan, service

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
RECORDING = Path(__file__).parents[1] / "local/recordings/root.json"


def result(data: bytes, minutes: int) -> ScanResult:
    time = NOW + timedelta(minutes=minutes)
    found = SCANNER.parse(read_pieces([data], "scan.xml"), NetworkSettings(), time)
    return ScanResult("network", found.scope, found.full, found.observations, time)


async def items(store: Store) -> list[Item]:
    return [value async for value in store.stream() if isinstance(value, Item)]


BOTH = scan(
    host("10.0.0.5", service(22, "ssh", "OpenSSH", "9.2p1"), mac="52:54:00:AA:00:01"),
    host("10.0.0.6", service(80, "http", "nginx", "1.22.1")),
)


async def test_a_second_scan_changes_nothing(store: Store) -> None:
    first = await load_scan(store, result(BOTH, 0))
    second = await load_scan(store, result(BOTH, 1))
    assert first.rejected == []
    assert first.run.counts["created"] == 4
    assert second.revisions == []


async def test_what_no_longer_answers_is_missing_after_a_full_scan(store: Store) -> None:
    await load_scan(store, result(BOTH, 0))
    await load_scan(store, result(scan(host("10.0.0.6")), 1))
    status = {name: item.status for name, item in (await items_by_name(store)).items()}
    assert status == {
        "10.0.0.5": "missing",
        "openssh on 10.0.0.5": "missing",
        "10.0.0.6": "active",
        "nginx on 10.0.0.6": "missing",
    }


async def test_a_host_seen_by_itself_and_by_nmap_is_one_item(store: Store) -> None:
    local = LOCAL.parse(
        decode_payload(LOCAL, RECORDING.read_bytes()), LocalSettings(), NOW + timedelta(minutes=0)
    )
    await load_scan(store, ScanResult("local", local.scope, local.full, local.observations, NOW))
    before = {item.id: item for item in await items(store)}
    machine = next(i for i in before.values() if any(k.startswith("mac:") for k in i.identifiers))
    mac = next(k for k in machine.identifiers if k.startswith("mac:")).partition(":")[2]
    address = next(k for k in machine.identifiers if k.startswith("ip:")).rpartition("/")[2]
    ports = sorted(
        int(k.rpartition(":")[2])
        for item in before.values()
        for k in item.identifiers
        if k.startswith(f"endpoint:default/tcp/{address}:")
    )
    assert ports
    seen = scan(host(address, *(service(port, "x") for port in ports), mac=mac.upper()))
    loaded = await load_scan(store, result(seen, 1))
    assert loaded.rejected == []
    assert {item.id for item in await items(store)} == before.keys()
    again = await load_scan(store, result(seen, 2))
    assert again.revisions == []
