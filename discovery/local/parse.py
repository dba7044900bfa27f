"""From what was read of the machine to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cmdb.items import ItemObservation, LinkObservation, Observation
from discovery.local import LocalSettings
from discovery.local.addresses import (
    all_addresses,
    endpoint,
    is_outer,
    machine_identity,
    own_addresses,
)
from discovery.local.connections import Place, connection_links
from discovery.local.host import host_observation
from discovery.local.payload import LocalPayload, Mount
from discovery.local.software import ANY_ADDRESS, Instance, Software
from discovery.observer import Observer
from discovery.scanner import Parsed


def parse(payload: LocalPayload, settings: LocalSettings, time: datetime) -> Parsed:
    """Everything that the payload shows, items before links.

    The scope is the machine. It was seen in full unless something could not be read, was not asked
    for, or belongs to users whose processes may not be seen.
    """
    identity = machine_identity(payload.machine, payload.interfaces)
    observer = Observer("local", time, f"machine/{identity}")
    report = _Report(payload, settings, observer, identity)
    items = list(report.items())
    links = list(report.links())
    observations: list[Observation] = [*items, *links]
    hidden = 0 if payload.machine.root else sum(s.pid is None for s in payload.sockets)
    return Parsed(
        scope=observer.scope,
        observations=tuple(observations),
        full=not (hidden or payload.errors or payload.closed_sockets)
        and settings.connections
        and settings.containers,
        notes=tuple(_notes(payload, hidden)),
        errors=payload.errors,
    )


def _notes(payload: LocalPayload, hidden: int) -> Iterator[str]:
    """What more rights would show, a sentence each."""
    if hidden:
        belong = "1 socket belongs" if hidden == 1 else f"{hidden} sockets belong"
        yield f"{belong} to other users' processes; as root their owners would be named."
    if payload.machine.system == "Linux" and not payload.machine.root:
        yield "As root the hardware's serial number and UUID would be read."
    for path in payload.closed_sockets:
        yield f"As root, or in the group of {path}, its containers would be listed."


class _Report:
    """One payload on its way to observations."""

    def __init__(
        self, payload: LocalPayload, settings: LocalSettings, observer: Observer, identity: str
    ) -> None:
        self._payload = payload
        self._settings = settings
        self._observer = observer
        self._identity = identity
        self._addresses = own_addresses(payload.interfaces)
        self._interfaces = [i for i in payload.interfaces if is_outer(i)]
        self._host = observer.key(identity)
        self._software = Software(payload)
        self._links = list(self._connections()) if settings.connections else []
        self._instances = self._by_id()

    def items(self) -> Iterator[ItemObservation]:
        """The machine, then what is part of it, hangs on it and runs on it."""
        yield host_observation(
            self._observer, self._payload, self._settings, self._identity, self._addresses
        )
        for interface in self._interfaces:
            yield self._observer.item(
                "NetworkInterface",
                self._interface_id(interface.name),
                # No mac: here. A hardware address tells cloned machines apart, so the machine
                # itself has it, and an identifier belongs to one item only.
                properties={
                    "name": f"{self._payload.machine.hostname} {interface.name}",
                    "mac_address": interface.mac,
                    "speed": interface.speed,
                    "mtu": interface.mtu,
                    "ip_addresses": list(interface.addresses),
                    "is_up": interface.up,
                },
            )
        for mount in self._payload.mounts:
            yield self._volume(mount)
        for container in self._payload.containers:
            yield self._observer.item(
                "Container",
                f"container/{container.id}",
                [f"container:{container.id}"],
                {
                    "name": container.name or container.id[:12],
                    "image": container.image,
                    "runtime": container.runtime,
                },
            )
        for own_id, instances in self._instances.items():
            yield self._instance(own_id, instances)

    def links(self) -> Iterator[LinkObservation]:
        """How all that hangs together."""
        observer, host = self._observer, self._host
        for interface in self._interfaces:
            yield observer.link("CONTAINS", host, observer.key(self._interface_id(interface.name)))
        for mount in self._payload.mounts:
            yield observer.link("ATTACHES_TO", host, observer.key(self._volume_id(mount)))
        for container in self._payload.containers:
            yield observer.link("RUNS_ON", observer.key(f"container/{container.id}"), host)
        for own_id, instances in self._instances.items():
            guessed = all(i.guessed for i in instances)
            yield observer.link(
                "RUNS_ON",
                observer.key(own_id),
                host,
                confidence=0.8 if guessed else 1.0,
                evidence="a process of it runs and its usual port is open" if guessed else None,
            )
        yield from self._links

    def _connections(self) -> Iterator[LinkObservation]:
        place = Place(
            self._host,
            self._settings.address_scope,
            all_addresses(self._payload.interfaces),
            lambda instance: self._observer.key(self._software_id(instance)),
        )
        yield from connection_links(self._payload, self._software, place, self._observer)

    def _by_id(self) -> dict[str, list[Instance]]:
        # Taken after the connections were followed: they show programs that listen on nothing.
        found: dict[str, list[Instance]] = {}
        for instance in self._software.instances:
            found.setdefault(self._software_id(instance), []).append(instance)
        return found

    def _instance(self, own_id: str, instances: list[Instance]) -> ItemObservation:
        first = instances[0]
        product, process = first.product, first.process
        sockets = [s for instance in instances for s in instance.sockets]
        port = first.port if sockets else None
        name = product.name if port in (None, *product.ports) else f"{product.name}:{port}"
        return self._observer.item(
            product.kind,
            own_id,
            [
                endpoint(self._settings.address_scope, s.protocol, address, s.port)
                for s in sockets
                for address in self._reachable_at(s.address)
            ],
            {
                "name": f"{name} on {self._payload.machine.hostname}",
                "product": product.name,
                "engine": product.name if product.database else None,
                # The executable's version is the interpreter's where it interprets something.
                "version": None if process.entry else self._payload.versions.get(process.exe),
                "port": port,
                "ports": sorted(
                    {f"{s.protocol}/{s.port}" for s in sockets},
                    key=lambda p: (p.partition("/")[0], int(p.partition("/")[2])),
                )
                or None,
                "user": process.user,
                "command": process.exe,
            },
        )

    def _reachable_at(self, address: str) -> list[str]:
        if address == "0.0.0.0":  # noqa: S104  # what a socket says, not what one binds
            return [a for a in self._addresses if ":" not in a]
        if address in ANY_ADDRESS:
            return list(self._addresses)
        return [address] if address in self._addresses else []

    def _software_id(self, instance: Instance) -> str:
        first, last = self._payload.machine.ephemeral_ports
        port = instance.port
        stable = port is not None and not first <= port <= last
        product = instance.product.name.replace(" ", "-")
        return f"{self._identity}/software/{product}" + (f":{port}" if stable else "")

    def _interface_id(self, name: str) -> str:
        return f"{self._identity}/interface/{name}"

    def _volume_id(self, mount: Mount) -> str:
        return f"{self._identity}/volume{mount.mount_point}"

    def _volume(self, mount: Mount) -> ItemObservation:
        return self._observer.item(
            "StorageVolume",
            self._volume_id(mount),
            [f"wwn:{mount.wwn}"] if mount.wwn else [],
            {
                "name": f"{self._payload.machine.hostname}:{mount.mount_point}",
                "description": f"{mount.device} mounted on {mount.mount_point}.",
                "capacity": mount.capacity,
                "used": _coarse(mount.used, mount.capacity),
                "filesystem": mount.filesystem,
                "mount_point": mount.mount_point,
            },
        )


def _coarse(used: int | None, capacity: int | None) -> int | None:
    """Usage in steps of a twentieth: a log line more must not make a revision of every scan."""
    if used is None or not capacity:
        return None
    return round(20 * used / capacity) * capacity // 20
