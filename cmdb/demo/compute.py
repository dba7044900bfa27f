"""Hypervisors, database servers, virtual machines, their interfaces, disks and software."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from cmdb.demo.cast import DATABASE_SERVERS, INFRASTRUCTURE, SERVICES
from cmdb.demo.company import DOMAIN
from cmdb.demo.facility import feed, location
from cmdb.demo.layout import (
    HYPERVISORS,
    Bay,
    Host,
    Vm,
    dotted,
    endpoint,
    fqdn,
    mac_of,
    mac_text,
)
from cmdb.demo.sources import Source, Sources
from cmdb.items import Gate, ItemObservation, LinkObservation

GIB = 2**30
_TEAM_OF = {s.name: s.team for s in SERVICES} | {
    "store-sync": "Stores",
    "loyalty-db": "Databases",
    "kube-cp": "Platform",
    "kube-node": "Platform",
    "dns": "Network",
    "directory": "Platform",
    "session-cache": "Commerce",
    "mq": "Platform",
    "logs": "Platform",
}
"""Who owns a virtual machine, by what it is for. Nobody ever claimed the others."""
_SERVICES = {s.name: s for s in SERVICES}
_SERVER_OF = {
    d: s.name for s in DATABASE_SERVERS if s.environment == "production" for d in s.databases
}
_SHARED = frozenset(name for name, _, _ in INFRASTRUCTURE)
_SHARED_GATES = ((Gate("dns", 1), False), (Gate("directory", 1), True), (Gate("logs", 1), True))
"""What every program connects to, named as the machines are, and whether it can do without."""
_TIME = Gate("time", 1)
_BROKER = Gate("mq", 1)
_DATASTORES = Gate("datastores", 1)
_DEBIAN = "Debian GNU/Linux"


def cluster(name: str) -> str:
    """The identifier of a redundancy group."""
    return f"name:Cluster/{name}"


def hypervisor_cluster(bay: Bay, side: int) -> str:
    """The name of the hypervisor cluster of a bay in one data centre."""
    return f"{bay.data_centres[side]}-cluster{bay.place + 1}"


def datastore(bay: Bay, side: int, number: int) -> str:
    """The name of one of the two datastores of a bay in one data centre."""
    return f"{bay.data_centres[side]}-ds{2 * bay.place + number + 1:02d}"


def volume(bay: Bay, name: str) -> str:
    """The identifier of a storage volume."""
    return f"wwn:6{bay.unique(name)[1:]}"


def bay_items(bay: Bay, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    """All machines of a bay and what belongs to them."""
    for side in (0, 1):
        name = hypervisor_cluster(bay, side)
        yield sources.vcenter.item(
            "Cluster",
            f"domain-{name}",
            (cluster(name),),
            {"name": name, "technology": "vSphere HA", "min_up": "75%"},
        )
        for number in (0, 1):
            store = datastore(bay, side, number)
            yield _volume(sources.vcenter, bay, store, 16 * 2**40, rng, "VMFS")
    for host in bay.hypervisors:
        yield from _machine(host, "Hypervisor", sources, rng)
    for host in bay.database_hosts:
        yield from _machine(host, "Server", sources, rng)
        yield _volume(
            sources.monitoring, bay, f"{host.name}-data", 4 * 2**40, rng, "xfs", "/srv/data"
        )
    for vm in bay.vms:
        yield from _vm(bay, vm, sources, rng)


def bay_links(bay: Bay, sources: Sources) -> Iterator[LinkObservation]:
    """What the machines of a bay stand in, hang on and talk to."""
    for i, host in enumerate(bay.hypervisors):
        yield from _machine_links(bay, host, "Platform", sources)
        yield sources.vcenter.link(
            "MEMBER_OF", fqdn(host.name), cluster(hypervisor_cluster(bay, i // HYPERVISORS))
        )
        for number in (0, 1):
            store = volume(bay, datastore(bay, i // HYPERVISORS, number))
            yield sources.vcenter.link("ATTACHES_TO", fqdn(host.name), store, gate=_DATASTORES)
    for host in bay.database_hosts:
        yield from _machine_links(bay, host, "Databases", sources)
        yield sources.monitoring.link(
            "ATTACHES_TO", fqdn(host.name), volume(bay, f"{host.name}-data")
        )
    for number, vm in enumerate(bay.vms):
        yield from _vm_links(bay, vm, number, sources)
    for side in (0, 1):
        yield from _subnet_links(bay, side, sources.netbox)
        for number in (0, 1):
            store = volume(bay, datastore(bay, side, number))
            yield sources.vcenter.link("OWNED_BY", store, f"name:Team/Platform{bay.tag}")


def _machine(host: Host, kind: str, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    serial = f"CZ{rng.getrandbits(40):010X}"
    memory = rng.choice((256, 384, 512)) * GIB
    yield sources.netbox.item(
        kind,
        f"device/{host.name}",
        (f"serial:{serial}", fqdn(host.name)),
        {
            "name": host.name,
            "vendor": "HPE",
            "model": "ProLiant DL380 Gen11",
            "serial_number": serial,
            "cpu_count": 64,
            # An inventory kept by hand does not hear of every memory upgrade.
            "memory": memory if rng.random() < 0.8 else memory // 2,
            "environment": "production",
            "lifecycle_status": "active",
        },
    )
    system, version = ("VMware ESXi", "8.0.2") if kind == "Hypervisor" else (_DEBIAN, "12")
    source = sources.vcenter if kind == "Hypervisor" else sources.monitoring
    yield source.item(
        kind,
        f"host-{host.name}",
        (f"serial:{serial}", fqdn(host.name)),
        {
            "name": host.name,
            "hostname": host.name,
            "operating_system": system,
            "operating_system_version": version,
            "architecture": "x86_64",
            "cpu_count": 64,
            "memory": memory,
            "ip_addresses": [dotted(host.address)],
        },
    )
    for port in (0, 1):
        yield _interface(source, host.name, f"eno{port + 1}", mac_of(host.address, port), 25_000)


def _vm(bay: Bay, vm: Vm, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    unique = bay.unique(vm.name)
    uuid = f"uuid:{unique[:8]}-{unique[8:12]}-4{unique[13:16]}-a{unique[17:20]}-{unique[20:]}"
    name = fqdn(vm.name)
    yield sources.vcenter.item(
        "VirtualMachine",
        f"vm-{vm.name}",
        (uuid, name),
        {
            "name": vm.name,
            "operating_system": "Debian GNU/Linux 11 (64-bit)",
            "cpu_count": rng.choice((2, 4, 4, 8)),
            "memory": rng.choice((4, 8, 8, 16)) * GIB,
            "environment": vm.environment,
            "instance_type": "general",
        },
    )
    yield sources.monitoring.item(
        "VirtualMachine",
        f"host-{vm.name}",
        (uuid, f"machine-id:{bay.unique('machine ' + vm.name)}", name),
        {
            "name": vm.name,
            "hostname": f"{vm.name}.{DOMAIN}",
            "operating_system": _DEBIAN,
            "operating_system_version": "12",
            "kernel": "6.1.0-21-amd64",
            "architecture": "x86_64",
            "ip_addresses": [dotted(vm.address)],
        },
    )
    yield _interface(sources.vcenter, vm.name, "ens192", vm.mac, 10_000)
    yield sources.monitoring.item(
        "SoftwareInstance",
        f"software/{vm.product}@{vm.name}",
        (endpoint(vm.address, vm.port),),
        {
            "name": f"{vm.product} on {vm.name}",
            "product": vm.product,
            "version": vm.version,
            "port": vm.port,
            "ports": [f"tcp/{vm.port}"],
            "user": vm.product,
        },
    )


def _interface(source: Source, owner: str, port: str, mac: int, speed: int) -> ItemObservation:
    text = mac_text(mac)
    return source.item(
        "NetworkInterface",
        f"interface/{owner}/{port}",
        (f"mac:{text}",),
        {
            "name": f"{owner} {port}",
            "mac_address": text,
            "speed": speed,
            "mtu": 1500,
            "is_up": True,
        },
    )


def _volume(
    source: Source,
    bay: Bay,
    name: str,
    capacity: int,
    rng: Random,
    filesystem: str,
    mount_point: str | None = None,
) -> ItemObservation:
    return source.item(
        "StorageVolume",
        f"volume/{name}",
        (volume(bay, name),),
        {
            "name": name,
            "capacity": capacity,
            "used": int(capacity * rng.uniform(0.3, 0.9)),
            "filesystem": filesystem,
            "mount_point": mount_point or f"/vmfs/volumes/{name}",
        },
    )


def _machine_links(bay: Bay, host: Host, team: str, sources: Sources) -> Iterator[LinkObservation]:
    netbox, key = sources.netbox, fqdn(host.name)
    yield netbox.link("LOCATED_IN", key, location(host.rack.name))
    for name in host.rack.feeds:
        yield netbox.link("POWERED_BY", key, feed(name))
    for switch in host.rack.switches:
        yield sources.monitoring.link(
            "LINKED_TO", key, fqdn(switch), confidence=0.95, evidence=f"LLDP neighbours of {switch}"
        )
    for port in (0, 1):
        yield netbox.link("CONTAINS", key, f"mac:{mac_text(mac_of(host.address, port))}")
    yield netbox.link("OWNED_BY", key, f"name:Team/{team}{bay.tag}")
    yield netbox.link("SUPPORTED_BY", key, f"name:Team/{team}{bay.tag}")
    yield from _time_servers(bay, host.name, sources.monitoring)
    for gate, _ in _SHARED_GATES:
        for server in bay.vms_of[gate.name, "production"]:
            service = endpoint(server.address, server.port)
            yield sources.monitoring.link(
                "CONNECTS_TO",
                key,
                service,
                soft=True,
                gate=gate,
                confidence=0.85,
                evidence="flow log",
            )


def _time_servers(bay: Bay, machine: str, monitoring: Source) -> Iterator[LinkObservation]:
    """Both gateways tell the time; a machine can do without for a while."""
    for site in bay.data_centres:
        yield monitoring.link(
            "CONNECTS_TO",
            fqdn(machine),
            fqdn(f"{site}-gw1"),
            soft=True,
            gate=_TIME,
            confidence=0.8,
            evidence=f"chronyc sources on {machine}",
        )


def _vm_links(bay: Bay, vm: Vm, number: int, sources: Sources) -> Iterator[LinkObservation]:
    vcenter, monitoring = sources.vcenter, sources.monitoring
    key, software = fqdn(vm.name), endpoint(vm.address, vm.port)
    yield vcenter.link("HOSTED_ON", key, fqdn(vm.host))
    yield vcenter.link("ATTACHES_TO", key, volume(bay, datastore(bay, vm.side, number % 2)))
    yield vcenter.link("CONTAINS", key, f"mac:{mac_text(vm.mac)}")
    team = _TEAM_OF.get(vm.service)
    if team:
        yield vcenter.link("OWNED_BY", key, f"name:Team/{team}{bay.tag}")
        yield vcenter.link("SUPPORTED_BY", key, f"name:Team/{team}{bay.tag}")
        yield vcenter.link("OWNED_BY", software, f"name:Team/{team}{bay.tag}")
        yield vcenter.link("SUPPORTED_BY", software, f"name:Team/{team}{bay.tag}")
    yield vcenter.link("LOCATED_IN", key, location(bay.data_centres[vm.side]))
    yield from _time_servers(bay, vm.name, monitoring)
    yield monitoring.link("RUNS_ON", software, key, confidence=0.99, evidence=f"agent on {vm.name}")
    if vm.service not in _SHARED:
        yield from _connections(bay, vm, sources.monitoring)


def shared_connections(
    bay: Bay, client: str, monitoring: Source, evidence: str
) -> Iterator[LinkObservation]:
    """What every program of the bay connects to, each a gate that one server satisfies."""
    for gate, soft in _SHARED_GATES:
        for server in bay.vms_of[gate.name, "production"]:
            yield monitoring.link(
                "CONNECTS_TO",
                client,
                endpoint(server.address, server.port),
                soft=soft,
                gate=gate,
                confidence=0.9,
                evidence=evidence,
            )


def _connections(bay: Bay, vm: Vm, monitoring: Source) -> Iterator[LinkObservation]:
    client, evidence = endpoint(vm.address, vm.port), f"ss -tnp on {vm.name}"
    yield from shared_connections(bay, client, monitoring, evidence)
    service = _SERVICES.get(vm.service)
    if service is None or vm.environment != "production":
        return
    for database in service.databases:
        instance = bay.primary_of[_SERVER_OF[database]]
        yield monitoring.link(
            "CONNECTS_TO", client, instance.endpoint, confidence=0.92, evidence=evidence
        )
    for broker in bay.vms_of["mq", "production"] if service.queues else ():
        yield monitoring.link(
            "CONNECTS_TO",
            client,
            endpoint(broker.address, broker.port),
            soft=True,
            gate=_BROKER,
            confidence=0.9,
            evidence=evidence,
        )


def _subnet_links(bay: Bay, side: int, netbox: Source) -> Iterator[LinkObservation]:
    subnet = f"cidr:default/{bay.subnet(side)}"
    for host in (*bay.hypervisors, *bay.database_hosts):
        if host.rack.side == side:
            yield netbox.link("CONTAINS", subnet, f"mac:{mac_text(host.mac)}")
    for vm in bay.vms:
        if vm.side == side:
            yield netbox.link("CONTAINS", subnet, f"mac:{mac_text(vm.mac)}")
