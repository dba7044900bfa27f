"""The scanner of states of Terraform and OpenTofu."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.remote_settings import Timeout
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret
from discovery.terraform.state import TerraformPayload


class TerraformSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of states."""

    user: Annotated[str, Meta(description="The user of an HTTP backend.")] = ""
    password: Annotated[
        Secret,
        Meta(description="The password or token of an HTTP backend, by where it is kept."),
    ] = Secret()
    profile: Annotated[
        str,
        Meta(description="The profile of ~/.aws/config for states in S3 (default: the usual)."),
    ] = ""
    endpoint_url: Annotated[
        str, Meta(description="Another address of S3, such as that of a store of your own.")
    ] = ""
    timeout: Timeout = 60.0
    declared: Annotated[
        bool,
        Meta(
            description=(
                "Whether to report what resources only declare to depend on, as weak links of low "
                "confidence."
            )
        ),
    ] = True


async def _fetch(
    settings: TerraformSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a state does not say what changed since a time
) -> AsyncIterator[TerraformPayload | Failure]:
    from discovery.terraform.fetch import fetch  # listing the scanners reads no mapping

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: TerraformPayload, settings: TerraformSettings, time: datetime) -> Parsed:
    from discovery.terraform.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="terraform",
        title="States of Terraform and OpenTofu",
        description=(
            "What a state says exists: machines, disks, networks, load balancers and their pools, "
            "databases and their replicas, queues, functions, clusters and DNS records of AWS, "
            "Azure, Google and OpenStack, and how they refer to each other. Of each resource it "
            "reads the few attributes that its mapping names, and none that is sensitive."
        ),
        kinds=(
            "VirtualMachine",
            "StorageVolume",
            "Subnet",
            "LoadBalancer",
            "Cluster",
            "DatabaseInstance",
            "Database",
            "MessageQueue",
            "KubernetesCluster",
            "CloudResource",
            "DnsRecord",
            "Certificate",
            "ApiEndpoint",
            "Location",
        ),
        relations=(
            "DEPENDS_ON",
            "ATTACHES_TO",
            "ROUTES_TO",
            "MEMBER_OF",
            "CONTAINS",
            "HOSTED_ON",
            "RUNS_ON",
            "EXCHANGES_DATA_WITH",
            "FAILS_OVER_TO",
            "RESOLVED_BY",
            "SECURED_BY",
            "LOCATED_IN",
        ),
        needs=(
            (
                "State files of format 3 or 4, folders of them (*.tfstate), or the address of an "
                "HTTP or S3 backend; for S3 the extra `aws`: pip install 'cmdb-graph[aws]'."
            ),
            "A state in another backend is pulled first: `terraform state pull > web.tfstate`.",
        ),
        settings=TerraformSettings,
        example="cmdb scan terraform states/ --set password=env:STATE_PASSWORD",
        targets=(
            "State files, folders of them, addresses of HTTP backends, or s3://BUCKET/KEY; a key "
            "that ends with / means all *.tfstate below it."
        ),
    ),
    payload=TerraformPayload,
    fetch=_fetch,
    parse=_parse,
)
