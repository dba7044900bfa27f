"""The scanner of Kubernetes manifests, and of charts that Helm has rendered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.kubernetes import KINDS, OWNER_LABELS, RELATIONS, OwnerLabels
from discovery.kubernetes.payload import Objects
from discovery.scanner import Failure, Manifest, Parsed, Scanner


class ManifestsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of manifests."""

    cluster: Annotated[
        str,
        Meta(
            description=(
                "The cluster that they are for, by the uid of its namespace kube-system: then they "
                "meet what is found there."
            )
        ),
    ] = ""
    namespace: Annotated[str, Meta(description="The namespace of objects that name none.")] = (
        "default"
    )
    owner_labels: OwnerLabels = OWNER_LABELS


class ManifestsPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """All objects of the files; ``unknown`` counts those of kinds that nothing is made of."""

    scope: str
    objects: Objects
    unknown: dict[str, int] = {}
    passed_over: int = 0


async def _fetch(
    settings: ManifestsSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a file does not say what changed since a time
) -> AsyncIterator[ManifestsPayload | Failure]:
    from discovery.manifests.fetch import fetch  # listing the scanners reads no file

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: ManifestsPayload, settings: ManifestsSettings, time: datetime) -> Parsed:
    from discovery.manifests.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="manifests",
        title="Kubernetes manifests and rendered charts",
        description=(
            "What manifests declare: workloads, services, ingresses, routes of the Gateway API, "
            "claims, ConfigMaps and Secrets by name only, and what environment variables name. It "
            "has less confidence than what is seen in the cluster, and meets it."
        ),
        kinds=KINDS,
        relations=RELATIONS,
        needs=(
            "Files in YAML or JSON, or folders of them.",
            "A chart is rendered first: `helm template NAME CHART > manifests.yaml`.",
        ),
        settings=ManifestsSettings,
        example="cmdb scan manifests deploy/ --set namespace=shop",
        targets="Files, or folders of *.yaml, *.yml and *.json.",
    ),
    payload=ManifestsPayload,
    fetch=_fetch,
    parse=_parse,
)
