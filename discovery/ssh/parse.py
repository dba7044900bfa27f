"""From what was read over SSH to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

import msgspec

from cmdb.items import ItemObservation, Observation
from discovery.configuration.parse import by_path
from discovery.configuration.proxies import Place, certificate_items, proxy_observations
from discovery.machine.addresses import all_addresses, is_outer, machine_id, machine_identity
from discovery.machine.payload import MachinePayload
from discovery.machine.report import MachineReport
from discovery.machine.view import View
from discovery.observer import Observer, once
from discovery.scanner import Parsed
from discovery.ssh import SshSettings
from discovery.ssh.both_ends import Looked, connection_observations
from discovery.ssh.payload import SshHost, SshPayload


def parse(payload: SshPayload, settings: SshSettings, time: datetime) -> Parsed:
    """Everything that the machines show, items before links.

    The scope is the machines that were named. It was seen in full where all of them could be read,
    all that runs on them showed, and nothing was left out by the settings.
    """
    text = f"{settings.address_scope}: {' '.join(payload.targets)}"
    if len(text) > 200:
        text = hashlib.sha256(text.encode()).hexdigest()[:32]
    observer = Observer("ssh", time, f"ssh/{text}")
    view = View(
        address_scope=settings.address_scope,
        environment=settings.environment,
        connections=settings.connections,
    )
    told = _identified(payload.hosts)
    doors = frozenset(
        (a, h.port) for h in payload.hosts for a in all_addresses(h.machine.interfaces)
    )
    looked = []
    for host, identity in told.values():
        machine = _without_visits(host.machine, doors)
        looked.append(Looked(machine, MachineReport(machine, view, observer, identity), identity))
    observations: list[Observation] = [item for one in looked for item in one.report.items()]
    observations += [link for one in looked for link in one.report.links(connections=False)]
    if settings.connections:
        observations += connection_observations(
            looked, observer, settings.address_scope, clients=settings.clients
        )
    observations += _proxies(told, looked, observer, observations)
    errors = tuple(
        error
        for host in payload.hosts
        for error in (*host.machine.errors, *(e for r in host.routes for e in r.errors))
    )
    hidden = any(_hidden(host.machine) for host in payload.hosts)
    return Parsed(
        scope=observer.scope,
        observations=tuple(once(observations)),
        full=not (errors or hidden)
        and settings.connections
        and settings.containers
        and settings.proxies,
        notes=tuple(_notes(payload, told)),
        errors=errors,
    )


def _proxies(
    told: dict[str, tuple[SshHost, str]],
    looked: list[Looked],
    observer: Observer,
    seen: list[Observation],
) -> Iterator[Observation]:
    """What the machines' proxies route to, and the certificates on them."""
    if not any(host.routes or host.certificates for host, _ in told.values()):
        return
    endpoints = frozenset(
        key
        for one in seen
        if isinstance(one, ItemObservation)
        for key in one.identifiers
        if key.startswith("endpoint:")
    )
    for (host, identity), one in zip(told.values(), looked, strict=True):
        yield from certificate_items(host.certificates, observer)
        for routes in host.routes:
            place = Place(
                prefix=identity,
                name=one.hostname,
                address_scope=one.report.view.address_scope,
                addresses=one.report.addresses,
                software=one.report.software_key(routes.product) or "",
                certificates=by_path(host.certificates),
                observed=endpoints,
            )
            yield from proxy_observations(routes, place, observer)


def _without_visits(machine: MachinePayload, doors: frozenset[tuple[str, int]]) -> MachinePayload:
    """The machine without connections to the SSH servers that machines were entered by: those are
    people's and our own visits, and no dependencies."""
    kept = (
        s
        for s in machine.sockets
        if not s.remote_address
        or ((s.address, s.port) not in doors and (s.remote_address, s.remote_port) not in doors)
    )
    return msgspec.structs.replace(machine, sockets=tuple(kept))


def _hidden(machine: MachinePayload) -> int:
    """How much the account may not see: owners of sockets, and what container runtimes run."""
    closed = len(machine.closed_sockets)
    # Sockets of the kernel belong to no process; root is not kept from seeing any.
    return closed + (0 if machine.machine.root else sum(s.pid is None for s in machine.sockets))


def _identified(hosts: tuple[SshHost, ...]) -> dict[str, tuple[SshHost, str]]:
    """Each machine once, by what tells it from all others.

    Cloned images share their machine-id, and their host keys too: hardware addresses keep them
    apart. Where a machine has none, or another one has the same, the address that it was reached
    at does.
    """
    found: dict[str, tuple[SshHost, str]] = {}
    for host in hosts:
        machine, interfaces = host.machine.machine, host.machine.interfaces
        identity = machine_identity(machine, interfaces)
        macs = any(i.mac and is_outer(i) for i in interfaces)
        if not machine.container_id and not macs:
            identity = _hashed(machine_id(machine), host)
        known = found.get(identity)
        if known and not _same(known[0].machine, host.machine):
            identity = _hashed(identity, host)
        found.setdefault(identity, (host, identity))
    return found


def _hashed(start: str, host: SshHost) -> str:
    return hashlib.sha256(f"{start}/{host.address}:{host.port}".encode()).hexdigest()[:16]


def _same(one: MachinePayload, other: MachinePayload) -> bool:
    """Whether two machines with one identity are one that was reached in two ways."""
    return (one.machine.hostname, one.interfaces) == (other.machine.hostname, other.interfaces)


def _notes(payload: SshPayload, told: dict[str, tuple[SshHost, str]]) -> Iterator[str]:
    hidden = [h.machine.machine.hostname for h in payload.hosts if _hidden(h.machine)]
    if hidden:
        some = ", ".join(hidden[:5]) + (f" and {len(hidden) - 5} more" if hidden[5:] else "")
        yield (f"Not all owners of sockets show on {some}; as root, or with sudo=true, they would.")
    twice = len(payload.hosts) - len(told)
    if twice:
        yield f"{twice} of the targets lead to a machine that another one led to."
