"""What the machine's programs are connected to: one link for each program and service it uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cmdb.items import LinkObservation
from discovery.local.addresses import endpoint, is_loopback, is_reachable
from discovery.local.payload import LocalPayload, Socket
from discovery.local.software import ANY_ADDRESS, Instance, Software
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


def connection_links(
    payload: LocalPayload, software: Software, place: Place, observer: Observer
) -> Iterator[LinkObservation]:
    """A CONNECTS_TO from each program, or the machine, to each service that it has called.

    Connections that others opened are left to the others: seen from both ends they would be two.
    """
    listening = _Listeners(payload)
    found: dict[tuple[str, str], float] = {}
    for seen in payload.sockets:
        if (
            seen.protocol != "tcp"
            or not seen.remote_address
            or listening.at(seen.address, seen.port)
        ):
            continue
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
        found[from_key, to_key] = max(confidence, found.get((from_key, to_key), 0.0))
    for (from_key, to_key), confidence in sorted(found.items()):
        yield observer.link(
            "CONNECTS_TO",
            from_key,
            to_key,
            confidence=confidence,
            evidence=f"established TCP connection on {payload.machine.hostname}",
        )


def _confidence(seen: Socket, ephemeral: tuple[int, int]) -> float:
    first, last = ephemeral
    return CLEAR if first <= seen.port <= last and seen.remote_port < first else UNCLEAR


class _Listeners:
    """Who listens where on this machine."""

    def __init__(self, payload: LocalPayload) -> None:
        self._by_port: dict[int, list[Socket]] = {}
        for seen in payload.sockets:
            if seen.protocol == "tcp" and not seen.remote_address:
                self._by_port.setdefault(seen.port, []).append(seen)

    def at(self, address: str, port: int) -> Socket | None:
        """The socket that listens on an address and port, if any."""
        for listener in self._by_port.get(port, ()):
            if listener.address in ANY_ADDRESS or listener.address == address:
                return listener
        return None


def _local_service(
    seen: Socket, listening: _Listeners, software: Software, place: Place
) -> str | None:
    listener = listening.at(seen.remote_address, seen.remote_port)
    if listener is None:
        return None
    instance = software.listening(listener)
    return place.key_of(instance) if instance else None
