"""The scanner of Kubernetes clusters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.kubernetes.payload import KubernetesPayload
from discovery.remote_settings import AtOnce, Timeout
from discovery.scanner import Failure, Manifest, Parsed, Scanner

OwnerLabels = Annotated[
    tuple[str, ...],
    Meta(description="Labels and annotations whose value names the team that answers for it."),
]
OWNER_LABELS = ("owner", "team", "app.kubernetes.io/owner")
KINDS = (
    "KubernetesWorkload",
    "ServiceInstance",
    "ApiEndpoint",
    "StorageVolume",
    "ConfigurationSource",
    "LoadBalancer",
    "Container",
    "Team",
)
RELATIONS = ("ROUTES_TO", "DEPENDS_ON", "ATTACHES_TO", "RUNS_ON", "OWNED_BY")


class KubernetesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of clusters."""

    kubeconfig: Annotated[
        str, Meta(description="The kubeconfig to read (default: KUBECONFIG, or ~/.kube/config).")
    ] = ""
    cluster_id: Annotated[
        str,
        Meta(
            description=(
                "The cluster's identity where the account may not read the namespace kube-system: "
                "that namespace's uid."
            )
        ),
    ] = ""
    namespaces: Annotated[
        tuple[str, ...], Meta(description="The namespaces to read (default: all).")
    ] = ()
    pods: Annotated[
        bool,
        Meta(description="Whether pods are items of their own; by default only workloads are."),
    ] = False
    owner_labels: OwnerLabels = OWNER_LABELS
    address_scope: Annotated[
        str,
        Meta(description="Where the addresses of nodes are unique: the name of the network."),
    ] = "default"
    page_size: Annotated[int, Meta(description="Objects of one answer.", ge=1, le=5000)] = 500
    at_once: AtOnce = 4
    timeout: Timeout = 30.0


async def _fetch(
    settings: KubernetesSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a cluster does not say what changed since a time
) -> AsyncIterator[KubernetesPayload | Failure]:
    from discovery.kubernetes.fetch import fetch  # the client is imported when it is used

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: KubernetesPayload, settings: KubernetesSettings, time: datetime) -> Parsed:
    from discovery.kubernetes.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="kubernetes",
        title="Kubernetes clusters",
        description=(
            "What a cluster runs: nodes and their zones, workloads with the nodes that their pods "
            "are on and how many must serve, services with their endpoints, ingresses and routes "
            "of the Gateway API, volumes and their claims, ConfigMaps and Secrets by name only, "
            "and the teams that labels name. Values of environment variables and the contents of "
            "ConfigMaps and Secrets are never kept."
        ),
        kinds=("KubernetesCluster", "Server", "VirtualMachine", "Location", *KINDS),
        relations=("MEMBER_OF", "LOCATED_IN", "HOSTED_ON", *RELATIONS),
        needs=(
            "The extra `kubernetes`: pip install 'cmdb-graph[kubernetes]'.",
            (
                "A kubeconfig, or a pod's own account, that may get and list nodes, namespaces, "
                "pods, services, endpoints, volumes, workloads, budgets, ingresses and routes. "
                "Secrets and ConfigMaps are never asked for."
            ),
        ),
        settings=KubernetesSettings,
        example="cmdb scan kubernetes production --set owner_labels=team",
        targets="Contexts of the kubeconfig (default: the current one).",
    ),
    payload=KubernetesPayload,
    fetch=_fetch,
    parse=_parse,
)
