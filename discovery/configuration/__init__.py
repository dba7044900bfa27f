"""The scanner of configurations: proxies' routes, zones and certificates, from files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from discovery.configuration.payload import ConfigurationPayload
from discovery.machine.view import AddressScope
from discovery.scanner import Failure, Manifest, Parsed, Scanner


class ConfigurationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of configurations."""

    address_scope: AddressScope = "default"
    addresses: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "The addresses of the machine that the configurations are of: by them its proxy is "
                "the same item as for other sources."
            )
        ),
    ] = ()
    name: Annotated[
        str, Meta(description="What that machine is called; its first address where empty.")
    ] = ""
    format: Annotated[
        Literal["", "nginx", "haproxy", "apache", "envoy", "zone"],
        Meta(description="What the files are. Empty: what each of them looks like."),
    ] = ""
    certificates: Annotated[
        bool, Meta(description="Whether certificates that configurations name are read too.")
    ] = True
    max_files: Annotated[
        int, Meta(description="Files of a folder that are looked at.", ge=1, le=100000)
    ] = 5000


async def _fetch(
    settings: ConfigurationSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a file does not say what changed
) -> AsyncIterator[ConfigurationPayload | Failure]:
    from discovery.configuration.fetch import fetch  # listing the scanners needs no parser

    async for found in fetch(settings, targets):
        yield found


def _parse(
    payload: ConfigurationPayload, settings: ConfigurationSettings, time: datetime
) -> Parsed:
    from discovery.configuration.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="configuration",
        title="Configurations of proxies, and DNS zones",
        description=(
            "What nginx, HAProxy, Apache httpd and Envoy route to which servers, the names that "
            "they answer to, their certificates, and the records of DNS zones: from files."
        ),
        kinds=("LoadBalancer", "Cluster", "SoftwareInstance", "Certificate", "DnsRecord"),
        relations=(
            "ROUTES_TO",
            "MEMBER_OF",
            "HOSTED_ON",
            "SECURED_BY",
            "RESOLVED_BY",
            "DEPENDS_ON",
        ),
        needs=(
            "The right to read the files.",
            "`pip install 'cmdb-graph[configuration]'` for zones.",
            "`pip install 'cmdb-graph[ssh]'` for certificates.",
        ),
        settings=ConfigurationSettings,
        example="cmdb scan configuration /etc/nginx --set addresses=10.0.0.11",
        targets="Files, or folders that have some.",
    ),
    payload=ConfigurationPayload,
    fetch=_fetch,
    parse=_parse,
)
