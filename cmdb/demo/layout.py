"""Where everything in the estate stands: names, places and addresses, and no observation yet.

A *region* is a pair of data centres with its core network; a *bay* is eight racks of it, four in
each data centre, with all that runs there, from power feeds to business services. The default
estate is one bay; larger ones are more bays of the same shape.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import NamedTuple

from cmdb.demo.cast import (
    DATABASE_SERVERS,
    INFRASTRUCTURE,
    PRODUCT_PORTS,
    SERVICES,
    DatabaseServer,
)
from cmdb.demo.company import DOMAIN

BAYS_PER_REGION = 25
RACKS = 4
"""Racks of one bay in one data centre, each with one database server."""
HYPERVISORS = 8
"""Hypervisors of one bay in one data centre, two in each rack."""

_FIRST_ADDRESS = (10 << 24) + (1 << 16)
_ADDRESSES_PER_BAY = 2048
_ADDRESSES_PER_SIDE = 1024


class Region(NamedTuple):
    """A pair of data centres, counted from 0."""

    number: int

    @property
    def data_centres(self) -> tuple[str, str]:
        """The names of the pair: ``dc1`` and ``dc2`` in the first region."""
        return f"dc{2 * self.number + 1}", f"dc{2 * self.number + 2}"


class Rack(NamedTuple):
    """A rack with its access switches. ``feeds`` are its two power feeds."""

    name: str
    side: int
    position: int
    feeds: tuple[str, str]
    switches: tuple[str, ...]


class Host(NamedTuple):
    """A physical machine in a rack. ``number`` is unique within the bay and side."""

    name: str
    rack: Rack
    address: int
    mac: int


class Vm(NamedTuple):
    """A virtual machine, what it runs and for whom. ``service`` is the service or purpose."""

    name: str
    side: int
    host: str
    address: int
    mac: int
    service: str
    product: str
    port: int
    version: str
    environment: str


class DbInstance(NamedTuple):
    """A database instance on a machine, with its standby's place in the chain (0 is primary)."""

    name: str
    server: DatabaseServer
    rank: int
    host: str
    address: int
    endpoint: str


class Bay:
    """The layout of one bay. All names in it are unique over the whole estate.

    ``extra`` is by how many items the bay is larger than its shape.
    """

    def __init__(self, number: int, extra: int, seed: int) -> None:
        self.number = number
        self.extra = extra
        self.seed = seed
        self.region = Region(number // BAYS_PER_REGION)
        self.place = number % BAYS_PER_REGION
        self.tag = f"-s{number:04d}" if number else ""
        self.data_centres = self.region.data_centres
        self._next_address = [2, 2]
        self._groups: dict[tuple[str, str], int] = {}
        self._placed = Counter[tuple[str, str, int]]()
        self.racks = tuple(self._rack(side, i) for side in (0, 1) for i in range(RACKS))
        self.hypervisors = tuple(
            self._host("hv", self.place * HYPERVISORS + i, self.racks[side * RACKS + i // 2])
            for side in (0, 1)
            for i in range(HYPERVISORS)
        )
        self.database_hosts = tuple(
            self._host("db", self.place * RACKS + rack.position, rack) for rack in self.racks
        )
        self.vms = tuple(self._vms())
        self.vms_of: dict[tuple[str, str], list[Vm]] = {}
        for vm in self.vms:
            self.vms_of.setdefault((vm.service, vm.environment), []).append(vm)
        self.instances = tuple(self._instances())
        self.primary_of = {i.server.name: i for i in self.instances if i.rank == 0}

    def unique(self, text: str) -> str:
        """A 32-digit hexadecimal number that only this name in this estate has."""
        return hashlib.blake2b(
            f"{self.seed}/{self.number}/{text}".encode(), digest_size=16
        ).hexdigest()

    def take_address(self, side: int) -> int:
        """The next free address of the bay in one data centre."""
        self._next_address[side] += 1
        return (
            _FIRST_ADDRESS
            + self.number * _ADDRESSES_PER_BAY
            + side * _ADDRESSES_PER_SIDE
            + self._next_address[side]
        )

    def subnet(self, side: int) -> str:
        """The bay's server network in one data centre, in CIDR form."""
        start = _FIRST_ADDRESS + self.number * _ADDRESSES_PER_BAY + side * _ADDRESSES_PER_SIDE
        return f"{dotted(start)}/22"

    def service(self, name: str, environment: str = "production") -> str:
        """The name of a service instance of this bay."""
        return f"{name}{self.tag}@{environment}"

    def _rack(self, side: int, index: int) -> Rack:
        name = f"{self.data_centres[side]}-r{self.place * RACKS + index + 1:02d}"
        lone = side == 0 and index == 2
        switches = (f"{name}-acc-sw1",) if lone else (f"{name}-acc-sw1", f"{name}-acc-sw2")
        return Rack(name, side, index, (f"{name}-feed-a", f"{name}-feed-b"), switches)

    def _host(self, what: str, index: int, rack: Rack) -> Host:
        address = self.take_address(rack.side)
        name = f"{self.data_centres[rack.side]}-{what}{index + 1:02d}"
        return Host(name, rack, address, mac_of(address))

    def _vms(self) -> list[Vm]:
        vms: list[Vm] = []
        for purpose, product, sides in INFRASTRUCTURE:
            vms.extend(self._vm(purpose, product, side, i) for i, side in enumerate(sides))
        for service in SERVICES:
            if service.runs != "k8s":
                together = service.name == "search"
                vms.extend(
                    self._vm(service.name, service.runs, 0, i, host=2)
                    if together
                    else self._vm(service.name, service.runs, i % 2, i)
                    for i in range(service.size)
                )
                if service.staging:
                    vms.append(self._vm(service.name, service.runs, 1, 0, "staging"))
        vms.extend(self._vm("kube-cp", "kubelet", i % 2, i) for i in range(3))
        vms.extend(self._vm("kube-node", "kubelet", i % 2, i) for i in range(6))
        vms.extend(self._vm("kube-node", "kubelet", 1, i, "staging") for i in range(2))
        vms.extend(self._vm("loyalty-db", "openssh", 1, i, host=4) for i in range(2))
        vms.extend(self._vm("store-sync", "store-sync", i % 2, i) for i in range(self.extra // 3))
        return vms

    def _vm(
        self,
        service: str,
        product: str,
        side: int,
        index: int,
        environment: str = "production",
        host: int | None = None,
    ) -> Vm:
        if host is None:
            host = self._place(service, environment, side)
        stage = "-stg" if environment == "staging" else ""
        name = f"{self.data_centres[side]}-{service}{self.tag}{stage}-{index + 1}"
        address = self.take_address(side)
        port, version = PRODUCT_PORTS[product]
        hypervisor = self.hypervisors[side * HYPERVISORS + host].name
        return Vm(
            name,
            side,
            hypervisor,
            address,
            mac_of(address),
            service,
            product,
            port,
            version,
            environment,
        )

    def _place(self, service: str, environment: str, side: int) -> int:
        """The hypervisor for the next machine of a group: the first three of one share no rack."""
        first = self._groups.setdefault((service, environment), len(self._groups))
        before = self._placed[service, environment, side]
        self._placed[service, environment, side] += 1
        return (first + 3 * before) % HYPERVISORS

    def _instances(self) -> list[DbInstance]:
        instances = []
        for server in DATABASE_SERVERS:
            for rank, (side, index) in enumerate(server.places):
                machine: Host | Vm = (
                    self.vms_of[server.name, "production"][rank]
                    if server.virtual
                    else self.database_hosts[side * RACKS + index]
                )
                instances.append(
                    DbInstance(
                        f"{server.name}{self.tag}-{rank + 1}",
                        server,
                        rank,
                        machine.name,
                        machine.address,
                        endpoint(machine.address, server.port),
                    )
                )
        return instances


def dotted(address: int) -> str:
    """An IPv4 address in the usual form."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def mac_of(address: int, port: int = 0) -> int:
    """The hardware address that goes with an address and a port of the machine."""
    return 0x525400000000 | port << 28 | (address - _FIRST_ADDRESS)


def mac_text(mac: int) -> str:
    """A hardware address in its written form."""
    digits = f"{mac:012x}"
    return ":".join((digits[:2], digits[2:4], digits[4:6], digits[6:8], digits[8:10], digits[10:]))


def fqdn(name: str) -> str:
    """The identifier of a machine by its full name."""
    return f"fqdn:{name}.{DOMAIN}"


def endpoint(address: int, port: int) -> str:
    """The identifier of a socket that listens on an address."""
    return f"endpoint:default/tcp/{dotted(address)}:{port}"
