"""The scanner of networks: nmap, or what an nmap elsewhere wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.network.payload import NetworkPayload
from discovery.scanner import Failure, Manifest, Parsed, Scanner


class NetworkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of a network."""

    address_scope: Annotated[
        str,
        Meta(
            description=(
                "The network in which addresses are unique: networks that reuse addresses need "
                "different ones."
            )
        ),
    ] = "default"
    ports: Annotated[
        str,
        Meta(
            description=(
                "The ports to try, as nmap takes them, such as 22,80,6379 or T:1-1024,U:161. Empty "
                "tries its thousand commonest TCP ports."
            )
        ),
    ] = ""
    versions: Annotated[
        bool, Meta(description="Whether to ask open ports for their product and version.")
    ] = True
    operating_system: Annotated[
        bool, Meta(description="Whether to guess the operating system; as root only.")
    ] = False
    traceroute: Annotated[
        bool, Meta(description="Whether to trace the way to each host; as root only.")
    ] = False
    os_accuracy: Annotated[
        int, Meta(description="The accuracy in % from which a guessed system is taken.")
    ] = 90
    hosts_at_once: Annotated[int, Meta(description="How many hosts are scanned at a time.")] = 16
    max_hosts: Annotated[
        int, Meta(description="How many addresses the targets may name together.")
    ] = 4096
    host_timeout: Annotated[
        int, Meta(description="Seconds after which a host is given up, and named.")
    ] = 300
    timeout: Annotated[
        int, Meta(description="Seconds after which nmap is stopped; hosts done by then are in.")
    ] = 3600
    program: Annotated[str, Meta(description="Where nmap is.")] = "nmap"


async def _fetch(
    settings: NetworkSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a network does not say what changed
) -> AsyncIterator[NetworkPayload | Failure]:
    from discovery.network.fetch import fetch  # listing the scanners needs no XML

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: NetworkPayload, settings: NetworkSettings, time: datetime) -> Parsed:
    from discovery.network.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="network",
        title="Networks, by nmap",
        description=(
            "The hosts that answer in a network, the services behind their open ports with product "
            "and version, hardware addresses, a guess at the operating system, and the routers on "
            "the way: by running nmap, or from the XML that an nmap elsewhere wrote."
        ),
        kinds=("Server", "NetworkDevice", "SoftwareInstance", "DatabaseInstance"),
        relations=("RUNS_ON", "LINKED_TO"),
        needs=(
            "nmap, unless all targets are files of its XML (`nmap -oX FILE`).",
            "The right to scan what is named: nothing is scanned that is not.",
        ),
        settings=NetworkSettings,
        example="cmdb scan network 10.0.0.0/24 --set ports=22,80,443,5432,6379",
        targets="Addresses, ranges in CIDR form, names of hosts, or files of nmap's XML.",
        as_root=(
            "As root it also sees hardware addresses, guesses operating systems and traces ways."
        ),
    ),
    payload=NetworkPayload,
    fetch=_fetch,
    parse=_parse,
)
