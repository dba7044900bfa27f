"""The lab's estate, as nmap, SNMP and SSH find it, says what goes dark when a switch does."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tools.lab.lab import ROOT, Lab
from tools.lab.tour import (
    Outcome,
    Service,
    asked,
    compare,
    differing,
    scan,
    services,
    table,
)

HOSTS = ("web1", "app1", "db1")
MACHINES = ("NetworkDevice", "Server", "VirtualMachine")
"""A host is a server or a virtual machine, as the machine is that the lab runs on."""
AGENT_PORT = 199
"""Where an SNMP agent takes sub-agents in: only who signs in to the host sees it."""


@pytest.fixture(scope="module")
def estate(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all that the scans of the tour found."""
    store = tmp_path_factory.mktemp("tour") / "lab.db"
    scan(lab, store)
    return store


def items(store: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(store, "items", "--limit", "1000")["items"]
    return found


@pytest.mark.parametrize("cut", ["sw2", "sw3", "sw1"])
def test_what_is_said_to_go_down_is_what_goes_dark(lab: Lab, estate: Path, cut: str) -> None:
    outcomes = compare(lab, estate, cut)
    assert differing(outcomes) == 0, table(outcomes)
    behind = {"sw1": {"web1", "app1", "db1"}, "sw2": {"web1", "app1"}, "sw3": {"db1"}}[cut]
    truth = {
        f"{lab.topology.node(s.node).address}:{s.port}"
        for s in lab.topology.services
        if s.node in behind
    } | {f"{lab.topology.node(name).address}:{AGENT_PORT}" for name in behind}
    assert {one.service.place for one in outcomes if one.dark} == truth
    if cut == "sw2":
        shown = textwrap.indent(table(outcomes), "    ", lambda line: line != "\n")
        assert shown in (ROOT / "docs/lab-tour.md").read_text("utf-8")


def test_every_node_is_one_item_that_all_sources_know(lab: Lab, estate: Path) -> None:
    hosts = [i for i in items(estate) if i["kind"] in MACHINES]
    assert sorted(i["name"] for i in hosts) == sorted(n.name for n in lab.topology.nodes)
    switches = {n.name for n in lab.topology.nodes if n.switch}
    assert {i["name"] for i in hosts if i["kind"] == "NetworkDevice"} == switches
    for item in hosts:
        known = ["network", "snmp"] + ["ssh"] * (item["name"] in HOSTS)
        assert item["sources"] == known, item["name"]


def test_the_proxy_and_what_is_behind_it_are_two(lab: Lab, estate: Path) -> None:
    by_place = {s.place: s for s in services(estate)}
    proxy, behind = by_place["10.99.0.11:80"], by_place["10.99.0.12:8080"]
    assert proxy.item != behind.item
    products = {i["id"]: i["properties"].get("product") for i in items(estate)}
    assert products[behind.item] == "nginx"
    assert products[proxy.item] == "haproxy"
    expected = {f"{lab.topology.node(s.node).address}:{s.port}" for s in lab.topology.services}
    agents = {f"{lab.topology.node(name).address}:{AGENT_PORT}" for name in HOSTS}
    assert by_place.keys() == expected | agents


def test_a_second_round_of_scans_changes_nothing(lab: Lab, estate: Path) -> None:
    for printed in scan(lab, estate):
        assert "Nothing changed." in printed


def test_what_was_not_seen_is_not_foreseen(lab: Lab, tmp_path: Path) -> None:
    store = tmp_path / "blind.db"
    scan(lab, store, only="network")
    outcomes = compare(lab, store, "sw3")
    assert differing(outcomes) == 3
    assert table(outcomes).count("DIFFERS") == 3


def test_the_table_tells_what_differs() -> None:
    one, other = (Service("1", "nginx on app1", "10.0.0.1:80"), Service("2", "redis", "10.0.0.2:6"))
    told = table(
        [Outcome(one, predicted=True, dark=True), Outcome(other, predicted=False, dark=True)]
    )
    assert told.splitlines() == [
        "service        address      impact says  really",
        "nginx on app1  10.0.0.1:80  down         dark",
        "redis          10.0.0.2:6   up           dark    DIFFERS",
        "",
        "2 of 2 services went dark; 1 otherwise than was said.",
    ]
