"""Reading one machine that we are signed in to: which commands, and what is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import msgspec

from cmdb.errors import RemoteUnavailable
from discovery.configuration.payload import FoundCertificate, Routes
from discovery.machine.payload import MachinePayload
from discovery.ssh import SshSettings
from discovery.ssh.commands import Command, commands_of
from discovery.ssh.linux import read_linux
from discovery.ssh.output import Output, text_of
from discovery.ssh.packages import installed_in, owners, packages_in, versions_in
from discovery.ssh.payload import SshHost
from discovery.ssh.proxies import read_proxies
from discovery.ssh.runner import Runner, named
from discovery.ssh.session import Session
from discovery.ssh.targets import Target
from discovery.ssh.unix import read_unix

_SYSTEMS = {
    "Linux": "linux",
    "AIX": "aix",
    "FreeBSD": "bsd",
    "OpenBSD": "bsd",
    "NetBSD": "bsd",
    "DragonFly": "bsd",
    "Darwin": "bsd",
}


async def read_host(session: Session, target: Target, settings: SshSettings) -> SshHost:
    """Everything about the machine that the account may read.

    Raises :class:`~cmdb.errors.RemoteUnavailable` where it runs no commands, or is of no system
    that is known.
    """
    runner = Runner(session, sudo=settings.sudo)
    outputs = {"system": await runner.run(named("system"))}
    words = outputs["system"].text.split()
    system = _SYSTEMS.get(words[0] if words else "")
    if system is None:
        said = outputs["system"].problem or f"it says {outputs['system'].text.strip()[:60]!r}"
        raise RemoteUnavailable(
            f"{target} does not tell what system it is ({said}); Linux, BSD, macOS and AIX are "
            "read."
        )
    chosen = [c for c in commands_of(system) if settings.containers or c.name not in _CONTAINERS]
    found = await asyncio.gather(*(runner.run(command) for command in chosen))
    outputs |= {command.name: output for command, output in zip(chosen, found, strict=True)}
    reader = read_linux if system == "linux" else read_unix
    machine = await asyncio.to_thread(reader, outputs)
    if settings.sudo and not runner.refusal:
        machine = msgspec.structs.replace(
            machine, machine=msgspec.structs.replace(machine.machine, root=True)
        )
    if system == "linux":
        machine = msgspec.structs.replace(machine, versions=await _versions(runner, machine))
    if system == "linux" and settings.packages:
        installed = await runner.run(named("installed"))
        kept = installed_in(installed.text, settings.packages)
        machine = msgspec.structs.replace(machine, packages=kept)
    errors = (*machine.errors, *_problems(chosen, outputs, machine.machine.hostname))
    routes: tuple[Routes, ...] = ()
    certificates: tuple[FoundCertificate, ...] = ()
    if system == "linux" and settings.proxies:
        arguments = text_of(outputs, "arguments")
        routes, certificates = await read_proxies(runner, machine, arguments)
    told = [*([runner.refusal] if runner.refusal else []), *runner.problems]
    errors += tuple(f"{machine.machine.hostname}: {problem}." for problem in told)
    machine = msgspec.structs.replace(machine, errors=errors)
    return SshHost(str(target), session.address, session.port, machine, routes, certificates)


_CONTAINERS = frozenset({"docker", "podman"})


def _problems(
    chosen: Collection[Command], outputs: dict[str, Output], hostname: str
) -> tuple[str, ...]:
    """A sentence for each command that could not be run or was cut short."""
    found = []
    for command in chosen:
        output = outputs[command.name]
        cut = output.status is None
        if cut or (command.vital and not output.text.strip()):
            said = output.problem or f"printed nothing (status {output.status})"
            found.append(f"{hostname}: {command.run.split()[0]} {said}; {_loss(command)}")
    return tuple(found)


def _loss(command: Command) -> str:
    return f"not all is known of: {command.reads[0].lower()}{command.reads[1:]}"


async def _versions(runner: Runner, machine: MachinePayload) -> dict[str, str]:
    """The version of the package that each listening program came from."""
    listening = {s.pid for s in machine.sockets if s.pid is not None and not s.remote_address}
    files = sorted({p.exe for p in machine.processes if p.pid in listening and p.exe})
    wanted = owners(files)
    if not wanted:
        return {}
    output = await runner.run(named("packages"), sorted(wanted))
    packages, versions = packages_in(output.text, files)
    if packages:
        output = await runner.run(named("versions"), sorted(set(packages.values())))
        versions |= versions_in(output.text, packages)
    return versions
