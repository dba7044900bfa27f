"""Reading engines: each list on its own, each container in detail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cmdb.errors import CmdbError, RemoteUnavailable
from discovery.docker import DockerSettings
from discovery.docker.client import Client, Missing
from discovery.docker.payload import Box, DockerPayload
from discovery.docker.reading import (
    Names,
    read_container,
    read_engine,
    read_images,
    read_networks,
    read_volumes,
)
from discovery.scanner import Failure
from discovery.tree import text


async def fetch(
    settings: DockerSettings, targets: Sequence[str]
) -> AsyncIterator[DockerPayload | Failure]:
    """One payload for each engine, and a failure for every list that can't be read.

    Raises the error of an engine that can't be read at all, where it is the only one.
    """
    addresses = list(dict.fromkeys(targets)) or [""]
    for address in addresses:
        try:
            client = await asyncio.to_thread(Client, address, settings)
            try:
                payload, failures = await _engine(client, settings)
            finally:
                client.close()
        except CmdbError as error:
            if len(addresses) == 1:
                raise
            yield Failure(error.message, hides_links=True)
            continue
        for failure in failures:
            yield failure
        yield payload


async def _engine(client: Client, settings: DockerSettings) -> tuple[DockerPayload, list[Failure]]:
    failures: list[Failure] = []

    async def part(name: str, path: str, shape: type = list) -> Any:
        try:
            found = await asyncio.to_thread(client.read, path)
            if isinstance(found, shape):
                return found
            raise RemoteUnavailable(f"{path} does not answer as an engine does.")
        except (Missing, RemoteUnavailable) as error:
            said = (
                error.message if isinstance(error, RemoteUnavailable) else f"{path} is not there."
            )
            failures.append(Failure(f"{client.address}, {name}: {said}", hides_links=True))
            return None

    try:
        info = await asyncio.to_thread(client.read, "/info")
        version = await asyncio.to_thread(client.read, "/version")
    except Missing:
        raise RemoteUnavailable(f"{client.address} does not answer as an engine does.") from None
    if not text(info, "Name"):
        raise RemoteUnavailable(f"{client.address} does not say what its host is called.")
    networks = read_networks(await part("networks", "/networks"))
    volumes = read_volumes(await part("volumes", "/volumes", dict))
    images = read_images(await part("images", "/images/json"))
    listed = await part("containers", f"/containers/json?all={1 if settings.stopped else 0}")
    found = [read_container(e, images) for e in (listed if isinstance(listed, list) else ())]
    containers = [box for box in found if box is not None]
    if settings.environment:
        containers = await _detailed(client, settings, containers, failures)
    machine_id = await asyncio.to_thread(_machine_id, client, text(info, "Name"))
    engine = read_engine(info, version, machine_id, client.host)
    return DockerPayload(engine, tuple(containers), networks, volumes, not failures), failures


async def _detailed(
    client: Client, settings: DockerSettings, containers: list[Box], failures: list[Failure]
) -> list[Box]:
    """The containers with what their variables name. One that has gone meanwhile is left out."""
    free = asyncio.Semaphore(settings.at_once)
    gone: set[str] = set()

    async def inspect(box: Box) -> Any:
        async with free:
            try:
                return await asyncio.to_thread(client.read, f"/containers/{box.id}/json")
            except Missing:
                gone.add(box.id)
            except RemoteUnavailable as error:
                said = f"{client.address}, container {box.name}: {error.message}"
                failures.append(Failure(said, hides_links=True))
            return None

    answers = await asyncio.gather(*(inspect(box) for box in containers))
    details = {text(d, "Id"): d for d in answers if isinstance(d, dict)}
    names = Names(list(details.values()))
    return [
        msgspec.structs.replace(box, named=names.named(details[box.id]))
        if box.id in details
        else box
        for box in containers
        if box.id not in gone
    ]


def _machine_id(client: Client, name: str) -> str:
    """The machine-id, where the engine is on the machine that we are on.

    In a container that was given the engine's socket it would be another one, and so is the name.
    """
    if not client.is_local or name != socket.gethostname():
        return ""
    try:
        return Path("/etc/machine-id").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
