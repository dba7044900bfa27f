"""A small site in NetBox, as versions 3.6 and 4.2 answer: two switches, a server with two power
supplies, a patch panel between, a stack, a cluster with a machine, and a line."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
SECRET = "hunter2-planted"


def named(number: int, name: str, **more: Any) -> Row:
    return {"id": number, "url": f"/api/x/{number}/", "display": name, "name": name, **more}


def slugged(number: int, name: str) -> Row:
    return named(number, name, slug=name.lower().replace(" ", "-"))


def choice(value: str) -> Row:
    return {"value": value, "label": value.title()}


SITE = slugged(1, "Antwerp")
RACK = named(5, "R1")
SHOP = slugged(2, "Shop")
ACTIVE = choice("active")


def device(number: int, name: str, role: str, *, new: bool, **more: Any) -> Row:
    return {
        **named(number, name),
        ("role" if new else "device_role"): slugged(number, role),
        "device_type": {
            "id": 1,
            "manufacturer": slugged(1, "Juniper"),
            "model": "QFX5100",
            "slug": "q",
        },
        "site": SITE,
        "rack": RACK,
        "location": None,
        "tenant": None,
        "platform": None,
        "serial": "",
        "asset_tag": None,
        "primary_ip": None,
        "cluster": None,
        "virtual_chassis": None,
        "status": ACTIVE,
        "comments": SECRET,
        "custom_fields": {"root_password": SECRET},
        **more,
    }


def interface(number: int, of: Row, name: str, mac: str, *, new: bool, **more: Any) -> Row:
    known = (
        {
            "mac_address": mac,
            "primary_mac_address": {"id": number, "mac_address": mac},
            "mac_addresses": [{"id": number, "mac_address": mac}],
        }
        if new
        else {"mac_address": mac or None}
    )
    return {
        **port(number, of, name),
        "enabled": True,
        "mtu": None,
        "speed": 10_000_000,
        "type": choice("10gbase-x-sfpp"),
        **known,
        **more,
    }


def port(number: int, of: Row, name: str) -> Row:
    short = {key: of[key] for key in ("id", "url", "display", "name")}
    ends = {"connected_endpoints": None, "connected_endpoints_type": None}
    return {**named(number, name), "device": {**short, "_site": of["site"]}, **ends}


def join(one: Row, other: Row, kind: str) -> None:
    """Lay a cable: both ports say what is at its far end."""
    for here, there in ((one, other), (other, one)):
        told = ("id", "display", "name", "device")
        here["connected_endpoints"] = [{key: there.get(key) for key in told}]
        here["connected_endpoints_type"] = kind
        here["connected_endpoints_reachable"] = True


def lists(version: str) -> dict[str, list[Row]]:
    """All lists of the site, as a version of NetBox answers."""
    new = version.startswith("4")
    sw1 = device(1, "sw1", "Access Switch", new=new, serial="SW-1")
    sw2 = device(2, "sw2", "Access Switch", new=new, serial="SW-2")
    web1 = device(
        3, "web1", "Server", new=new, serial="WEB-1", tenant=SHOP, asset_tag="A-17",
        primary_ip={"id": 1, "address": "10.0.0.11/24"}, cluster=named(9, "shop-hv"),
    )  # fmt: skip
    panel = device(4, "panel", "Patch Panel", new=new)
    strip = device(5, "pdu-a", "PDU", new=new)
    sw1["virtual_chassis"] = sw2["virtual_chassis"] = named(7, "stack")
    ports = [
        interface(11, sw1, "xe-0/0/1", "", new=new),
        interface(12, sw1, "xe-0/0/2", "", new=new),
        interface(21, sw2, "xe-0/0/1", "02:00:00:00:02:01", new=new),
        interface(22, sw2, "xe-0/0/9", "", new=new),
        interface(31, web1, "eth0", "02:00:00:00:03:01", new=new),
    ]
    join(ports[0], ports[2], "dcim.interface")
    join(ports[1], ports[4], "dcim.interface")
    ports[3]["link_peers"] = [{"id": 88, "display": "Z", "circuit": {"id": 8, "cid": "C1"}}]
    ports[3]["link_peers_type"] = "circuits.circuittermination"
    supplies = [port(41, web1, "PSU1"), port(42, web1, "PSU2"), port(43, strip, "inlet")]
    outlet = port(51, strip, "Outlet 1")
    feeds = [
        {**named(61, "F-A"), "power_panel": named(6, "P1"), "rack": RACK, "status": ACTIVE,
         "phase": choice("three-phase"), "voltage": 230, "amperage": 32},
        {**named(62, "F-B"), "power_panel": named(6, "P1"), "rack": RACK, "status": ACTIVE,
         "phase": choice("single-phase"), "voltage": 230, "amperage": 16},
    ]  # fmt: skip
    join(supplies[0], outlet, "dcim.poweroutlet")
    outlet["connected_endpoints_type"] = "dcim.powerport"
    for supply, feed in ((supplies[1], feeds[1]), (supplies[2], feeds[0])):
        supply["connected_endpoints"] = [
            {"id": feed["id"], "display": feed["name"], "power_panel": feed["power_panel"]}
        ]
        supply["connected_endpoints_type"] = "dcim.powerfeed"
    typed = "object_type" if new else "content_type"
    scope = {"scope_type": "dcim.site", "scope": SITE} if new else {"site": SITE}
    return {
        "dcim/regions": [slugged(1, "Flanders")],
        "dcim/sites": [
            {**SITE, "region": slugged(1, "Flanders"), "status": ACTIVE, "tenant": None,
             "physical_address": "Harbour Road 1\nAntwerp"}
        ],
        "dcim/racks": [{**RACK, "site": SITE, "location": None, "status": ACTIVE, "tenant": None}],
        "dcim/devices": [sw1, sw2, web1, panel, strip],
        "dcim/interfaces": ports,
        "dcim/power-ports": supplies,
        "dcim/power-outlets": [outlet],
        "dcim/power-feeds": feeds,
        "dcim/power-panels": [{**named(6, "P1"), "site": SITE, "location": None}],
        "dcim/virtual-chassis": [named(7, "stack")],
        "ipam/ip-addresses": [
            address(1, "10.0.0.11/24", "dcim.interface", {"id": 31, "device": named(3, "web1")},
                    dns_name="web1.example.org"),
            address(2, "10.0.0.1/24", "dcim.interface", {"id": 11, "device": named(1, "sw1")},
                    role=choice("vrrp")),
            address(3, "10.0.0.50/24", "virtualization.vminterface",
                    {"id": 71, "virtual_machine": named(10, "vm1")}),
            address(4, "10.0.0.99/24", None, None),
        ],
        "ipam/prefixes": [
            {"id": 1, "display": "10.0.0.0/24", "prefix": "10.0.0.0/24", "vrf": None, **scope,
             "vlan": {"id": 1, "vid": 100, "name": "servers"}, "status": ACTIVE, "tenant": SHOP},
            {"id": 2, "display": "10.0.0.0/8", "prefix": "10.0.0.0/8", "vrf": None, "vlan": None,
             "status": choice("container"), "tenant": None},
        ],
        "virtualization/clusters": [
            {**named(9, "shop-hv"), "type": slugged(1, "VMware"), "status": ACTIVE, "tenant": None}
        ],
        "virtualization/virtual-machines": [
            {**named(10, "vm1"), "status": choice("staged"), "cluster": named(9, "shop-hv"),
             "device": None, "tenant": SHOP, "vcpus": 2.0, "memory": 4096, "site": SITE,
             "primary_ip": None, "platform": slugged(1, "Debian"), "role": None}
        ],
        "virtualization/interfaces": [
            interface_of_machine(71, named(10, "vm1"), "02:00:00:00:07:01")
        ],
        "circuits/circuits": [
            {"id": 8, "display": "C1", "cid": "C1", "provider": slugged(3, "Carrier"),
             "status": ACTIVE, "tenant": None, "commit_rate": 1_000_000}
        ],
        "tenancy/contacts": [
            {**named(4, "Ada"), "title": "", "email": "ada@example.org", "phone": "+32 3 1"}
        ],
        "tenancy/contact-assignments": [
            {"id": 1, typed: "dcim.site", "object_id": 1, "contact": named(4, "Ada")},
            {"id": 2, typed: "dcim.manufacturer", "object_id": 1, "contact": named(4, "Ada")},
        ],
    }  # fmt: skip


def interface_of_machine(number: int, of: Row, mac: str) -> Row:
    return {**named(number, "eth0"), "virtual_machine": of, "enabled": True, "mac_address": mac}


def address(number: int, text: str, kind: str | None, on: Row | None, **more: Any) -> Row:
    return {
        "id": number, "display": text, "address": text, "status": ACTIVE, "role": None, "vrf": None,
        "dns_name": "", "assigned_object_type": kind, "assigned_object": on, **more,
    }  # fmt: skip
