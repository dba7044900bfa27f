"""Devices and virtual machines, the clusters they are in, and their interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import ItemObservation, LinkObservation, Value
from discovery.netbox.payload import Device, IpAddress, Port, VirtualMachine
from discovery.netbox.roles import kind_of_role, network_role
from discovery.netbox.view import DECLARED, View

MAX_MACS = 64
"""How many hardware addresses identify one device."""
SHARED = frozenset({"anycast", "vip", "vrrp", "hsrp", "glbp", "carp", "secondary"})
"""Roles of addresses that go from one device to another, or that several have."""
MEMORY = 1024 * 1024
"""NetBox counts memory in MiB (4.2 in MB: near enough to tell machines apart, and no more)."""
_FQDN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+\.?", re.IGNORECASE)


def host_items(view: View) -> Iterator[ItemObservation]:
    """Devices that are hosts, stacks of them, clusters, virtual machines, and interfaces."""
    of = view.objects
    for device in of.devices:
        if view.is_host(device):
            yield _device(view, device)
    for chassis in of.virtual_chassis:
        yield view.item("Cluster", "virtual-chassis", chassis, {})
    for cluster in of.clusters:
        yield view.item("Cluster", "cluster", cluster, {})
    for machine in of.virtual_machines:
        yield _machine(view, machine)
    if view.settings.interfaces:
        for device in of.devices:
            if view.is_host(device):
                yield from _interfaces(view, device)


def _device(view: View, device: Device) -> ItemObservation:
    model, role = device.device_type, device.role_slug
    kind = kind_of_role(role, view.roles)
    addresses = view.addresses.get(("device", device.id), [])
    macs = [mac for port in view.interfaces.get(device.id, []) for mac in port.macs]
    told: dict[str, Value | None] = {
        "model": model.model if model else None,
        "vendor": model.manufacturer.label if model and model.manufacturer else None,
        "serial_number": device.serial,
        "operating_system": device.platform.label if device.platform else None,
        "ip_addresses": _plain(addresses),
        "labels": [f"asset_tag={device.asset_tag}"] if device.asset_tag else None,
    }
    if kind == "NetworkDevice":
        told["network_role"] = network_role(role)
    known = [f"serial:{device.serial}"] if device.serial else []
    known += [f"mac:{mac}" for mac in dict.fromkeys(macs)][:MAX_MACS]
    named = _named(device.name, device.primary_ip.address if device.primary_ip else "", addresses)
    return view.item(kind, "device", device, told, [*known, *named, *_ips(view, addresses)])


def _machine(view: View, machine: VirtualMachine) -> ItemObservation:
    addresses = view.addresses.get(("machine", machine.id), [])
    cards = (i for i in view.objects.vm_interfaces if i.virtual_machine is not None)
    macs = [
        mac
        for i in cards
        if i.virtual_machine and i.virtual_machine.id == machine.id
        for mac in i.macs
    ]
    told: dict[str, Value | None] = {
        "operating_system": machine.platform.label if machine.platform else None,
        "cpu_count": round(machine.vcpus) if machine.vcpus else None,
        "memory": machine.memory * MEMORY if machine.memory else None,
        "serial_number": machine.serial,
        "ip_addresses": _plain(addresses),
    }
    known = [f"serial:{machine.serial}"] if machine.serial else []
    known += [f"mac:{mac}" for mac in dict.fromkeys(macs)][:MAX_MACS]
    primary = machine.primary_ip.address if machine.primary_ip else ""
    named = _named(machine.name, primary, addresses)
    return view.item(
        "VirtualMachine", "machine", machine, told, [*known, *named, *_ips(view, addresses)]
    )


def _named(name: str | None, primary: str, addresses: Iterable[IpAddress]) -> list[str]:
    """The full names: its own where that is one, and that of its primary address in the DNS."""
    names = [name or "", *(a.dns_name for a in addresses if a.address == primary)]
    return [f"fqdn:{n.rstrip('.').lower()}" for n in dict.fromkeys(names) if _FQDN.fullmatch(n)]


def _ips(view: View, addresses: Iterable[IpAddress]) -> Iterator[str]:
    """Addresses that are one host's own, in the network that they are of."""
    for one in addresses:
        in_use = one.status is None or one.status.value in ("active", "dhcp", "slaac")
        if in_use and not (one.role and one.role.value in SHARED):
            scope = one.vrf.label if one.vrf else view.settings.address_scope
            try:
                yield ip_identifier(one.address.partition("/")[0], scope)
            except ValueError:
                continue


def _plain(addresses: Iterable[IpAddress]) -> list[str] | None:
    return sorted({a.address.partition("/")[0] for a in addresses if a.address}) or None


def _interfaces(view: View, device: Device) -> Iterator[ItemObservation]:
    for port in _told(view, device):
        yield view.item(
            "NetworkInterface",
            "interface",
            port,
            {
                "name": f"{device.label} {port.label}",
                "mac_address": next(iter(port.macs), None),
                "speed": port.speed // 1000 if port.speed else None,
                "mtu": port.mtu,
            },
        )


def _told(view: View, device: Device) -> list[Port]:
    """The interfaces that are worth an item: others are only slots."""
    addressed = {
        a.assigned_object.id
        for a in view.addresses.get(("device", device.id), ())
        if a.assigned_object is not None
    }
    return [
        port
        for port in view.interfaces.get(device.id, [])
        if port.connected_endpoints or port.macs or port.id in addressed
    ]


def host_links(view: View) -> Iterator[LinkObservation]:
    """Where hosts stand, what runs on what, whose they are, and what is part of them."""
    of, link = view.objects, view.observer.link
    chassis = {c.id for c in of.virtual_chassis}
    clusters = {c.id for c in of.clusters}
    for device in of.devices:
        key = view.key("device", device.id)
        if view.is_host(device) or view.is_feed(device):
            yield from view.located(
                key, rack=device.rack, location=device.location, site=device.site
            )
            yield from view.owned(key, device)
        if not view.is_host(device):
            continue
        if device.virtual_chassis is not None and device.virtual_chassis.id in chassis:
            yield link("MEMBER_OF", key, view.key("virtual-chassis", device.virtual_chassis.id))
        if device.cluster is not None and device.cluster.id in clusters:
            yield link("MEMBER_OF", key, view.key("cluster", device.cluster.id))
        if view.settings.interfaces:
            for port in _told(view, device):
                yield link("CONTAINS", key, view.key("interface", port.id))
    for machine in of.virtual_machines:
        yield from _machine_links(view, machine, clusters)


def _machine_links(
    view: View, machine: VirtualMachine, clusters: set[int]
) -> Iterator[LinkObservation]:
    key, link = view.key("machine", machine.id), view.observer.link
    if machine.device is not None and machine.device.id in view.devices:
        evidence = f"pinned to {machine.device.label} in NetBox"
        yield link(
            "RUNS_ON",
            key,
            view.key("device", machine.device.id),
            confidence=DECLARED,
            evidence=evidence,
        )
    elif machine.cluster is not None and machine.cluster.id in clusters:
        yield link("RUNS_ON", key, view.key("cluster", machine.cluster.id), confidence=DECLARED)
    yield from view.owned(key, machine)
