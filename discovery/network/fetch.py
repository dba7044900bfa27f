"""Running nmap, and reading what an nmap elsewhere wrote."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from cmdb.errors import CmdbError, InvalidInput, InvalidSettings, Problem
from discovery.network import NetworkSettings
from discovery.network.payload import NetworkPayload
from discovery.network.xml import XmlReader, read_pieces
from discovery.scanner import Failure

PIECE = 256 * 1024
_HOST = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?")
_PORTS = re.compile(r"[TUS0-9:,\-]+")


async def fetch(
    settings: NetworkSettings, targets: Sequence[str]
) -> AsyncIterator[NetworkPayload | Failure]:
    """One payload for each file, and one for all targets that nmap is run for.

    Raises :class:`~cmdb.errors.InvalidInput` where a target is neither a file nor an address, a
    range or a name, and the only error where there is but one target.
    """
    if not targets:
        raise InvalidInput(
            "Name what to scan: cmdb scan network 10.0.0.0/24, or a file of nmap's XML. Nothing is "
            "scanned unless it is named."
        )
    _check(settings)
    named = list(dict.fromkeys(targets))
    files = [target for target in named if _is_file(target)]
    hosts = [target for target in named if target not in files]
    _check_hosts(hosts, settings.max_hosts)
    for name in files:
        try:
            yield await asyncio.to_thread(_read, name)
        except CmdbError as error:
            if len(named) == 1:
                raise
            yield Failure(error.message)
    if hosts:
        async for found in _run(settings, hosts):
            yield found


def _is_file(target: str) -> bool:
    return target.lower().endswith(".xml") or Path(target).expanduser().is_file()


def _read(name: str) -> NetworkPayload:
    try:
        with Path(name).expanduser().open("rb") as file:
            return read_pieces(_pieces(iter(lambda: file.read(PIECE), b"")), name)
    except OSError as error:
        raise InvalidInput(f"{name} can't be read: {error.strerror}.") from None


def _pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces


def _check(settings: NetworkSettings) -> None:
    problems = [
        Problem("must be 1 or more", field=name)
        for name in ("hosts_at_once", "max_hosts", "host_timeout", "timeout")
        if getattr(settings, name) < 1
    ]
    if settings.ports and not _PORTS.fullmatch(settings.ports):
        problems.append(Problem("must be ports such as 22,80,8000-8100", field="ports"))
    if problems:
        raise InvalidSettings("The settings can't be used.", problems)


def _check_hosts(hosts: Sequence[str], most: int) -> None:
    """Raises where a target is nothing to scan, or where all are more than may be."""
    total = 0
    for host in hosts:
        try:
            total += ipaddress.ip_network(host, strict=False).num_addresses
        except ValueError:
            # A name; all that could be an option of nmap is none.
            if not _HOST.fullmatch(host):
                raise InvalidInput(
                    f"{host!r} is nothing to scan: name an address, a range such as 10.0.0.0/24, "
                    "a host, or a file of nmap's XML."
                ) from None
            total += 1
    if total > most:
        raise InvalidInput(
            f"The targets name {total} addresses, more than the {most} that max_hosts allows."
        )


def arguments(settings: NetworkSettings, hosts: Sequence[str]) -> list[str]:
    """What nmap is called with: sorted targets, so that the same scan is told as the same."""
    found = ["-oX", "-", "-T4", "--max-hostgroup", str(settings.hosts_at_once)]
    found += ["--host-timeout", f"{settings.host_timeout}s"]
    if any(":" in host for host in hosts):
        found.append("-6")
    if settings.ports:
        found += ["-p", settings.ports]
        if "U:" in settings.ports:
            found += ["-sS" if "T:" in settings.ports else "-sU"]
            found += ["-sU"] if "T:" in settings.ports else []
    if settings.versions:
        found.append("-sV")
    if settings.operating_system:
        found.append("-O")
    if settings.traceroute:
        found.append("--traceroute")
    return [*found, "--", *sorted(hosts)]


async def _run(
    settings: NetworkSettings, hosts: Sequence[str]
) -> AsyncIterator[NetworkPayload | Failure]:
    try:
        process = await asyncio.create_subprocess_exec(
            settings.program,
            *arguments(settings, hosts),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise InvalidInput(
            f"nmap can't be run ({settings.program}: {error.strerror}): install it, or set program "
            "to where it is. Files of its XML are read without it."
        ) from None
    assert process.stdout is not None
    assert process.stderr is not None
    reader, cut = XmlReader("nmap"), False
    complaints = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(settings.timeout):
            while piece := await process.stdout.read(PIECE):
                reader.feed(piece)
            await process.wait()
    except TimeoutError:
        cut = True
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    said = (await complaints).decode(errors="replace").split("\n")
    told = [line.strip()[:300] for line in said if line.strip()]
    if process.returncode and not cut:
        raise InvalidInput(f"nmap gave up: {' '.join(told)[:600] or process.returncode}")
    yield reader.close(cut=cut)
    if cut:
        yield Failure(
            f"nmap was stopped after {settings.timeout} seconds; hosts that were done are in. "
            "Set a longer timeout or name fewer targets."
        )
    for line in told:
        if line.startswith("Failed to resolve"):
            yield Failure(f"nmap: {line}")
