"""Who says to be at the other end of a port: the neighbour tables of LLDP and CDP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from discovery.snmp.device import Device, Interface
from discovery.snmp.payload import Value
from discovery.snmp.values import index, ip, ip_at_end, mac, mac_of, number, octets, text

BRIDGE, WLAN, ROUTER, PHONE, STATION = "bridge", "wlan", "router", "phone", "station"
_LLDP_BITS = {0x40: BRIDGE, 0x20: BRIDGE, 0x10: WLAN, 0x08: ROUTER, 0x04: PHONE, 0x01: STATION}
_CDP_BITS = {0x01: ROUTER, 0x02: BRIDGE, 0x04: BRIDGE, 0x08: BRIDGE, 0x10: STATION, 0x80: PHONE}
_WORDS = {"bridge": BRIDGE, "router": ROUTER, "wlan": WLAN, "telephone": PHONE, "station": STATION}
_BY_INTERFACE = ("lldp2", "timetra", "tplink")
"""Tables whose rows bear the interface's own number where LLDP-MIB has a number of its own."""
MAC_CHASSIS, ADDRESS_CHASSIS = 4, 5
MAC_PORT = 3
_SUBTYPES = {"mac address": MAC_CHASSIS, "network address": ADDRESS_CHASSIS}
_NAMES: tuple[Literal["name", "description", "alias"], ...] = ("name", "description", "alias")
_SERIAL = re.compile(r"\([^()]*\)$")
"""What some devices put behind their name in CDP."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What a neighbour says of itself.

    ``port`` is the own interface that it was heard on; ``port_name`` names it where the agent has
    no such interface. ``remote_ports`` are the names of the neighbour's port, the surest first.
    ``macs`` and ``addresses`` are the neighbour's own; ``chassis`` is what it calls its chassis
    where that is no address: it need not be unique.
    ``does`` is what it says it does, empty where it says nothing.
    """

    protocol: str
    port: Interface | None
    port_name: str
    remote_ports: tuple[str, ...]
    remote_port_mac: str
    macs: tuple[str, ...]
    addresses: tuple[str, ...]
    name: str
    chassis: str
    description: str
    does: frozenset[str]

    @property
    def remote_port(self) -> str:
        """The neighbour's port, as it calls it."""
        return self.remote_ports[0] if self.remote_ports else self.remote_port_mac


def neighbours(device: Device) -> list[Neighbour]:
    """All neighbours of a device, in the order of its tables. CDP's are left out where LLDP
    names the same one on the same port."""
    found = [n for table in ("lldp", *_BY_INTERFACE) for n in _lldp(device, table)]
    return found + [n for n in _cdp(device) if not any(_same(n, other) for other in found)]


def _same(one: Neighbour, other: Neighbour) -> bool:
    """Whether two neighbours of one port are one: by its port's name, its name or address."""
    if one.port_name != other.port_name:
        return False
    ports = {p.lower() for p in one.remote_ports} & {p.lower() for p in other.remote_ports}
    return bool(ports or set(one.addresses) & set(other.addresses)) or (
        bool(one.name) and one.name.lower() == other.name.lower()
    )


def _lldp(device: Device, table: str) -> Iterator[Neighbour]:
    def column(name: str) -> dict[str, Value]:
        return device.column(f"{table}_remote_{name}")

    managed = _management(column("management"), rows=3 if table == "lldp" else 4)
    for row in sorted({**column("chassis"), **column("port"), **column("name")}, key=index):
        at = index(row)
        if len(at) < 2:
            continue
        own = at[0] if table == "tplink" else at[1]
        port = _own_port(device, own) if table == "lldp" else device.interfaces.get(own)
        chassis_subtype = _subtype(column("chassis_subtype").get(row))
        chassis, port_id = column("chassis").get(row), column("port").get(row)
        chassis_mac = mac(chassis) if chassis_subtype == MAC_CHASSIS else ""
        chassis_ip = ip(octets(chassis)[1:]) if chassis_subtype == ADDRESS_CHASSIS else ""
        by_mac = column("port_subtype").get(row) == MAC_PORT
        port_mac = mac(port_id) if by_mac else ""
        named = text(column("port_description").get(row))
        macs, addresses = managed.get(row, ((), ()))
        enabled = _does(column("enabled").get(row)) or _does(column("supported").get(row))
        yield Neighbour(
            protocol="LLDP",
            port=port,
            port_name=port.name if port else f"port {own}",
            remote_ports=_filled("" if by_mac else text(port_id), named),
            remote_port_mac=port_mac,
            macs=_filled(chassis_mac, *macs, port_mac),
            addresses=_filled(chassis_ip, *addresses),
            name=text(column("name").get(row)),
            chassis="" if chassis_mac or chassis_subtype == MAC_CHASSIS else text(chassis),
            description=text(column("description").get(row)),
            does=enabled,
        )


def _subtype(value: Value | None) -> int:
    """A chassis subtype, also where an agent has it in words."""
    if isinstance(value, str):
        return _SUBTYPES.get(text(value).lower(), 0)
    return value or 0


def _management(
    column: dict[str, Value], rows: int
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Per neighbour's row the hardware and network addresses that it is managed by."""
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for row in column:
        at = index(row)
        key = ".".join(map(str, at[:rows]))
        rest = at[rows:]
        macs, addresses = found.get(key, ((), ()))
        if len(rest) >= 7 and rest[0] == 6:
            macs = (*macs, mac_of(rest[-6:]))
        elif rest and rest[0] in (1, 2):
            addresses = (*addresses, ip_at_end(rest))
        found[key] = (macs, addresses)
    return found


def _own_port(device: Device, number_: int) -> Interface | None:
    """The interface behind a port number of LLDP-MIB.

    The agent's table of its own ports says how it is called; an interface of that name, or that
    description, is it. Else it is the bridge's port, or the interface, of that number.
    """
    row = str(number_)
    named = text(device.column("lldp_port").get(row))
    described = text(device.column("lldp_port_description").get(row))
    subtype = device.column("lldp_port_subtype").get(row)
    interfaces = device.interfaces
    if subtype == MAC_PORT:
        named = ""
    at = number(named) if named else None
    if subtype == 7 and at in interfaces:
        return interfaces[at]
    for wanted in filter(None, (named, described)):
        for kind in _NAMES:
            matching = device.named(kind, wanted)
            if len(matching) == 1:
                return matching[0]
    bridged = number(device.column("bridge_interface").get(row))
    if bridged in interfaces:
        return interfaces[bridged]
    if number_ in interfaces:
        return interfaces[number_]
    own = mac(device.column("lldp_port").get(row)) if subtype == MAC_PORT else ""
    matching = [i for i in interfaces.values() if own and i.mac == own]
    return matching[0] if len(matching) == 1 else None


def _cdp(device: Device) -> Iterator[Neighbour]:
    for row in sorted(device.column("cdp_device"), key=index):
        at = index(row)
        port = device.interfaces.get(at[0]) if at else None
        address = octets(device.column("cdp_address").get(row))
        known_as = text(device.column("cdp_device").get(row))
        told = text(device.column("cdp_name").get(row))
        platform = text(device.column("cdp_platform").get(row))
        version = text(device.column("cdp_version").get(row))
        bits = octets(device.column("cdp_capabilities").get(row))[-4:]
        does = int.from_bytes(bits)
        yield Neighbour(
            protocol="CDP",
            port=port,
            port_name=port.name if port else f"port {row}",
            remote_ports=_filled(text(device.column("cdp_port").get(row))),
            remote_port_mac="",
            macs=_filled(mac(device.column("cdp_device").get(row))),
            addresses=_filled(ip(address)),
            name=told or _SERIAL.sub("", known_as),
            chassis=known_as,
            description=version or platform,
            does=frozenset(word for bit, word in _CDP_BITS.items() if does & bit),
        )


def _does(value: Value | None) -> frozenset[str]:
    """What a neighbour says it does: bits, or words where an agent writes them out."""
    raw = octets(value)
    if len(raw) > 2 and raw.decode("latin-1").isprintable():
        said = raw.decode("latin-1").lower()
        return frozenset(does for word, does in _WORDS.items() if word in said)
    return frozenset(word for bit, word in _LLDP_BITS.items() if raw and raw[0] & bit)


def _filled(*values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
