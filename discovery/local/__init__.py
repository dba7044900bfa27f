"""The scanner of the machine it runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.machine.payload import MachinePayload
from discovery.machine.view import AddressScope, Stage
from discovery.scanner import Failure, Manifest, Parsed, Scanner


class LocalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of the local machine."""

    address_scope: AddressScope = "default"
    environment: Annotated[Stage, Meta(description="The stage that the machine serves.")] = ""
    connections: Annotated[
        bool, Meta(description="Whether to report what the machine's programs connect to.")
    ] = True
    containers: Annotated[
        bool, Meta(description="Whether to ask container runtimes what they run.")
    ] = True
    container_sockets: Annotated[
        tuple[str, ...],
        Meta(description="Unix sockets of Docker or Podman to ask, instead of the usual places."),
    ] = ()


async def _fetch(
    settings: LocalSettings,
    targets: Sequence[str],  # noqa: ARG001  # every scanner is given them; this one takes none
    since: datetime | None,  # noqa: ARG001  # as above: a machine does not say what changed
) -> AsyncIterator[MachinePayload | Failure]:
    from discovery.local.fetch import fetch  # psutil must not slow down listing the scanners

    yield await fetch(settings)


def _parse(payload: MachinePayload, settings: LocalSettings, time: datetime) -> Parsed:
    from discovery.local.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="local",
        title="This machine",
        description=(
            "The machine that cmdb runs on: its hardware and operating system, network interfaces, "
            "mounted volumes, containers, the software that listens on its ports, and what that "
            "software is connected to."
        ),
        kinds=(
            "Server",
            "VirtualMachine",
            "Container",
            "NetworkInterface",
            "StorageVolume",
            "SoftwareInstance",
            "DatabaseInstance",
        ),
        relations=("CONTAINS", "ATTACHES_TO", "HOSTED_ON", "RUNS_ON", "CONNECTS_TO"),
        needs=(
            "Nothing but Python: it reads what the operating system tells every program.",
            "Containers are listed where the socket of Docker or Podman may be read.",
        ),
        settings=LocalSettings,
        example="cmdb scan local",
        as_root=(
            "As root it also sees which programs of other users listen and connect, and the "
            "serial number and UUID of the hardware."
        ),
    ),
    payload=MachinePayload,
    fetch=_fetch,
    parse=_parse,
)
