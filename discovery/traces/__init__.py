"""The scanner of traces: who calls whom, as spans say it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.machine.view import AddressScope
from discovery.remote_settings import Timeout
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret
from discovery.traces.payload import TracesPayload


class TracesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for traces, from files, from Jaeger, and sent to the server."""

    address_scope: AddressScope = "default"
    environment: Annotated[
        str,
        Meta(description="The environment of services that do not name theirs."),
    ] = ""
    cluster: Annotated[
        str,
        Meta(
            description=(
                "The uid of the Kubernetes cluster (that of its namespace kube-system) of services "
                "that do not say k8s.cluster.uid."
            )
        ),
    ] = ""
    most_spans: Annotated[
        int,
        Meta(
            description="Spans that may wait for their other half, in memory.",
            ge=100,
            le=10_000_000,
        ),
    ] = 200_000
    most_services: Annotated[
        int, Meta(description="Services that are kept in memory.", ge=1, le=1_000_000)
    ] = 10_000
    most_calls: Annotated[
        int, Meta(description="Dependencies that are kept in memory.", ge=1, le=1_000_000)
    ] = 50_000
    token: Annotated[Secret, Meta(description="Jaeger's bearer token.")] = Secret()
    hours: Annotated[
        int, Meta(description="Hours that Jaeger's calls are counted over.", ge=1, le=8760)
    ] = 24
    timeout: Timeout = 60


async def _fetch(
    settings: TracesSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a file does not say what changed
) -> AsyncIterator[TracesPayload | Failure]:
    from discovery.traces.fetch import fetch  # listing the scanners reads no trace

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: TracesPayload, settings: TracesSettings, time: datetime) -> Parsed:
    from discovery.traces.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="traces",
        title="Traces",
        description=(
            "Which service calls which, and which databases, queues and outside peers, with rate, "
            "share of errors and when it was last seen: from OTLP files and from Jaeger. The "
            "server takes spans too, at /v1/traces."
        ),
        kinds=(
            "ServiceInstance",
            "DatabaseInstance",
            "Database",
            "MessageQueue",
            "ApiEndpoint",
            "SoftwareInstance",
        ),
        relations=("DEPENDS_ON", "EXCHANGES_DATA_WITH", "HOSTED_ON", "RUNS_ON"),
        needs=(
            "For protobuf: `pip install 'cmdb-graph[traces]'`.",
            "Services with a name of their own (OTEL_SERVICE_NAME).",
        ),
        settings=TracesSettings,
        example="cmdb scan traces traces.jsonl",
        targets=(
            "OTLP files in JSON (one document, or one a line) or protobuf, also with gzip; folders "
            "of such; addresses of Jaeger, such as https://jaeger.example.org."
        ),
    ),
    payload=TracesPayload,
    fetch=_fetch,
    parse=_parse,
)
