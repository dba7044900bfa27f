"""What nmap saw, without anything it only guessed from tables."""

from __future__ import annotations

import msgspec


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """An open port. ``product`` and ``version`` are what it answered; ``name`` is its protocol.

    ``recognised`` is false where nmap did not know the answer as a whole, and only read a word in
    it, such as the server header that a proxy passes on.
    """

    protocol: str
    port: int
    name: str = ""
    product: str = ""
    version: str = ""
    recognised: bool = True
    probed: bool = False
    tunnel: str = ""
    cpes: tuple[str, ...] = ()


class OsGuess(msgspec.Struct, frozen=True, omit_defaults=True):
    """The likeliest operating system; ``accuracy`` in percent."""

    name: str
    accuracy: int
    family: str = ""
    generation: str = ""
    vendor: str = ""
    type: str = ""


class Hop(msgspec.Struct, frozen=True, omit_defaults=True):
    """A router on the way; ``distance`` is counted in hops."""

    distance: int
    address: str
    name: str = ""


class NetworkHost(msgspec.Struct, frozen=True, omit_defaults=True):
    """A host that is up. ``names`` are those that DNS has for its address (``PTR``)."""

    addresses: tuple[str, ...]
    mac: str = ""
    mac_vendor: str = ""
    names: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    os: OsGuess | None = None
    hops: tuple[Hop, ...] = ()
    timed_out: bool = False
    wrapped: int = 0


class NetworkPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """One scan: the file or ``nmap``, its arguments without the places of its output, its hosts.

    ``finished`` is false where nmap was stopped or its file is cut short. ``nameless`` is how many
    hosts have no address that can be read: those who pass a scan on may have blackened them.
    """

    name: str
    arguments: str
    hosts: tuple[NetworkHost, ...]
    finished: bool = True
    port_scan: bool = True
    nameless: int = 0
