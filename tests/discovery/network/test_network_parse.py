"""What a scan of nmap becomes: what answered, and nothing that did not."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmdb.errors import InvalidInput
from cmdb.items import ItemObservation, LinkObservation
from discovery.network import SCANNER, NetworkSettings
from discovery.network.xml import read_pieces
from discovery.scanner import Parsed
from tests.discovery.network.scans import guess, host, scan, service, way

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
MAC = "52:54:00:AA:00:01"


def parsed(data: bytes, settings: NetworkSettings | None = None) -> Parsed:
    payload = read_pieces([data], "scan.xml")
    return SCANNER.parse(payload, settings or NetworkSettings(), NOW)


def items(found: Parsed) -> dict[str, ItemObservation]:
    seen = [o for o in found.observations if isinstance(o, ItemObservation)]
    return {str(o.properties["name"]): o for o in seen}


def links(found: Parsed) -> list[LinkObservation]:
    return [o for o in found.observations if isinstance(o, LinkObservation)]


def test_a_host_with_its_services() -> None:
    found = parsed(
        scan(
            host(
                "10.0.0.5",
                service(22, "ssh", "OpenSSH", "9.2p1"),
                service(5432, "postgresql", "PostgreSQL DB", "15.4"),
                mac=MAC,
                name="db1.example.org",
                more=guess("Linux 5.4 - 5.15", 96),
            )
        )
    )
    machine = items(found)["db1.example.org"]
    assert machine.kind == "Server"
    assert machine.identifiers == (
        "key:network/default/52:54:00:aa:00:01",
        "mac:52:54:00:aa:00:01",
        "fqdn:db1.example.org",
        "ip:default/10.0.0.5",
    )
    assert machine.properties == {
        "name": "db1.example.org",
        "hostname": "db1.example.org",
        "operating_system": "Linux",
        "operating_system_version": "5.X",
        "ip_addresses": ["10.0.0.5"],
        "labels": ["mac-vendor=Dell", "os-guess=Linux 5.4 - 5.15 (confidence 0.96)"],
    }
    database = items(found)["postgresql on db1.example.org"]
    assert database.kind == "DatabaseInstance"
    assert database.identifiers[1:] == ("endpoint:default/tcp/10.0.0.5:5432",)
    assert database.properties["version"] == "15.4"
    assert database.properties["labels"] == ["cpe=cpe:/a:v:postgresql:15.4", "protocol=postgresql"]
    assert [(o.relation, o.confidence, o.evidence) for o in links(found)] == [
        ("RUNS_ON", 0.95, "tcp/22 is open at 10.0.0.5"),
        ("RUNS_ON", 0.95, "tcp/5432 is open at 10.0.0.5"),
    ]
    assert found.full
    assert found.scope == "network/default: -sV -O --traceroute 10.0.0.0/24"


def test_what_did_not_answer_is_no_item() -> None:
    closed = '<port protocol="tcp" portid="80"><state state="{}"/><service name="http"/></port>'
    found = parsed(
        scan(
            host("10.0.0.9", state="down"),
            host(
                "10.0.0.5",
                closed.format("closed"),
                closed.format("filtered"),
                closed.format("open|filtered"),
                service(443, "tcpwrapped"),
            ),
        )
    )
    assert set(items(found)) == {"10.0.0.5"}
    assert found.notes == (
        "1 port closes every connection at once (tcpwrapped); what is behind is not known.",
    )


def test_a_proxy_is_not_the_server_behind_it() -> None:
    passed_on = 'servicefp="SF-Port80-TCP:server: nginx"'
    found = parsed(
        scan(
            host("10.0.0.5", service(80, "http", "nginx/1.22.1", more=passed_on)),
            host("10.0.0.6", service(8080, "http", "nginx", "1.22.1")),
        )
    )
    front = items(found)["http:80 on 10.0.0.5"]
    assert "product" not in front.properties
    assert "answer-names=nginx/1.22.1" in str(front.properties["labels"])
    assert items(found)["nginx:8080 on 10.0.0.6"].properties["product"] == "nginx"
    assert {o.relation for o in links(found)} == {"RUNS_ON"}


@pytest.mark.parametrize("guessed", ["9.6.0 or later", "8.4.1 - 8.4.11", "3.X"])
def test_a_range_of_versions_is_a_label_only(guessed: str) -> None:
    found = items(
        parsed(scan(host("10.0.0.5", service(5432, "postgresql", "PostgreSQL DB", guessed))))
    )["postgresql on 10.0.0.5"]
    assert "version" not in found.properties
    assert f"version-guess={guessed}" in str(found.properties["labels"])


def test_the_multiplexer_of_an_snmp_agent_is_the_agent_s() -> None:
    found = items(parsed(scan(host("10.0.0.5", service(199, "smux", "Linux SNMP multiplexer")))))
    assert found["net-snmp:199 on 10.0.0.5"].properties["product"] == "net-snmp"


def test_a_guess_below_the_accuracy_is_a_label_only() -> None:
    machine = items(parsed(scan(host("10.0.0.5", more=guess("Linux 2.6", 85)))))["10.0.0.5"]
    assert "operating_system" not in machine.properties
    assert machine.properties["labels"] == ["os-guess=Linux 2.6 (confidence 0.85)"]
    eager = NetworkSettings(os_accuracy=80)
    router = items(parsed(scan(host("10.0.0.5", more=guess("x", 85, "router"))), eager))
    assert router["10.0.0.5"].kind == "NetworkDevice"


def test_routers_on_the_way_are_linked_where_they_follow_each_other() -> None:
    found = parsed(
        scan(
            host("10.0.0.5", more=way("10.0.9.1", "10.0.8.1", "10.0.0.5")),
            host("10.0.0.6", more=way("10.0.9.1", "", "10.0.0.6")),
        )
    )
    assert {name: o.kind for name, o in items(found).items()} == {
        "10.0.0.5": "Server",
        "10.0.0.6": "Server",
        "10.0.9.1": "NetworkDevice",
        "10.0.8.1": "NetworkDevice",
    }
    assert {
        (o.relation, frozenset((o.from_key, o.to_key)), o.confidence) for o in links(found)
    } == {
        ("LINKED_TO", frozenset({f"key:network/default/{a}", f"key:network/default/{b}"}), 0.5)
        for a, b in (("10.0.9.1", "10.0.8.1"), ("10.0.8.1", "10.0.0.5"))
    }


def test_a_shared_hardware_address_or_name_identifies_nobody() -> None:
    found = parsed(
        scan(
            host("10.0.0.5", mac=MAC, name="pool.example.org"),
            host("10.0.0.6", mac=MAC, name="pool.example.org"),
        )
    )
    seen = [o.identifiers for o in found.observations if isinstance(o, ItemObservation)]
    assert seen == [(f"key:network/default/10.0.0.{n}", f"ip:default/10.0.0.{n}") for n in (5, 6)]


def test_a_scan_that_did_not_end_is_partial() -> None:
    whole = scan(host("10.0.0.5"), host("10.0.0.6"))
    cut = parsed(whole[: whole.index(b"10.0.0.6") + 4])
    assert set(items(cut)) == {"10.0.0.5"}
    assert not cut.full
    assert cut.errors == ("scan.xml: the scan did not come to its end; what it has is in.",)
    assert not parsed(scan(host("10.0.0.5"), end='exit="error" errormsg="x"')).full
    given_up = scan(host("10.0.0.5").replace("<host ", '<host timedout="true" '))
    assert parsed(given_up).errors == ("scan.xml: gave up, since they took too long: 10.0.0.5.",)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<nmaprun args="nmap x"><host>&b;</host></nmaprun>"""
OUTSIDE = b"""<!DOCTYPE nmaprun [<!ENTITY a SYSTEM "file:///etc/passwd">]><nmaprun>&a;</nmaprun>"""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (BOMB, "declares entities"),
        (OUTSIDE, "declares entities"),
        (b"", "not a scan of nmap|no XML"),
        (b"# Nmap 7.93 scan initiated", "no XML"),
        (b"<html></html>", "its root is html"),
        (b"<nmaprun>" + b"<a>" * 100, "nested too deeply"),
        (b"<nmaprun><host></nmaprun>", "line 1: this is no XML"),
    ],
)
def test_a_file_that_is_no_scan_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=f"scan.xml.*({says})"):
        read_pieces([data], "scan.xml")


def test_a_large_scan_is_read_host_by_host() -> None:
    filler = "x" * 100_000
    one = host("10.0.0.5", more=f'<hostscript><script id="s" output="{filler}"/></hostscript>')

    def pieces() -> Iterator[bytes]:
        start, end = scan("HERE").split(b"HERE")
        yield start
        for _ in range(500):
            yield one.encode()
        yield end

    tracemalloc.start()
    read = read_pieces(pieces(), "large.xml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read.hosts) == 500
    assert peak < 10_000_000


def test_scans_that_others_wrote(shared_data: Path) -> None:
    folder = shared_data / "nmap-xml/libnmap/test/files"
    read, refused = {}, set()
    for file in folder.glob("*.xml"):
        try:
            read[file.name] = parsed(file.read_bytes())
        except InvalidInput:
            refused.add(file.name)
    assert refused == {"defused_et_included.xml", "defused_et_local_includer.xml"}
    assert "1 host has no address" in read["test_osclass.xml"].notes[0]
    trap = {str(o.properties.get("product")) for o in items(read["dionaea_scan.xml"]).values()}
    assert {"mysql", "memcached", "mongodb"} <= trap


def test_the_recorded_lab(shared_data: Path) -> None:
    found = parsed((shared_data / "lab-recorded/svc.xml").read_bytes())
    seen = items(found)
    assert "product" not in seen["http:80 on 10.99.0.11"].properties
    assert seen["nginx:8080 on 10.99.0.12"].properties["version"] == "1.22.1"
    assert seen["redis on 10.99.0.13"].kind == "DatabaseInstance"
    assert len([o for o in seen.values() if o.kind == "Server"]) == 3
