"""Connections between machines that were all looked at: each is seen twice and told once."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import LinkObservation
from discovery.machine.addresses import is_loopback, is_reachable
from discovery.machine.connections import Flow
from discovery.machine.payload import MachinePayload
from discovery.machine.report import MachineReport
from discovery.observer import Observer

BOTH = 1.0
"""Confidence where both ends show the connection."""
SERVER_ONLY = 0.8
"""Confidence where only the server's end shows it: which program called is not known."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A machine that was looked at, and what is told of it."""

    payload: MachinePayload
    report: MachineReport
    identity: str

    @property
    def hostname(self) -> str:
        """What it calls itself."""
        return self.payload.machine.hostname


@dataclass(slots=True)
class _Told:
    confidence: float
    witnesses: set[str]


def connection_observations(
    looked: Sequence[Looked], observer: Observer, address_scope: str, *, clients: bool
) -> Iterator[LinkObservation]:
    """A CONNECTS_TO from each client to each service, however many ends showed it.

    ``clients`` says whether callers from private addresses that were not scanned are told too.
    """
    services = _Services(looked)
    told: dict[tuple[str, str], _Told] = {}
    seen: set[Flow] = set()
    for one in looked:
        for (from_key, to_key), found in one.report.dependencies.items():
            seen |= found.flows
            accepted = {a for flow in found.flows if (a := services.accepted.get(flow))}
            # The server's own key says more than its address: it may listen on several.
            ends = [key for key, _ in accepted] or [to_key]
            for end in ends:
                known = told.get((from_key, end))
                if known is None:
                    known = told[from_key, end] = _Told(0.0, set())
                known.confidence = max(known.confidence, BOTH if accepted else found.confidence)
                known.witnesses.add(one.hostname)
                known.witnesses.update(name for _, name in accepted)
    for flow, (end, server) in services.accepted.items():
        if flow in seen:
            continue
        client = _client(flow, services, address_scope, clients=clients)
        if client is not None:
            known = told.setdefault((client, end), _Told(SERVER_ONLY, set()))
            known.witnesses.add(server)
    for (from_key, to_key), found_ in sorted(told.items(), key=lambda pair: pair[0]):
        yield observer.link(
            "CONNECTS_TO",
            from_key,
            to_key,
            confidence=found_.confidence,
            evidence=f"established TCP connection on {_listed(found_.witnesses)}",
        )


def _client(flow: Flow, services: _Services, address_scope: str, *, clients: bool) -> str | None:
    """Whom a connection came from that only the server's end shows; None where it is not told."""
    address = flow[0]
    host = services.hosts.get(address)
    if host is not None:
        # Its own view has no such connection: it was opened or closed in between, or hidden.
        return host
    if not clients or is_loopback(address) or not is_reachable(address):
        return None
    return (
        ip_identifier(address, address_scope) if ipaddress.ip_address(address).is_private else None
    )


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    if len(found) > 4:
        return f"{', '.join(found[:3])} and {len(found) - 3} more"
    return " and ".join(found)


class _Services:
    """Which connections which service accepted, and which machine has which address."""

    def __init__(self, looked: Sequence[Looked]) -> None:
        self.accepted: dict[Flow, tuple[str, str]] = {}
        self.hosts: dict[str, str] = {}
        shared: set[str] = set()
        for one in looked:
            for address in one.report.addresses:
                if address in self.hosts:
                    shared.add(address)
                self.hosts[address] = one.report.host
            self._accept(one)
        # Networks that reuse addresses, and services that move, have one on several machines.
        for address in shared:
            del self.hosts[address]

    def _accept(self, one: Looked) -> None:
        own = one.report.own_addresses
        for listener, seen in one.report.listeners.accepted:
            if seen.remote_address in own or is_loopback(seen.remote_address):
                continue
            key = one.report.service_key(listener)
            if key is not None:
                flow = (seen.remote_address, seen.remote_port, seen.address, seen.port)
                self.accepted[flow] = (key, one.hostname)
