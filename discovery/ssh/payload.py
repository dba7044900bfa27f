"""What is read over SSH, before anybody thinks about it: no argument, no key, no secret in it."""

from __future__ import annotations

import msgspec

from discovery.configuration.payload import FoundCertificate, Routes
from discovery.machine.payload import MachinePayload


class SshHost(msgspec.Struct, frozen=True, omit_defaults=True):
    """One machine. ``target`` is how it was named, ``port`` where its SSH server listens.

    ``routes`` is what its proxies' configurations say, ``certificates`` what was found of them.
    """

    target: str
    address: str
    port: int
    machine: MachinePayload
    routes: tuple[Routes, ...] = ()
    certificates: tuple[FoundCertificate, ...] = ()


class SshPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """All machines of a run: connections are seen from both ends only where both are at hand.

    ``targets`` are all that were named, those that could not be read too.
    """

    targets: tuple[str, ...]
    hosts: tuple[SshHost, ...] = ()
