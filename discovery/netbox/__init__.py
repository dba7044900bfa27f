"""The scanner of NetBox: what should be where, how it is cabled and what it is fed by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.netbox.payload import NetboxPayload
from discovery.remote_settings import AtOnce, Timeout
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret


class NetboxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of NetBox."""

    url: Annotated[str, Meta(description="NetBox's address, without /api.")] = ""
    token: Annotated[Secret, Meta(description="Where a token is that may read.")] = Secret()
    name: Annotated[
        str,
        Meta(
            description=(
                "What this NetBox is called; its host without it. Its objects keep their ids "
                "where it moves to another host under the same name."
            )
        ),
    ] = ""
    sites: Annotated[
        tuple[str, ...],
        Meta(description="Slugs of the sites to read: their racks, devices, power and cables."),
    ] = ()
    statuses: Annotated[
        tuple[str, ...],
        Meta(description="Statuses of devices and virtual machines to read, such as active."),
    ] = ()
    roles: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "What devices and machines of a role are, where its name does not say it: "
                "role=Server or role=NetworkDevice, by the role's slug."
            )
        ),
    ] = ()
    interfaces: Annotated[
        bool, Meta(description="Whether interfaces that have a cable or an address are items.")
    ] = True
    prefixes: Annotated[bool, Meta(description="Whether prefixes are items.")] = True
    address_scope: Annotated[
        str,
        Meta(
            description=(
                "The network in which addresses of no VRF are unique. Those of a VRF are in that "
                "of the VRF's name."
            )
        ),
    ] = "default"
    page_size: Annotated[int, Meta(description="Objects to ask for at once.", ge=1, le=1000)] = 500
    at_once: AtOnce = 4
    timeout: Timeout = 60.0


async def _fetch(
    settings: NetboxSettings,
    targets: Sequence[str],  # noqa: ARG001  # every scanner is given them; this one takes none
    since: datetime | None,  # noqa: ARG001  # what was deleted is not told, so all is read
) -> AsyncIterator[NetboxPayload | Failure]:
    from discovery.netbox.fetch import fetch  # listing the scanners loads no client

    async for found in fetch(settings):
        yield found


def _parse(payload: NetboxPayload, settings: NetboxSettings, time: datetime) -> Parsed:
    from discovery.netbox.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="netbox",
        title="NetBox",
        description=(
            "What a NetBox (3.5 or later) says there should be: regions, sites, rooms and racks, "
            "devices with their interfaces, cables and power, prefixes, clusters and virtual "
            "machines, circuits, tenants and contacts."
        ),
        kinds=(
            "Location",
            "NetworkDevice",
            "Server",
            "VirtualMachine",
            "NetworkInterface",
            "PowerFeed",
            "Cluster",
            "Subnet",
            "NetworkLink",
            "Team",
            "Person",
        ),
        relations=(
            "LOCATED_IN",
            "CONTAINS",
            "LINKED_TO",
            "POWERED_BY",
            "RUNS_ON",
            "MEMBER_OF",
            "DEPENDS_ON",
            "OWNED_BY",
            "SUPPORTED_BY",
        ),
        needs=("A token of NetBox that may read; writing is never asked for.",),
        settings=NetboxSettings,
        example=(
            "cmdb scan netbox --set url=https://netbox.example.org --set token=env:NETBOX_TOKEN"
        ),
        experimental=True,
    ),
    payload=NetboxPayload,
    fetch=_fetch,
    parse=_parse,
)
