"""The lab over SSH: clones that share machine-id and host key, and what they have to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools.lab.lab import Lab
from tools.lab.tour import ssh_settings

HOSTS = ("web1", "app1", "db1")


def scanned(lab: Lab, folder: Path) -> list[dict[str, Any]]:
    """The observations that a scan from the lab's own host writes."""
    output = folder / "observations.jsonl"
    call = "import urllib.request as u; u.urlopen('http://10.99.0.11').read()"
    lab.run("scan", sys.executable, "-c", call)
    words = [str(Path(sys.executable).parent / "cmdb"), "scan", "ssh"]
    words += [*(f"root@{address}" for address in lab.hosts), *ssh_settings(lab)]
    lab.run("scan", *words, "--output", str(output), seconds=120)
    return [json.loads(line) for line in output.read_text().splitlines()]


def test_the_lab_is_what_its_topology_says(lab: Lab, tmp_path: Path) -> None:
    lines = scanned(lab, tmp_path)
    items = [line["item"] for line in lines if "item" in line]
    machines = {i["properties"]["name"]: i for i in items if "ip_addresses" in i["properties"]}
    machines = {n: i for n, i in machines.items() if i["kind"] in ("Server", "VirtualMachine")}
    assert set(machines) == set(HOSTS)
    for name, machine in machines.items():
        node = lab.topology.node(name)
        assert f"ip:default/{node.address}" in machine["identifiers"]
        assert f"mac:{node.mac('eth0')}" in machine["identifiers"]
    found = {
        (key.rpartition("/")[2], i["properties"].get("product"))
        for i in items
        for key in i["identifiers"]
        if key.startswith("endpoint:default/tcp/")
    }
    wanted = {
        (f"{lab.topology.node(s.node).address}:{s.port}", s.product) for s in lab.topology.services
    }
    assert wanted <= found


def test_the_proxy_depends_on_what_is_behind_it_once(lab: Lab, tmp_path: Path) -> None:
    lines = scanned(lab, tmp_path)
    name = {
        key: line["item"]["properties"]["name"]
        for line in lines
        if "item" in line
        for key in line["item"]["identifiers"]
    }
    calls = [
        line["link"] for line in lines if line.get("link", {}).get("relation") == "CONNECTS_TO"
    ]
    ends = [(name.get(link["from"]), name.get(link["to"])) for link in calls]
    assert ends.count(("haproxy on web1", "nginx:8080 on app1")) == 1
    assert ("nginx:8080 on app1", "haproxy on web1") not in ends
    (link,) = [k for k, e in zip(calls, ends, strict=True) if e[0] == "haproxy on web1"]
    assert link["evidence"] == "established TCP connection on app1 and web1"


def test_what_the_proxy_routes_to_is_read_from_the_file_it_was_started_with(
    lab: Lab, tmp_path: Path
) -> None:
    lines = scanned(lab, tmp_path)
    name = {
        key: line["item"]["properties"]["name"]
        for line in lines
        if "item" in line
        for key in line["item"]["identifiers"]
    }
    ends = {
        (k["relation"], name.get(k["from"], k["from"]), name.get(k["to"], k["to"]))
        for k in (line["link"] for line in lines if "link" in line)
    }
    routes = {end for end in ends if end[0] in ("ROUTES_TO", "MEMBER_OF", "HOSTED_ON")}
    (pool,) = {end[2] for end in routes if end[0] == "ROUTES_TO"}
    (front,) = {end[1] for end in routes if end[0] == "HOSTED_ON"}
    assert routes == {
        ("HOSTED_ON", front, "haproxy on web1"),
        ("ROUTES_TO", front, pool),
        ("ROUTES_TO", "haproxy on web1", pool),
        ("MEMBER_OF", "nginx:8080 on app1", pool),
    }
    assert pool.endswith("of haproxy on web1")
