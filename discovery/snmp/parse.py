"""From what agents answered to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import Gate, ItemObservation, LinkObservation
from discovery.observer import Observer
from discovery.scanner import Parsed
from discovery.snmp import SnmpSettings
from discovery.snmp.device import Device, Interface, Part
from discovery.snmp.network import Cable, Network, Party, by_pair, system
from discovery.snmp.payload import SnmpPayload
from discovery.snmp.stations import Station, stations

BOTH, ONE, SEVERAL = 1.0, 0.95, 0.8
"""Confidence of a cable: told at both ends, at one, at one where several are heard."""
ALONE, AMONG = 0.7, 0.5
"""Confidence that who is heard on a port hangs there: alone, or among few."""
MAX_MACS = 64
"""How many hardware addresses identify one device."""
MAX_TOLD = 12
"""How many cables between the same two devices the evidence names."""
_FQDN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
SUPPLIES = Gate("power supplies", 1)


def parse(payload: SnmpPayload, settings: SnmpSettings, time: datetime) -> Parsed:
    """Everything that the agents showed, items before links.

    The scope is the targets. It was seen in full where every agent said all it has.
    """
    text = f"{settings.address_scope}: {' '.join(payload.targets)}"
    if len(text) > 200:
        text = hashlib.sha256(text.encode()).hexdigest()[:32]
    scope = f"snmp/{text}"
    report = _Report(payload, settings, Observer("snmp", time, scope))
    errors = tuple(error for agent in payload.agents for error in agent.errors)
    links = list(report.links())
    return Parsed(
        scope=scope,
        observations=(*report.items(), *links),
        full=not errors,
        notes=tuple(report.notes()),
        errors=errors,
    )


class _Report:
    """One scan on its way to observations."""

    def __init__(self, payload: SnmpPayload, settings: SnmpSettings, observer: Observer) -> None:
        self._payload = payload
        self._settings = settings
        self._observer = observer
        self._network = Network(map(Device, payload.agents), settings.address_scope)
        self._stations = (
            stations(self._network, settings.most_on_port) if settings.hosts_on_ports else []
        )
        self._at_stations = {
            s: self._network.heard(s.mac, s.addresses) for s in self._stations if s.addresses
        }
        self._held: dict[str, set[str]] = {}
        for station in self._stations:
            self._held.setdefault(station.device.address, set()).add(station.port.name)
        self._lost = self._find_gateways()
        names = Counter(p.name.lower() for p in self._network.parties.values() if p.name)
        self._shared_names = {name for name, n in names.items() if n > 1}
        self._reported = {
            party.own_id: self._interfaces_of(party, party.device)
            for party in self._network.parties.values()
            if party.device and party.is_network
        }

    def items(self) -> Iterator[ItemObservation]:
        """The devices with what is part of them, then their neighbours and who hangs on them."""
        for party in self._network.parties.values():
            yield self._party(party)
            for interface in self._reported.get(party.own_id, ()):
                yield self._interface(party, interface)
            if party.device:
                for part in party.device.supplies:
                    yield self._supply(party, part)

    def links(self) -> Iterator[LinkObservation]:
        """Cables, who hangs on ports, what is part of what, what powers it."""
        observer = self._observer
        for (one, other), cables in by_pair(self._network.cables.values()):
            yield observer.link(
                "LINKED_TO",
                observer.key(one),
                observer.key(other),
                confidence=max(map(_confidence, cables)),
                evidence=self._evidence(cables),
            )
        for station in self._stations:
            yield self._hangs(station)
        for party in self._network.parties.values():
            for interface in self._reported.get(party.own_id, ()):
                yield observer.link(
                    "CONTAINS",
                    observer.key(party.own_id),
                    observer.key(_interface_id(party, interface)),
                )
            for part in party.device.supplies if party.device else ():
                yield observer.link(
                    "POWERED_BY",
                    observer.key(party.own_id),
                    observer.key(_supply_id(party, part)),
                    gate=SUPPLIES,
                    evidence="ENTITY-MIB",
                )

    def notes(self) -> Iterator[str]:
        """What is worth knowing, a sentence each."""
        if self._payload.silent:
            many = self._payload.silent
            yield f"{many} address{'' if many == 1 else 'es'} did not answer."
        if self._lost:
            yield (
                f"Default routes lead to {', '.join(self._lost)}, which no device here is known to "
                "have. Scan that device too, or name it with gateways."
            )
        elif not any(party.gateway for party in self._network.parties.values()):
            yield (
                "No device says that it is the gateway of others, so none anchors the network: "
                "name it with gateways."
            )

    def _find_gateways(self) -> list[str]:
        """Mark the gateways; returns the next hops that nobody is known to be."""
        lost = []
        for address in self._settings.gateways:
            party = self._network.at_address(str(ipaddress.ip_address(address)))
            if party:
                party.gateway = True
            else:
                lost.append(address)
        for device in self._network.devices():
            for hop in device.next_hops:
                party = self._network.at_address(hop)
                if party is None:
                    lost.append(hop)
                elif party.device is not device and (
                    party.device.forwards if party.device else party.is_network
                ):
                    party.gateway = True
        return sorted(set(lost), key=lambda a: ipaddress.ip_address(a).packed)

    def _party(self, party: Party) -> ItemObservation:
        device, scope = party.device, self._settings.address_scope
        chassis = device.chassis if device else ()
        found = system(party.description)
        version = found.version.search(party.description) if found and found.version else None
        unique = party.name.lower() not in self._shared_names
        return self._observer.item(
            "NetworkDevice" if party.is_network else "Server",
            party.own_id,
            [
                *(f"serial:{part.serial}" for part in chassis[:1]),
                *(f"mac:{mac}" for mac in party.macs[:MAX_MACS]),
                *([f"fqdn:{party.name}"] if unique and _FQDN.fullmatch(party.name) else []),
                *(ip_identifier(address, scope) for address in party.addresses),
            ],
            {
                "name": party.called,
                "hostname": party.name,
                "description": party.description,
                "operating_system": found.name if found else None,
                "operating_system_version": next(filter(None, version.groups()), None)
                if version
                else None,
                "ip_addresses": list(party.addresses) or None,
                "vendor": device.maker if device else None,
                "model": chassis[0].model if chassis else None,
                "serial_number": chassis[0].serial if chassis else None,
                "labels": list(_labels(party, chassis)) or None,
                **({"network_role": "gateway"} if party.gateway else {}),
            },
        )

    def _interfaces_of(self, party: Party, device: Device) -> list[Interface]:
        """The interfaces of a device that become items."""
        if self._settings.interfaces == "none":
            return []
        if self._settings.interfaces == "all":
            return list(device.interfaces.values())
        used = self._network.wired.get(party.own_id, set())
        used = used | self._held.get(device.address, set())
        return [i for i in device.interfaces.values() if i.name in used or _outer_address(i)]

    def _interface(self, party: Party, interface: Interface) -> ItemObservation:
        return self._observer.item(
            "NetworkInterface",
            _interface_id(party, interface),
            # No mac: here. It identifies the device itself, and an identifier is of one item only.
            properties={
                "name": f"{party.called} {interface.name}",
                "description": interface.alias if interface.alias != interface.name else None,
                "mac_address": interface.mac,
                "speed": interface.speed,
                "mtu": interface.mtu,
                "ip_addresses": list(interface.addresses) or None,
                "is_up": interface.up,
            },
        )

    def _supply(self, party: Party, part: Part) -> ItemObservation:
        return self._observer.item(
            "PowerFeed",
            _supply_id(party, part),
            properties={
                "name": f"{part.name} of {party.called}",
                "description": f"Power supply: {part.description or part.name}.",
                "labels": [f"serial={part.serial}"] if part.serial else None,
            },
        )

    def _hangs(self, station: Station) -> LinkObservation:
        party = self._network.party_of(station.device)
        other = self._at_stations.get(station) if station.addresses else None
        others = f", with {station.on_port - 1} more" if station.on_port > 1 else ""
        return self._observer.link(
            "LINKED_TO",
            self._observer.key(party.own_id),
            self._observer.key(other.own_id) if other else f"mac:{station.mac}",
            confidence=ALONE if station.on_port == 1 else AMONG,
            evidence=f"{station.mac} was heard on {party.called} {station.port.name}{others}",
        )

    def _evidence(self, cables: list[Cable]) -> str:
        told = sorted(map(self._told, cables))
        more = f"; and {len(told) - MAX_TOLD} more" if len(told) > MAX_TOLD else ""
        return "; ".join(told[:MAX_TOLD]) + more

    def _told(self, cable: Cable) -> str:
        parties = self._network.parties
        one, other = sorted((parties[e.party].called, e.port) for e in cable.ends)
        protocols = "/".join(sorted({protocol for _, protocol in cable.said}))
        both = ", told at both ends" if len({by for by, _ in cable.said}) > 1 else ""
        return f"{' '.join(one).strip()} - {' '.join(other).strip()} ({protocols}{both})"


def _confidence(cable: Cable) -> float:
    if len({by for by, _ in cable.said}) > 1:
        return BOTH
    return SEVERAL if cable.shared else ONE


def _labels(party: Party, chassis: tuple[Part, ...]) -> Iterator[str]:
    if party.device and (location := party.device.location):
        yield f"location={location}"
    for part in chassis[1:]:
        yield f"stack-member={part.serial}"


def _interface_id(party: Party, interface: Interface) -> str:
    return f"{party.own_id}/interface/{interface.name}"


def _supply_id(party: Party, part: Part) -> str:
    return f"{party.own_id}/power/{part.name}"


def _outer_address(interface: Interface) -> bool:
    return any(not ipaddress.ip_interface(a).ip.is_loopback for a in interface.addresses)
