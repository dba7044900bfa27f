"""Real devices that others recorded, played by a simulator: all cables found, none invented."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdb.items import ItemObservation, LinkObservation
from discovery.snmp.device import Device
from discovery.snmp.mib import mib
from discovery.snmp.neighbours import neighbours
from discovery.snmp.payload import SnmpPayload
from tests.discovery.snmp.agents import ask, parsed, settings, simulator, unpacked

ALL = 24
NOT_TOLD = {
    # Their names are filled up with zeros and rest; the expected result leaves such names out.
    "eltex-mes23xx_mes2324b": {
        ("gi1/0/1", "soada-sw35"),
        ("gi1/0/1", "sw35.soada"),
        ("gi1/0/2", "soada-sw27"),
        ("gi1/0/3", "soada-sw07"),
        ("gi1/0/3", "sw07.soada"),
        ("gi1/0/4", "soada-sw17"),
        ("gi1/0/4", "sw17.soada"),
        ("gi1/0/5", "soada-sw39"),
        ("gi1/0/5", "sw26.soada"),
        ("gi1/0/6", "soada-sw26"),
        ("gi1/0/7", "soada-sw13"),
        ("gi1/0/7", "sw33.soada"),
    },
    # A port for management that the table of interfaces has not.
    "arubaos-cx_10.06": {("port 4000", "port-description")},
}
"""Neighbours with a name that stand in a recording and not in what is expected of it, and why."""


@pytest.fixture(scope="module")
def recordings(shared_data: Path) -> dict[str, Path]:
    folder = shared_data / "librenms-snmp"
    return {f.name.removesuffix(".snmprec.bz2"): f for f in folder.glob("*.snmprec.bz2")}


@pytest.fixture(scope="module")
def port(recordings: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    asked = tuple(
        "." + ".".join(map(str, oid)) + "."
        for oid in (*mib().scalars.values(), *(o for t in mib().tables for o in t.columns.values()))
    )
    small = {name: _asked(unpacked(file), asked) for name, file in recordings.items()}
    with simulator(small, tmp_path_factory.mktemp("simulator")) as port:
        yield port


def _asked(recording: bytes, asked: tuple[str, ...]) -> bytes:
    """The lines of a recording that are asked for: it is quicker played so."""
    kept = [
        line
        for line in recording.splitlines(keepends=True)
        if f".{line.partition(b'|')[0].decode()}.".startswith(asked)
    ]
    return b"".join(kept)


async def test_every_expected_cable_is_found_and_none_is_invented(
    port: int, recordings: dict[str, Path]
) -> None:
    assert len(recordings) == ALL
    hits = expected_links = named_links = rows = found_links = 0
    for name, file in sorted(recordings.items()):
        payload = await played(port, name)
        device = Device(payload.agents[0])
        seen = neighbours(device)
        expected = expected_of(file)
        found = {(n.port_name, n.name or n.description) for n in seen}
        named = {link for link in found if link[1]}
        assert named - expected == NOT_TOLD.get(name, set()), name
        assert not expected - named, name
        # Who has no name stands in the device's own table all the same, by its row.
        in_tables = rows_of(payload)
        assert len(seen) <= in_tables, name
        hits += len(expected & named)
        expected_links += len(expected)
        named_links += len(named) - len(NOT_TOLD.get(name, ()))
        rows += in_tables
        found_links += len(seen)
        linked = [
            o
            for o in parsed(payload).observations
            if isinstance(o, LinkObservation)
            and o.relation == "LINKED_TO"
            and "heard" not in str(o.evidence)
        ]
        assert bool(linked) == bool(seen), name
    print(  # noqa: T201  # what was reached is worth reading
        f"recall {hits / expected_links:.3f} of {expected_links} cables, "
        f"precision {hits / named_links:.3f}; {found_links} of {rows} rows in neighbour tables"
    )
    assert hits == expected_links == named_links
    assert expected_links == 142


async def test_serial_numbers_are_those_that_the_devices_bear(
    port: int, recordings: dict[str, Path]
) -> None:
    expected = {
        "arubaos-cx": "DEVICESERL",
        "edgeswitch_us-8-v2": "f09fc2c7acf2",
        "eltex-mes23xx_mes2324b": "ES32012706",
        "ios_2960x": "FCW1929B68S",
        "voss_8608": "18ND1240D10P",
    }
    for name, serial in expected.items():
        observations = parsed(await played(port, name)).observations
        first = next(o for o in observations if isinstance(o, ItemObservation))
        assert first.kind == "NetworkDevice"
        assert first.properties["serial_number"] == serial
        assert f"serial:{serial.upper()}" in first.identifiers
        assert first.properties["vendor"]


async def test_a_stack_is_one_device_with_the_power_supplies_of_all(port: int) -> None:
    found = parsed(await played(port, "ios_2960x"))
    supplies = [o for o in found.observations if getattr(o, "kind", "") == "PowerFeed"]
    assert len(supplies) == 3
    powered = [o for o in found.observations if getattr(o, "relation", "") == "POWERED_BY"]
    assert {o.gate for o in powered if isinstance(o, LinkObservation)} != {None}
    device = next(o for o in found.observations if isinstance(o, ItemObservation))
    assert "stack-member=FCW1931A06Z" in str(device.properties["labels"])
    assert device.properties["operating_system"] == "Cisco IOS"
    assert device.properties["operating_system_version"] == "15.0(2a)EX5"


_PLAYED: dict[str, SnmpPayload] = {}


async def played(port: int, name: str) -> SnmpPayload:
    """What the device of a recording answers; each is asked once."""
    if name not in _PLAYED:
        given = settings(port, name, timeout=10, hosts_on_ports=False)
        payloads, failures = await ask(given)
        assert failures == []
        assert payloads[0].agents[0].errors == ()
        _PLAYED[name] = payloads[0]
    return _PLAYED[name]


def expected_of(recording: Path) -> set[tuple[str, str]]:
    """The own port and the neighbour's name of each cable that is expected."""
    file = recording.with_name(recording.name.replace(".snmprec.bz2", ".expected.json.gz"))
    links = json.loads(gzip.decompress(file.read_bytes()))["discovery-protocols"]
    return {(link["ifName"], link["remote_hostname"]) for link in links["discovery"]["links"]}


def rows_of(payload: SnmpPayload) -> int:
    """How many neighbours the tables of a payload have, counted without understanding them."""
    columns = payload.agents[0].columns
    chassis = [rows for name, rows in columns.items() if name.endswith("_remote_chassis_subtype")]
    return sum(map(len, chassis)) + len(columns.get("cdp_device", {}))
