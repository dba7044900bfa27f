"""The scanner of network devices, by SNMP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret
from discovery.snmp.payload import SnmpPayload


class SnmpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan by SNMP."""

    address_scope: Annotated[
        str,
        Meta(
            description=(
                "The network in which addresses are unique: networks that reuse addresses need "
                "different ones."
            )
        ),
    ] = "default"
    community: Annotated[
        Secret,
        Meta(description="The community of agents that speak version 2c, by where it is kept."),
    ] = Secret()
    user: Annotated[
        str, Meta(description="The user of agents that speak version 3; it goes before community.")
    ] = ""
    authentication_key: Annotated[
        Secret, Meta(description="The user's authentication pass phrase, by where it is kept.")
    ] = Secret()
    authentication: Annotated[
        Literal["sha256", "sha", "sha224", "sha384", "sha512", "md5"],
        Meta(description="How the user is authenticated."),
    ] = "sha256"
    privacy_key: Annotated[
        Secret,
        Meta(
            description=(
                "The user's pass phrase of encryption, by where it is kept; none: not encrypted."
            )
        ),
    ] = Secret()
    privacy: Annotated[
        Literal["aes", "aes192", "aes256", "des", "3des"],
        Meta(description="How messages are encrypted."),
    ] = "aes"
    port: Annotated[
        int, Meta(description="The UDP port that agents listen on.", ge=1, le=65535)
    ] = 161
    interfaces: Annotated[
        Literal["used", "all", "none"],
        Meta(
            description=(
                "Which interfaces become items: those with a neighbour or an address, all, or none."
            )
        ),
    ] = "used"
    hosts_on_ports: Annotated[
        bool,
        Meta(
            description=(
                "Whether forwarding tables say who hangs on which port, where no neighbour says "
                "so itself."
            )
        ),
    ] = True
    most_on_port: Annotated[
        int,
        Meta(
            description=(
                "How many hardware addresses may be heard on a port for them to hang there; behind "
                "more than that there is another switch."
            ),
            ge=1,
            le=64,
        ),
    ] = 3
    gateways: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Addresses of devices that are gateways, where no default route of a device that "
                "is scanned says so."
            )
        ),
    ] = ()
    devices_at_once: Annotated[
        int, Meta(description="How many agents are asked at a time.", ge=1, le=256)
    ] = 32
    max_addresses: Annotated[
        int,
        Meta(description="How many addresses the targets may name together.", ge=1, le=1048576),
    ] = 4096
    timeout: Annotated[float, Meta(description="Seconds to wait for an answer.", ge=0.1, le=60)] = (
        2.0
    )
    retries: Annotated[int, Meta(description="How often to ask again.", ge=0, le=10)] = 1
    device_timeout: Annotated[
        float,
        Meta(
            description="Seconds after which no more is asked of a device; what it said is in.",
            ge=1,
            le=3600,
        ),
    ] = 120.0
    max_values: Annotated[
        int,
        Meta(
            description="How many values are read of one device; what it said by then is in.",
            ge=100,
            le=10_000_000,
        ),
    ] = 200_000


async def _fetch(
    settings: SnmpSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # agents do not say what changed
) -> AsyncIterator[SnmpPayload | Failure]:
    from discovery.snmp.fetch import fetch  # listing the scanners needs no SNMP

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: SnmpPayload, settings: SnmpSettings, time: datetime) -> Parsed:
    from discovery.snmp.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="snmp",
        title="Network devices, by SNMP",
        description=(
            "Switches, routers and whatever else has an SNMP agent: serial number, model and "
            "system, interfaces and addresses, power supplies, which port is cabled to which port "
            "of which neighbour (LLDP, CDP), and who else hangs on a port by forwarding and ARP "
            "tables."
        ),
        kinds=("NetworkDevice", "Server", "NetworkInterface", "PowerFeed"),
        relations=("LINKED_TO", "CONTAINS", "POWERED_BY"),
        needs=(
            "`pip install 'cmdb-graph[snmp]'`.",
            "A community (version 2c) or a user (version 3) that may read.",
        ),
        settings=SnmpSettings,
        example="cmdb scan snmp 10.0.0.0/24 --set community=env:SNMP_COMMUNITY",
        targets="Addresses, ranges in CIDR form, or names of devices.",
    ),
    payload=SnmpPayload,
    fetch=_fetch,
    parse=_parse,
)
