"""Who hangs on which port where no neighbour says so: forwarding tables, and whose address it is.

A bridge hears a hardware address behind a port. Where few are heard there, and no other bridge of
the scan hears it on a port with fewer, it hangs there.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from discovery.snmp.device import Device, Interface
from discovery.snmp.network import Network
from discovery.snmp.values import index, ip, ip_at_end, mac, mac_at_end, number

LEARNED = 3
AGGREGATE = 161
"""The type of an interface that is several cables."""
MOST_ADDRESSES = 4
"""A hardware address with more network addresses than that answers for others."""


class Station(msgspec.Struct, frozen=True, gc=False):
    """A hardware address on a port of a device, the addresses it has, and how many are there."""

    device: Device
    port: Interface
    mac: str
    addresses: tuple[str, ...]
    on_port: int


def stations(network: Network, most: int) -> list[Station]:
    """Who hangs on which port, by device and port; at most ``most`` on one."""
    addresses = _addresses(network.devices())
    nearest: dict[str, Station] = {}
    tied: set[str] = set()
    for device in network.devices():
        own = network.party_of(device)
        wired, own_macs = network.wired.get(own.own_id, set()), frozenset(own.macs)
        for port, heard in _heard(device).items():
            here = heard - own_macs
            if port.name in wired or port.type == AGGREGATE or not 0 < len(here) <= most:
                continue
            for one in here:
                found = Station(device, port, one, addresses.get(one, ()), len(here))
                known = nearest.get(one)
                if known is None or found.on_port < known.on_port:
                    nearest[one] = found
                    tied.discard(one)
                elif found.on_port == known.on_port:
                    tied.add(one)
    cabled = network.cabled()
    told = []
    for one, found in nearest.items():
        party = network.at_mac(one)
        if one not in tied and not (party and party.own_id in cabled):
            told.append(found)
    return sorted(told, key=lambda s: (s.device.address, s.port.index, s.mac))


def _heard(device: Device) -> dict[Interface, set[str]]:
    """Per interface the hardware addresses that were learned behind it."""
    found: dict[int, set[str]] = {}
    for table, first in (("heard", 0), ("vlan_heard", 1)):
        status = device.column(f"{table}_status")
        for row, value in device.column(f"{table}_port").items():
            port = number(value)
            if not port or status.get(row, LEARNED) != LEARNED:
                continue
            if address := mac_at_end(row, first):
                found.setdefault(port, set()).add(address)
    bridged, interfaces = device.column("bridge_interface"), device.interfaces
    ports = {port: interfaces.get(number(bridged.get(str(port))) or port) for port in found}
    return {interface: found[port] for port, interface in ports.items() if interface}


def _addresses(devices: Iterable[Device]) -> dict[str, tuple[str, ...]]:
    """Network addresses by hardware address, as ARP tables have them."""
    found: dict[str, set[str]] = {}
    for device in devices:
        for row, value in device.column("arp").items():
            at = index(row)[-4:]
            address = ip(bytes(at)) if len(at) == 4 and max(at) < 256 else ""
            if address and mac(value):
                found.setdefault(mac(value), set()).add(address)
        for row, value in device.column("neighbour").items():
            if (address := ip_at_end(index(row))) and mac(value):
                found.setdefault(mac(value), set()).add(address)
    return {m: tuple(sorted(a)) for m, a in found.items() if len(a) <= MOST_ADDRESSES}
