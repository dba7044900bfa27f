"""Asking all agents of the targets, many at a time."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Iterator, Sequence

from cmdb.errors import CmdbError, InvalidInput, RemoteUnavailable
from discovery.scanner import Failure
from discovery.snmp import SnmpSettings
from discovery.snmp.client import Client, Silent, checked
from discovery.snmp.payload import Agent, SnmpPayload
from discovery.snmp.requests import new_engine

MOST_TOLD = 5
"""How many failures are told where nothing can be read at all."""
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?")


async def fetch(
    settings: SnmpSettings, targets: Sequence[str]
) -> AsyncIterator[SnmpPayload | Failure]:
    """One payload with all agents that answered, and a failure for each target that did not.

    Addresses of a range may be silent: there need be nothing. Raises
    :class:`~cmdb.errors.InvalidInput` where a target is none or the credentials can't be right,
    and :class:`~cmdb.errors.RemoteUnavailable` where nobody answers at all.
    """
    checked(settings)
    if not targets:
        raise InvalidInput("Name what to scan: cmdb scan snmp 10.0.0.0/24 or 10.0.0.1.")
    named = tuple(sorted(dict.fromkeys(targets)))
    failures: list[Failure] = []
    wanted = await _addresses(named, settings.max_addresses, failures)
    agents, silent = await _all(settings, wanted, failures)
    failures.sort(key=lambda failure: failure.message)
    if agents:
        for failure in failures:
            yield failure
        agents.sort(key=lambda agent: ipaddress.ip_address(agent.address).packed)
        yield SnmpPayload(named, tuple(agents), silent)
    elif silent == len(wanted) > 0:
        how = "user" if settings.user else "community"
        raise RemoteUnavailable(
            f"No agent answers at {', '.join(named)} (UDP port {settings.port}). Agents are also "
            f"silent where the {how} is wrong, or this machine may not ask."
        )
    else:
        raise RemoteUnavailable(" ".join(failure.message for failure in failures[:MOST_TOLD]))


async def _all(
    settings: SnmpSettings, wanted: dict[str, str], failures: list[Failure]
) -> tuple[list[Agent], int]:
    """The agents of those addresses, and how many were silent; a target's own are failures too."""
    agents: list[Agent] = []
    silent = 0
    waiting = iter(wanted.items())

    common = None if settings.user else new_engine()

    async def work() -> None:
        nonlocal silent
        engine = common or new_engine()
        client = Client(settings, engine)
        try:
            for address, target in waiting:
                try:
                    agents.append(await client.read(address))
                except Silent as error:
                    silent += 1
                    if target:
                        failures.append(Failure(error.message))
                except CmdbError as error:
                    failures.append(Failure(error.message))
        finally:
            if engine is not common:
                engine.close_dispatcher()

    try:
        await asyncio.gather(*(work() for _ in range(min(settings.devices_at_once, len(wanted)))))
    finally:
        if common:
            common.close_dispatcher()
    return agents, silent


async def _addresses(targets: Sequence[str], most: int, failures: list[Failure]) -> dict[str, str]:
    """Addresses, each with the target that names it alone; an empty one where a range does."""
    found: dict[str, str] = {}
    for target in targets:
        addresses = list(_in_range(target, most))
        if not addresses:
            try:
                addresses = [await _resolved(target)]
            except OSError:
                failures.append(Failure(f"{target} is a name that nobody knows."))
                continue
        for address in addresses:
            found[address] = found.get(address) or (target if len(addresses) == 1 else "")
        if len(found) > most:
            raise InvalidInput(
                f"The targets name more than the {most} addresses that max_addresses allows."
            )
    return found


def _in_range(target: str, most: int) -> Iterator[str]:
    """The addresses of a target that is one or a range; none where it is a name."""
    with contextlib.suppress(ValueError):
        network = ipaddress.ip_network(target, strict=False)
        if network.num_addresses > most + 2:
            raise InvalidInput(
                f"{target} names {network.num_addresses} addresses, more than the {most} that "
                "max_addresses allows."
            )
        yield from (str(host) for host in network.hosts())
        return
    if not _NAME.fullmatch(target):
        raise InvalidInput(
            f"{target!r} is nothing to ask: name an address, a range such as 10.0.0.0/24, or a "
            "device."
        )


async def _resolved(name: str) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    return str(found[0][4][0])
