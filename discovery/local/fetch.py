"""Reading the machine: what the operating system tells, and nothing that it does not."""

from __future__ import annotations

import asyncio

from discovery.local import LocalSettings
from discovery.local.fetch_containers import read_containers
from discovery.local.fetch_machine import read_interfaces, read_machine, read_mounts
from discovery.local.fetch_packages import read_versions
from discovery.local.fetch_processes import read_own_units, read_processes, read_sockets
from discovery.machine.payload import MachinePayload


async def fetch(settings: LocalSettings) -> MachinePayload:
    """Everything about the machine that this user may read. Blocking, so it runs in a thread."""
    return await asyncio.to_thread(_fetch, settings)


def _fetch(settings: LocalSettings) -> MachinePayload:
    errors: list[str] = []
    closed: list[str] = []
    sockets = read_sockets(errors)
    processes, shims = read_processes()
    containers = read_containers(settings, shims, errors, closed) if settings.containers else ()
    listening = {s.pid for s in sockets if s.pid is not None and not s.remote_address}
    executables = {p.exe for p in processes if p.pid in listening and p.exe}
    return MachinePayload(
        machine=read_machine(errors),
        interfaces=read_interfaces(),
        sockets=sockets,
        processes=processes,
        mounts=read_mounts(errors),
        containers=containers,
        versions=read_versions(executables),
        closed_sockets=tuple(closed),
        own_units=read_own_units(),
        errors=tuple(errors),
    )
