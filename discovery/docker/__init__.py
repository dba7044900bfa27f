"""The scanner of hosts of Docker and Podman."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.docker.payload import DockerPayload
from discovery.remote_settings import AtOnce, Timeout
from discovery.scanner import Failure, Manifest, Parsed, Scanner


class DockerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of container engines."""

    tls_ca: Annotated[
        str, Meta(description="The file of the authority that signed the engine's certificate.")
    ] = ""
    tls_certificate: Annotated[
        str, Meta(description="The file of the certificate that we show to the engine.")
    ] = ""
    tls_key: Annotated[str, Meta(description="The file of its private key.")] = ""
    host: Annotated[
        str,
        Meta(description="What to call the host (default: what its engine says, its host name)."),
    ] = ""
    stopped: Annotated[bool, Meta(description="Whether containers that do not run are told.")] = (
        False
    )
    environment: Annotated[
        bool,
        Meta(
            description=(
                "Whether to look for the names of other containers in environment variables; their "
                "values are dropped."
            )
        ),
    ] = True
    address_scope: Annotated[
        str, Meta(description="Where addresses are unique: the name of the network.")
    ] = "default"
    at_once: AtOnce = 4
    timeout: Timeout = 30.0


async def _fetch(
    settings: DockerSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # an engine does not say what changed since a time
) -> AsyncIterator[DockerPayload | Failure]:
    from discovery.docker.fetch import fetch  # the client is imported when it is used

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: DockerPayload, settings: DockerSettings, time: datetime) -> Parsed:
    from discovery.docker.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="docker",
        title="Hosts of Docker and Podman",
        description=(
            "What an engine runs: containers with their images, volumes and networks, the services "
            "and dependencies of Compose projects, and what environment variables name. Values of "
            "variables, commands and labels of others are never kept."
        ),
        kinds=("Server", "Container", "ServiceInstance", "StorageVolume", "Subnet"),
        relations=("RUNS_ON", "HOSTED_ON", "ATTACHES_TO", "DEPENDS_ON"),
        needs=(
            "The extra `docker`: pip install 'cmdb-graph[docker]'.",
            "An engine's socket that the user may open, or its address with TLS.",
        ),
        settings=DockerSettings,
        example="cmdb scan docker unix:///run/docker.sock",
        targets=(
            "Addresses of engines: unix:///run/docker.sock, tcp://app1.example.org:2376 (default: "
            "DOCKER_HOST, or the usual socket)."
        ),
    ),
    payload=DockerPayload,
    fetch=_fetch,
    parse=_parse,
)
