"""One agent, understood: what it is, its interfaces and addresses, what is built into it."""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import msgspec

from discovery.machine.addresses import leads_out
from discovery.snmp.mib import begins, mib
from discovery.snmp.payload import Agent, Value
from discovery.snmp.values import index, ip, ip_at_end, mac, number, octets, text

LOOPBACK, TUNNEL = 24, 131
"""Types of interfaces that lead to no network of their own."""
CHASSIS, SUPPLY, STACK = 3, 6, 11
"""Classes of physical entities."""
BRIDGING, ROUTING, APPLICATIONS = 2, 4, 64
"""Bits of sysServices: the layers that a device works on."""


class Interface(msgspec.Struct, eq=False, gc=False):
    """A port, or what an agent takes for one. ``addresses`` have their prefix length."""

    index: int
    name: str
    description: str = ""
    alias: str = ""
    type: int = 0
    mac: str = ""
    speed: int | None = None
    mtu: int | None = None
    up: bool | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Something built in: a chassis or a power supply."""

    name: str
    description: str
    serial: str
    model: str
    maker: str
    software: str


class Device:
    """One agent's answers by what they mean."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.address = agent.address
        self.name = text(agent.scalars.get("name"))
        self.description = text(agent.scalars.get("description"))
        self.location = text(agent.scalars.get("location"))
        self.object_id = str(agent.scalars.get("object", ""))
        self.interfaces = self._interfaces()
        self._given: set[str] = set()
        self._named: dict[str, dict[str, list[Interface]]] = {}
        self._own_addresses()

    def column(self, name: str) -> dict[str, Value]:
        """A column's values by row; empty where the agent has none."""
        return self.agent.columns.get(name, {})

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that others reach it by, the one that was asked first."""
        found = [self.address]
        for interface in self.interfaces.values():
            inner = interface.type in (LOOPBACK, TUNNEL)
            if interface.addresses and not inner and leads_out(interface.name):
                found += [address.partition("/")[0] for address in interface.addresses]
        told = (ip(ipaddress.ip_address(a).packed) for a in found)
        return tuple(dict.fromkeys(a for a in told if a))

    @cached_property
    def macs(self) -> tuple[str, ...]:
        """Its hardware addresses: that of the chassis, of the bridge, of ports with addresses."""
        scalars = self.agent.scalars
        outer = [i for i in self.interfaces.values() if leads_out(i.name) and i.type != TUNNEL]
        found = [
            mac(scalars.get("chassis")) if scalars.get("chassis_subtype") == 4 else "",
            mac(scalars.get("bridge_address")),
            *(i.mac for i in outer if i.addresses),
            *(i.mac for i in outer),
        ]
        return tuple(dict.fromkeys(m for m in found if m))

    def named(self, kind: Literal["name", "description", "alias"], wanted: str) -> list[Interface]:
        """The interfaces that have this name, description or alias."""
        known = self._named.get(kind)
        if known is None:
            known = self._named[kind] = {}
            for interface in self.interfaces.values():
                known.setdefault(getattr(interface, kind), []).append(interface)
        return known.get(wanted, [])

    @property
    def names_chassis(self) -> bool:
        """Whether it tells neighbours a hardware address as its chassis, and says which."""
        return self.agent.scalars.get("chassis_subtype") == 4 and bool(
            mac(self.agent.scalars.get("chassis"))
        )

    @property
    def forwards(self) -> bool:
        """Whether it passes packets on (``ipForwarding``)."""
        return self.agent.scalars.get("forwarding") == 1

    @cached_property
    def is_network(self) -> bool:
        """Whether it is a device of the network, by what it says it does, else by its tables."""
        services = number(self.agent.scalars.get("services")) or 0
        if services & BRIDGING or (services & ROUTING and not services & APPLICATIONS):
            return True
        if any(begins(self.object_id, prefix) for prefix in mib().host_objects):
            return False
        tables = ("bridge_interface", "lldp_port", "cdp_device", "vlan_heard_port")
        return any(self.column(name) for name in tables) or any(
            "remote_chassis" in name for name in self.agent.columns
        )

    @cached_property
    def next_hops(self) -> tuple[str, ...]:
        """Where its default routes lead to."""
        found = [ip(octets(v)) for row, v in self.column("route_next").items() if row == "0"]
        found += [ip(octets(value)) for value in self.column("cidr_route_next").values()]
        found += [ip_at_end(index(row)) for row in self.column("inet_route_interface")]
        return tuple(dict.fromkeys(hop for hop in found if hop))

    @cached_property
    def chassis(self) -> tuple[Part, ...]:
        """Its chassis, those of a stack in their order; only ones that have a serial number."""
        parts = self._parts(CHASSIS) or self._parts(STACK) or self._parts(0, outermost=True)
        return tuple(part for part in parts if part.serial)

    @cached_property
    def supplies(self) -> tuple[Part, ...]:
        """Its power supplies, each with a name of its own."""
        found = self._parts(SUPPLY)
        names = Counter(part.name or part.description for part in found)
        return tuple(
            replace(part, name=name if name and names[name] == 1 else f"{name} {n}".strip())
            for n, part in enumerate(found, 1)
            for name in [part.name or part.description]
        )

    @property
    def maker(self) -> str:
        """Who made it, as it says itself or by its object identifier."""
        told = [part.maker for part in self.chassis if part.maker]
        number_ = self.object_id.removeprefix("1.3.6.1.4.1.").partition(".")[0]
        known = mib().makers.get(number_, "")
        return told[0] if told else known

    def _parts(self, class_: int, *, outermost: bool = False) -> tuple[Part, ...]:
        classes, containers = self.column("entity_class"), self.column("entity_container")
        rows = (
            [row for row, container in containers.items() if container == 0]
            if outermost
            else [row for row, value in classes.items() if value == class_]
        )
        return tuple(
            Part(
                name=text(self.column("entity_name").get(row)),
                description=text(self.column("entity_description").get(row)),
                serial=text(self.column("entity_serial").get(row)),
                model=text(self.column("entity_model").get(row)),
                maker=text(self.column("entity_maker").get(row)),
                software=text(self.column("entity_software").get(row)),
            )
            for row in sorted(rows, key=index)
        )

    def _interfaces(self) -> dict[int, Interface]:
        names, descriptions = self.column("interface_name"), self.column("interface_description")
        aliases, states = self.column("interface_alias"), self.column("interface_state")
        types, addresses = self.column("interface_type"), self.column("interface_address")
        mtus = self.column("interface_mtu")
        high, bits = self.column("interface_high_speed"), self.column("interface_speed")
        found: dict[int, Interface] = {}
        taken: set[str] = set()
        for row in {**descriptions, **names}:
            at = number(row)
            if at is None:
                continue
            description = text(descriptions.get(row))
            name = text(names.get(row)) or description or row
            name = f"{name} ({row})" if name in taken else name
            taken.add(name)
            state = states.get(row)
            found[at] = Interface(
                at,
                name,
                description,
                text(aliases.get(row)),
                number(types.get(row)) or 0,
                mac(addresses.get(row)),
                number(high.get(row)) or _megabits(number(bits.get(row))),
                number(mtus.get(row)),
                None if state is None else state == 1,
            )
        return found

    def _own_addresses(self) -> None:
        """Give interfaces the addresses of both tables."""
        masks = self.column("address_mask")
        for row, at in self.column("address_interface").items():
            mask = octets(masks.get(row))
            length = int.from_bytes(mask).bit_count() if len(mask) == 4 else 32
            self._give(at, ip(bytes(index(row))) if _is_bytes(row) else "", length)
        for row, at in self.column("ip_interface").items():
            found = ip_at_end(index(row))
            if found and found not in self._given:
                self._give(at, found, 32 if ":" not in found else 128)

    def _give(self, at: Value, address: str, length: int) -> None:
        interface = self.interfaces.get(at) if isinstance(at, int) else None
        if interface and address:
            self._given.add(address)
            interface.addresses = (*interface.addresses, f"{address}/{length}")


def _megabits(bits: int | None) -> int | None:
    """A speed in bits as one in megabits; None where the counter is too small for it."""
    return bits // 1_000_000 if bits and bits < 2**32 - 1 else None


def _is_bytes(row: str) -> bool:
    return all(n < 256 for n in index(row))
