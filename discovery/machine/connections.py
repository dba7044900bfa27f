"""What the machine's programs are connected to: one link for each program and service it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from cmdb.items import LinkObservation
from discovery.machine.addresses import endpoint, is_loopback, is_reachable
from discovery.machine.payload import MachinePayload, Socket
from discovery.machine.software import ANY_ADDRESS, Instance, Software
from discovery.observer import Observer

CLEAR = 0.9
"""Confidence where the ports say which side called: an ephemeral one here, none there."""
UNCLEAR = 0.6
"""Confidence where only the lack of a listener here says so."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where connections are looked at: the machine's key, its addresses, its software's keys."""

    host: str
    address_scope: str
    addresses: frozenset[str]
    key_of: Callable[[Instance], str]


Flow = tuple[str, int, str, int]
"""An established connection: the client's address and port, the server's address and port."""


@dataclass(slots=True)
class Dependency:
    """A program, or a machine, that calls a service: how sure that is, and over what."""

    confidence: float
    flows: set[Flow] = field(default_factory=set)


def dependencies(
    payload: MachinePayload, listening: Listeners, software: Software, place: Place
) -> dict[tuple[str, str], Dependency]:
    """What each program, or the machine, calls: by the two ends of the link that tells of it.

    Connections that others opened are left to the others: seen from both ends they would be two.
    """
    found: dict[tuple[str, str], Dependency] = {}
    for seen in listening.called:
        client = software.owner(seen.pid)
        from_key = place.key_of(client) if client else place.host
        local = is_loopback(seen.remote_address) or seen.remote_address in place.addresses
        if local:
            to_key = _local_service(seen, listening, software, place)
            # The machine itself using its own software is no dependency worth a link.
            if to_key is None or client is None or to_key == from_key:
                continue
        elif is_reachable(seen.remote_address):
            to_key = endpoint(place.address_scope, "tcp", seen.remote_address, seen.remote_port)
        else:
            continue
        confidence = 1.0 if local else _confidence(seen, payload.machine.ephemeral_ports)
        ends = from_key, to_key
        known = found.get(ends)
        if known is None:
            known = found[ends] = Dependency(confidence)
        known.confidence = max(confidence, known.confidence)
        known.flows.add((seen.address, seen.port, seen.remote_address, seen.remote_port))
    return found


def connection_links(
    found: Mapping[tuple[str, str], Dependency], hostname: str, observer: Observer
) -> Iterator[LinkObservation]:
    """A CONNECTS_TO for each of a machine's dependencies."""
    for (from_key, to_key), dependency in sorted(found.items(), key=lambda pair: pair[0]):
        yield observer.link(
            "CONNECTS_TO",
            from_key,
            to_key,
            confidence=dependency.confidence,
            evidence=f"established TCP connection on {hostname}",
        )


def _confidence(seen: Socket, ephemeral: tuple[int, int]) -> float:
    first, last = ephemeral
    return CLEAR if first <= seen.port <= last and seen.remote_port < first else UNCLEAR


class Listeners:
    """Who listens where on this machine, by TCP.

    ``accepted`` are the connections that others opened, each after the socket that they came to,
    ``called`` are those that were opened here.
    """

    def __init__(self, payload: MachinePayload) -> None:
        self._by_port: dict[int, list[Socket]] = {}
        self.accepted: list[tuple[Socket, Socket]] = []
        self.called: list[Socket] = []
        packets = [seen for seen in payload.sockets if seen.protocol == "tcp"]
        for seen in packets:
            if not seen.remote_address:
                self._by_port.setdefault(seen.port, []).append(seen)
        for seen in packets:
            if not seen.remote_address:
                continue
            if listener := self.at(seen.address, seen.port):
                self.accepted.append((listener, seen))
            else:
                self.called.append(seen)

    def at(self, address: str, port: int) -> Socket | None:
        """The socket that listens on an address and port, if any."""
        for listener in self._by_port.get(port, ()):
            if listener.address in ANY_ADDRESS or listener.address == address:
                return listener
        return None


def _local_service(
    seen: Socket, listening: Listeners, software: Software, place: Place
) -> str | None:
    listener = listening.at(seen.remote_address, seen.remote_port)
    if listener is None:
        return None
    instance = software.listening(listener)
    return place.key_of(instance) if instance else None
