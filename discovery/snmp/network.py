"""All devices of a scan together: who is who, and which port is cabled to which."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from discovery.snmp.device import Device, Interface
from discovery.snmp.mib import System, mib
from discovery.snmp.neighbours import BRIDGE, ROUTER, WLAN, Neighbour, neighbours

_GENERAL = re.compile(r"(?:localhost|switch|router|ap|default|none|unknown)?", re.IGNORECASE)
"""Names that devices have before someone gives them one."""


@dataclass(slots=True)
class Party:
    """A device that was asked, or one that others speak of.

    ``own_id`` is the scanner's id for it: the same, whether it was asked or only spoken of, where
    it has a hardware address. ``place`` says where one is that has nothing else to call it by.
    """

    own_id: str
    device: Device | None = None
    name: str = ""
    chassis: str = ""
    place: str = ""
    description: str = ""
    macs: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    does: frozenset[str] = frozenset()
    gateway: bool = False
    only_heard: bool = False

    @property
    def called(self) -> str:
        """What people would call it."""
        if self.name:
            return self.name
        told = (self.chassis, *self.addresses, *self.macs, self.description, self.place)
        return next((text for text in told if text), self.own_id)

    @property
    def is_network(self) -> bool:
        """Whether it is a device of the network: what it says it does, and runs on."""
        if self.gateway:
            return True
        if self.device:
            return self.device.is_network
        found = system(self.description)
        if found and (found.host or not self.does):
            return not found.host
        return bool(self.does & {BRIDGE, ROUTER, WLAN})


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cable: a party's id and its port, which may be unknown."""

    party: str
    port: str


@dataclass(slots=True)
class Cable:
    """Two ends, who said so by which protocol, and how many neighbours share the port."""

    ends: tuple[End, End]
    said: set[tuple[str, str]] = field(default_factory=set)
    shared: bool = False


class Network:
    """The parties of a scan, and the cables between them."""

    def __init__(self, devices: Iterable[Device], scope: str) -> None:
        self._scope = scope
        self.parties: dict[str, Party] = {}
        self._by_device: dict[str, Party] = {}
        self._by_mac: dict[str, Party] = {}
        self._by_address: dict[str, Party] = {}
        self._by_name: dict[str, list[Party]] = {}
        self.cables: dict[frozenset[End], Cable] = {}
        self.wired: dict[str, set[str]] = {}
        found = _each_once(devices)
        # An address that several devices have, as routers that stand in for each other do, tells
        # none of them apart. One at which a device answered is that device's.
        self._asked = {device.address: device for device in found}
        counted = Counter(v for d in found for v in {*d.macs, *d.addresses})
        self._shared = {v for v, n in counted.items() if n > 1 and v not in self._asked}
        for device in found:
            self._add(device)
        for device in self.devices():
            self._connect(device)

    def devices(self) -> list[Device]:
        """The devices that were asked, each once."""
        return [party.device for party in self.parties.values() if party.device]

    def party_of(self, device: Device) -> Party:
        """The party that a device is."""
        return self._by_device[device.address]

    def cabled(self) -> set[str]:
        """The ids of all parties that a cable leads to."""
        return {end.party for cable in self.cables.values() for end in cable.ends}

    def at_mac(self, address: str) -> Party | None:
        """Who has a hardware address."""
        return self._by_mac.get(address)

    def at_address(self, address: str) -> Party | None:
        """Who has an address."""
        return self._by_address.get(address)

    def heard(self, address: str, addresses: Iterable[str]) -> Party:
        """Who has a hardware address, made anew where nobody had it yet."""
        known = self._by_mac.get(address)
        known = known or next((p for a in addresses if (p := self._by_address.get(a))), None)
        if known is None:
            known = Party(f"{self._scope}/{address}", only_heard=True)
            self.parties[known.own_id] = known
            self._know(known, [address], addresses)
        return known

    def _add(self, device: Device) -> None:
        own_id = f"{self._scope}/{self._identity(device)}"
        party = Party(own_id, device, device.name, description=device.description)
        self.parties[own_id] = self._by_device[device.address] = party
        own = [a for a in device.addresses if self._asked.get(a, device) is device]
        self._know(party, device.macs, own)

    def _identity(self, device: Device) -> str:
        return next((m for m in device.macs if m not in self._shared), device.address)

    def _know(self, party: Party, macs: Iterable[str], addresses: Iterable[str]) -> None:
        for value in macs:
            if value not in self._shared and self._by_mac.setdefault(value, party) is party:
                party.macs += [value] if value not in party.macs else []
        for value in addresses:
            if value not in self._shared and self._by_address.setdefault(value, party) is party:
                party.addresses += [value] if value not in party.addresses else []
        if party.name and party not in self._by_name.setdefault(party.name.lower(), []):
            self._by_name[party.name.lower()].append(party)

    def _connect(self, device: Device) -> None:
        own = self.party_of(device)
        heard = neighbours(device)
        named: dict[tuple[str, str], Party] = {}
        on_port: dict[str, set[str]] = {}
        cables = []
        for neighbour in heard:
            # Who says a name twice on a port, of a card and of the system say, is one.
            place = neighbour.port_name, neighbour.name.lower()
            other = (named.get(place) if neighbour.name else None) or self._meet(neighbour, own)
            named[place] = other
            self._learn(other, neighbour, own)
            if other is own:
                continue
            if neighbour.port:
                self.wired.setdefault(own.own_id, set()).add(neighbour.port.name)
            ends = (
                End(own.own_id, neighbour.port_name),
                End(other.own_id, _port_of(other, neighbour)),
            )
            cable = self.cables.setdefault(frozenset(ends), Cable(ends))
            cable.said.add((own.own_id, neighbour.protocol))
            on_port.setdefault(neighbour.port_name, set()).add(other.own_id)
            cables.append((neighbour.port_name, cable))
        for port, cable in cables:
            cable.shared |= len(on_port[port]) > 1

    def _meet(self, neighbour: Neighbour, own: Party) -> Party:
        """Who a neighbour is: someone known, or a new party."""
        known = next((p for m in neighbour.macs if (p := self._by_mac.get(m))), None)
        known = known or next(
            (p for a in neighbour.addresses if (p := self._by_address.get(a))), None
        )
        known = known or self._named(neighbour, own)
        if known is None:
            if neighbour.macs:
                own_id = f"{self._scope}/{neighbour.macs[0]}"
            elif neighbour.name and not _GENERAL.fullmatch(neighbour.name):
                own_id = f"{self._scope}/name/{neighbour.name.lower()}"
            else:
                own_id = f"{own.own_id}/behind/{neighbour.port_name}"
            known = self.parties.setdefault(own_id, Party(own_id))
        return known

    def _learn(self, known: Party, neighbour: Neighbour, own: Party) -> None:
        """Keep what a neighbour says of itself, where it was not asked itself."""
        if known.device:
            return
        if not known.name or (" " in known.name and neighbour.name and " " not in neighbour.name):
            known.name = neighbour.name
            known.description = neighbour.description or known.description
        known.chassis = known.chassis or neighbour.chassis
        known.place = f"neighbour of {own.called} on {neighbour.port_name}"
        known.description = known.description or neighbour.description
        known.does |= neighbour.does
        self._know(known, neighbour.macs, neighbour.addresses)

    def _named(self, neighbour: Neighbour, own: Party) -> Party | None:
        """The only other party of that name, unless both say which chassis they are and differ."""
        if not neighbour.name or _GENERAL.fullmatch(neighbour.name):
            return None
        found = self._by_name.get(neighbour.name.lower(), [])
        if len(found) != 1 or found[0] is own:
            return None
        says = found[0].device.names_chassis if found[0].device else bool(found[0].macs)
        return None if says and neighbour.macs else found[0]


def _each_once(devices: Iterable[Device]) -> list[Device]:
    """The devices without those that were asked at another of their addresses already: the same
    name and all the same hardware addresses are no coincidence."""
    found: dict[object, Device] = {}
    for device in devices:
        found.setdefault((device.name, *device.macs) if device.macs else device.address, device)
    return list(found.values())


def _port_of(other: Party, neighbour: Neighbour) -> str:
    """The neighbour's port by the name that its own agent has for it, else as it calls it."""
    if other.device:
        found = _port_among(other.device.interfaces.values(), neighbour)
        if found:
            return found.name
    return neighbour.remote_port


def _port_among(interfaces: Iterable[Interface], neighbour: Neighbour) -> Interface | None:
    """The first port with a name that the neighbour says, or the number or hardware address."""
    names, mac = neighbour.remote_ports, neighbour.remote_port_mac
    if not names:
        return next((i for i in interfaces if i.mac == mac), None) if mac else None
    for interface in interfaces:
        if (
            interface.name in names
            or interface.description in names
            or names[0] == str(interface.index)
        ):
            return interface
    return None


def system(description: str) -> System | None:
    """The operating system that a description names."""
    return next((s for s in mib().systems if s.pattern.search(description)), None)


def by_pair(cables: Iterable[Cable]) -> Iterator[tuple[tuple[str, str], list[Cable]]]:
    """The cables by the two parties that they join, sorted."""
    found: dict[tuple[str, str], list[Cable]] = {}
    for cable in cables:
        one, other = sorted(end.party for end in cable.ends)
        found.setdefault((one, other), []).append(cable)
    yield from sorted(found.items())
