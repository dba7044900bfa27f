"""The demo company of NetBox's makers, served over real HTTP: everything in it, and its cables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cmdb.items import Item, ItemObservation, LinkObservation
from cmdb.store.sqlite import SqliteStore
from discovery.netbox import SCANNER
from discovery.run import ScanResult, run_scan
from tests.discovery.conftest import load_scan
from tests.discovery.netbox.api import netbox, settings
from tests.discovery.netbox.demo import Demo


@pytest.fixture(scope="module")
def demo(shared_data: Path) -> Demo:
    return Demo(shared_data / "netbox-demo/json/netbox-demo-v3.6.json.gz")


async def scanned(demo: Demo) -> ScanResult:
    with netbox(demo.lists(), "3.6.0") as api:
        return await run_scan(SCANNER, settings(api.url, page_size=200, name="demo"))


def _device(key: str) -> int:
    return int(key.rpartition("/")[2])


def _lines(demo: Demo) -> set[int]:
    """The circuits that have an end on the same cable as an interface."""
    ends = demo.objects["dcim.cabletermination"].values()
    of_interfaces = {e["cable"] for e in ends if e["termination_type"] == ["dcim", "interface"]}
    circuits = demo.objects["circuits.circuittermination"]
    return {
        circuits[end["termination_id"]]["circuit"]
        for end in ends
        if end["termination_type"][0] == "circuits" and end["cable"] in of_interfaces
    }


async def test_everything_in_it_is_found(demo: Demo) -> None:
    found = await scanned(demo)
    assert found.errors == ()
    kinds = Counter(o.kind for o in found.observations if isinstance(o, ItemObservation))
    of = demo.objects
    places = ("dcim.region", "dcim.site", "dcim.location", "dcim.rack")
    assert kinds["Location"] == sum(len(of[model]) for model in places)
    assert kinds["VirtualMachine"] == len(of["virtualization.virtualmachine"])
    assert kinds["Cluster"] == len(of["virtualization.cluster"]) + len(of["dcim.virtualchassis"])
    assert kinds["NetworkLink"] == len(of["circuits.circuit"])
    strips = {port["device"] for port in of["dcim.poweroutlet"].values()}
    assert kinds["PowerFeed"] == sum(
        map(len, (of["dcim.powerfeed"], of["dcim.powerpanel"], strips))
    )
    ported = {port["device"] for port in of["dcim.interface"].values()}
    powered = {port["device"] for port in of["dcim.powerport"].values()}
    assert kinds["NetworkDevice"] + kinds["Server"] == len((ported | powered) - strips)
    assert kinds["Subnet"] == sum(p["status"] != "container" for p in of["ipam.prefix"].values())


async def test_its_cables_are_those_of_its_stored_paths(demo: Demo) -> None:
    wanted, power = set(), set()
    for number, port in demo.objects["dcim.interface"].items():
        for model, far in demo.destinations("dcim.interface", number):
            other = demo.objects[model][far]["device"]
            wanted.add((min(port["device"], other), max(port["device"], other)))
    for number, port in demo.objects["dcim.powerport"].items():
        for model, far in demo.destinations("dcim.powerport", number):
            power.add((port["device"], demo.objects[model][far]["device"]))
    found = await scanned(demo)
    links = [o for o in found.observations if isinstance(o, LinkObservation)]
    ends = {r: [(_device(o.from_key), _device(o.to_key)) for o in links if o.relation == r]
            for r in ("LINKED_TO", "POWERED_BY")}  # fmt: skip
    assert sorted(ends["LINKED_TO"]) == sorted(wanted)
    assert len(wanted) == 19
    assert power <= set(ends["POWERED_BY"])
    assert len(power) > 10
    lines = {_device(o.to_key) for o in links if o.relation == "DEPENDS_ON"}
    assert lines == _lines(demo)
    assert len(lines) == 26


async def test_a_second_scan_changes_nothing(demo: Demo) -> None:
    store = await SqliteStore.open(":memory:")
    assert (await load_scan(store, await scanned(demo))).rejected == []
    revision = (await store.info()).revision
    again = await load_scan(store, await scanned(demo))
    assert again.revisions == []
    assert (await store.info()).revision == revision
    items = [i async for i in store.stream() if isinstance(i, Item)]
    assert [i.kind for i in items if i.name == "dmi01-akron-rtr01"] == ["NetworkDevice"]
    await store.close()
