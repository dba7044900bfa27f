"""The scanner of accounts of AWS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.aws.payload import AwsPayload
from discovery.remote_settings import AtOnce, Timeout
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret


class AwsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of accounts."""

    profile: Annotated[
        str, Meta(description="The profile of ~/.aws/config (default: the usual credentials).")
    ] = ""
    regions: Annotated[
        tuple[str, ...],
        Meta(description="The regions to read (default: all that the account has enabled)."),
    ] = ()
    external_id: Annotated[
        Secret, Meta(description="The external id that the roles ask for, by where it is kept.")
    ] = Secret()
    owner_tags: Annotated[
        tuple[str, ...],
        Meta(description="Tags whose value names the team that answers for a resource."),
    ] = ("Owner", "owner", "Team", "team")
    endpoint_url: Annotated[
        str, Meta(description="Another address for all services, such as that of a simulator.")
    ] = ""
    at_once: AtOnce = 8
    timeout: Timeout = 30.0


async def _fetch(
    settings: AwsSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # an account does not say what changed since a time
) -> AsyncIterator[AwsPayload | Failure]:
    from discovery.aws.fetch import fetch  # the client is imported when it is used

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: AwsPayload, settings: AwsSettings, time: datetime) -> Parsed:
    from discovery.aws.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="aws",
        title="Accounts of AWS",
        description=(
            "What accounts have in their regions: machines and disks, networks and zones, "
            "autoscaling groups, load balancers with their pools, databases with standbys and "
            "replicas, functions, buckets, queues and topics, clusters of ECS and EKS, DNS records "
            "and certificates, and the teams that tags name. Of each answer it keeps the few "
            "attributes that its table names, and no value of an environment variable."
        ),
        kinds=(
            "VirtualMachine",
            "StorageVolume",
            "Subnet",
            "LoadBalancer",
            "Cluster",
            "DatabaseInstance",
            "MessageQueue",
            "KubernetesCluster",
            "CloudResource",
            "DnsRecord",
            "Certificate",
            "Location",
            "Team",
        ),
        relations=(
            "DEPENDS_ON",
            "ATTACHES_TO",
            "ROUTES_TO",
            "MEMBER_OF",
            "CONTAINS",
            "RUNS_ON",
            "EXCHANGES_DATA_WITH",
            "FAILS_OVER_TO",
            "RESOLVED_BY",
            "SECURED_BY",
            "LOCATED_IN",
            "OWNED_BY",
        ),
        needs=(
            "The extra `aws`: pip install 'cmdb-graph[aws]'.",
            "Credentials where AWS's own tools look for them, with the policy ViewOnlyAccess.",
            "To read other accounts, a role in each of them that may be assumed.",
        ),
        settings=AwsSettings,
        example="cmdb scan aws --set regions=eu-west-1,eu-central-1",
        targets=(
            "Roles to assume, by ARN, one for each account (default: the account of the "
            "credentials)."
        ),
    ),
    payload=AwsPayload,
    fetch=_fetch,
    parse=_parse,
)
