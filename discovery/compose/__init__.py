"""The scanner of Compose files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.compose.payload import ComposePayload
from discovery.scanner import Failure, Manifest, Parsed, Scanner


class ComposeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of Compose files."""

    host: Annotated[
        str,
        Meta(
            description=(
                "The name of the Docker host that the files are for, as `docker info` says it: "
                "then they meet what is found there."
            )
        ),
    ] = ""
    profiles: Annotated[
        tuple[str, ...],
        Meta(
            description=(
                "Profiles whose services are taken, or `*` for all (default: services without one)."
            )
        ),
    ] = ()


async def _fetch(
    settings: ComposeSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a file does not say what changed since a time
) -> AsyncIterator[ComposePayload | Failure]:
    from discovery.compose.fetch import fetch  # listing the scanners reads no file

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: ComposePayload, settings: ComposeSettings, time: datetime) -> Parsed:
    from discovery.compose.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="compose",
        title="Compose files",
        description=(
            "What Compose files declare: services, what they depend on and what their environment "
            "names, volumes, networks, configs and secrets by name only. Values of variables, "
            "those of .env files included, are never kept. It has less confidence than what is "
            "seen on a host."
        ),
        kinds=("ServiceInstance", "StorageVolume", "Subnet", "ConfigurationSource"),
        relations=("DEPENDS_ON", "ATTACHES_TO"),
        needs=("Compose files, or folders of them.",),
        settings=ComposeSettings,
        example="cmdb scan compose /srv/shop --set host=app1",
        targets="Compose files, or folders with compose.yaml or docker-compose.yml in or below.",
    ),
    payload=ComposePayload,
    fetch=_fetch,
    parse=_parse,
)
