"""From what was read of a machine to items and links. Pure: no clock, no network, no files."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.items import ItemObservation, LinkObservation
from discovery.machine.addresses import all_addresses, endpoint, is_outer, own_addresses
from discovery.machine.connections import Listeners, Place, connection_links, dependencies
from discovery.machine.host import host_observation, shared_key
from discovery.machine.payload import MachinePayload, Mount, Socket
from discovery.machine.shares import server_key, share_of
from discovery.machine.software import ANY_ADDRESS, Instance, Software
from discovery.machine.view import View
from discovery.observer import Observer


class MachineReport:
    """One machine on its way to observations.

    ``view`` is how it is looked at, ``host`` its key, ``addresses`` are those that others can
    reach it by, ``own_addresses`` all it has, ``listeners`` who listens on it, and
    ``dependencies`` what its programs call.
    """

    def __init__(
        self, payload: MachinePayload, view: View, observer: Observer, identity: str
    ) -> None:
        self._payload = payload
        self.view = view
        self._observer = observer
        self._identity = identity
        self.addresses = own_addresses(payload.interfaces)
        self._addresses_of_four = tuple(a for a in self.addresses if ":" not in a)
        self._interfaces = [i for i in payload.interfaces if is_outer(i)]
        self.host = observer.key(identity)
        self._software = Software(payload)
        self._ids: dict[int, str] = {}
        self.own_addresses = all_addresses(payload.interfaces)
        self.listeners = Listeners(payload)
        self.dependencies = (
            dependencies(payload, self.listeners, self._software, self._place())
            if view.connections
            else {}
        )
        self._instances = self._by_id()

    def items(self) -> Iterator[ItemObservation]:
        """The machine, then what is part of it, hangs on it and runs on it."""
        yield host_observation(
            self._observer, self._payload, self.view, self._identity, self.addresses
        )
        for interface in self._interfaces:
            yield self._observer.item(
                "NetworkInterface",
                self._interface_id(interface.name),
                [shared_key(self._interface_id(interface.name))],
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

    def service_key(self, listener: Socket) -> str | None:
        """The key of the software that a listening socket belongs to; None where it hides."""
        instance = self._software.listening(listener)
        return self._observer.key(self._software_id(instance)) if instance else None

    def software_key(self, product: str) -> str | None:
        """The key of the software of that product; None where none is seen to run."""
        found = (i for i in self._software.instances if i.product.name == product)
        return next((self._observer.key(self._software_id(i)) for i in found), None)

    def links(self, *, connections: bool = True) -> Iterator[LinkObservation]:
        """How all that hangs together, with or without what it is connected to."""
        observer, host = self._observer, self.host
        for interface in self._interfaces:
            yield observer.link("CONTAINS", host, observer.key(self._interface_id(interface.name)))
        for mount in self._payload.mounts:
            yield from self._attachment(mount)
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
        if connections:
            yield from connection_links(
                self.dependencies, self._payload.machine.hostname, self._observer
            )

    def _attachment(self, mount: Mount) -> Iterator[LinkObservation]:
        """The machine on its volume, and the volume on the server that it comes from."""
        volume, share = self._observer.key(self._volume_id(mount)), share_of(mount)
        evidence = f"mounted on {mount.mount_point}" if share else None
        yield self._observer.link("ATTACHES_TO", self.host, volume, evidence=evidence)
        server = share.server if share else mount.portal
        if server:
            yield self._observer.link(
                "HOSTED_ON",
                volume,
                server_key(server, self.view.address_scope),
                evidence=f"mounted from {server} on {self._payload.machine.hostname}",
            )

    def _place(self) -> Place:
        return Place(
            self.host,
            self.view.address_scope,
            self.own_addresses,
            lambda instance: self._observer.key(self._software_id(instance)),
        )

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
                shared_key(own_id),
                *(
                    endpoint(self.view.address_scope, s.protocol, address, s.port)
                    for s in sockets
                    for address in self._reachable_at(s.address)
                ),
            ],
            {
                "name": f"{name} on {self._payload.machine.hostname}",
                "product": product.name,
                "engine": product.name if product.database else None,
                # The executable's version is the interpreter's where it interprets something.
                "version": None if process.entry else self._payload.versions.get(process.exe),
                "port": port,
                "ports": [f"{p}/{n}" for p, n in sorted({(s.protocol, s.port) for s in sockets})]
                or None,
                "user": process.user,
                "command": process.exe,
                "unit": process.unit,
            },
        )

    def _reachable_at(self, address: str) -> tuple[str, ...]:
        if address == "0.0.0.0":  # noqa: S104  # what a socket says, not what one binds
            return self._addresses_of_four
        if address in ANY_ADDRESS:
            return self.addresses
        return (address,) if address in self.addresses else ()

    def _software_id(self, instance: Instance) -> str:
        found = self._ids.get(id(instance))
        if found is None:
            found = self._ids[id(instance)] = self._new_software_id(instance)
        return found

    def _new_software_id(self, instance: Instance) -> str:
        first, last = self._payload.machine.ephemeral_ports
        port = instance.port
        stable = port is not None and not first <= port <= last
        product = instance.product.name.replace(" ", "-")
        return f"{self._identity}/software/{product}" + (f":{port}" if stable else "")

    def _interface_id(self, name: str) -> str:
        return f"{self._identity}/interface/{name}"

    def _volume_id(self, mount: Mount) -> str:
        if share := share_of(mount):
            return f"share/{self.view.address_scope}/{share}"
        return f"{self._identity}/volume{mount.mount_point}"

    def _volume(self, mount: Mount) -> ItemObservation:
        own_id, share = self._volume_id(mount), share_of(mount)
        return self._observer.item(
            "StorageVolume",
            own_id,
            [shared_key(own_id), *([f"wwn:{mount.wwn}"] if mount.wwn else [])],
            {
                "name": str(share)
                if share
                else f"{self._payload.machine.hostname}:{mount.mount_point}",
                # Of a share all that is told must be the same on every machine that mounts it.
                "description": None if share else f"{mount.device} mounted on {mount.mount_point}.",
                "capacity": mount.capacity,
                "used": _coarse(mount.used, mount.capacity),
                "filesystem": mount.filesystem,
                "mount_point": None if share else mount.mount_point,
            },
        )


def _coarse(used: int | None, capacity: int | None) -> int | None:
    """Usage in steps of a twentieth: a log line more must not make a revision of every scan."""
    if used is None or not capacity:
        return None
    return round(20 * used / capacity) * capacity // 20
