"""Who made spans: the service, and where it runs, from a resource's attributes."""

from __future__ import annotations

import re

from discovery.kubernetes.nodes import cloud_identifiers
from discovery.traces.conventions import Attributes, conventions, first, name_of
from discovery.traces.span import Place, Resource, ServiceName

UNNAMED = "unknown_service"
"""What SDKs call a service that nobody named; the program's name may follow."""
_CONTAINER = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]{32}")


def resource_of(
    attributes: Attributes, *, environment: str = "", cluster: str = ""
) -> Resource | None:
    """The service; None where it has no name. ``environment`` and ``cluster`` stand for what it
    does not say of itself."""

    def told(what: str) -> str:
        return name_of(first(attributes, "resource", what))

    name = told("name")
    if not name or name.startswith(UNNAMED):
        return None
    cluster = told("cluster") or cluster
    space = told("kubernetes_namespace")
    place = _place(attributes, cluster, space)
    return Resource(
        ServiceName(name, told("namespace"), told("environment") or environment),
        told("version"),
        place,
        cluster if space else "",
        space,
        homeless=bool(space) and not cluster,
    )


def _place(attributes: Attributes, cluster: str, space: str) -> Place | None:
    """The place that lasts longest: a workload outlives its pods."""

    def told(what: str) -> str:
        return name_of(first(attributes, "resource", what))

    if space:
        # What else is told is the pod's: its host name, its container.
        return _in_cluster(attributes, cluster, space) if cluster else None
    container = told("container").lower()
    if _CONTAINER.fullmatch(container):
        return Place("container", container[:12], (f"container:{container}",))
    resource = told("cloud_resource")
    if resource:
        return Place("cloud", resource, (f"cloud:{resource}",))
    return _host(told("host_id"), told("host_name").lower(), attributes)


def _in_cluster(attributes: Attributes, cluster: str, space: str) -> Place | None:
    for kind, attribute in conventions()["workloads"].items():
        name = name_of(attributes.get(attribute))
        if name:
            return Place("workload", name, (f"k8s:{cluster}/{space}/{kind}/{name}",))
    pod = name_of(first(attributes, "resource", "pod"))
    return Place("pod", pod, (f"k8s:{cluster}/{space}/Pod/{pod}",)) if pod else None


def _host(own: str, name: str, attributes: Attributes) -> Place | None:
    """The machine: by its id in its cloud or of its system, and by its name."""
    found: list[str] = []
    if own and (cloud := name_of(first(attributes, "resource", "cloud"))):
        account = name_of(first(attributes, "resource", "account"))
        zone = name_of(first(attributes, "resource", "zone"))
        found += {
            "aws": cloud_identifiers(f"aws:///{zone}/{own}"),
            "gcp": cloud_identifiers(f"gce://{account}/{zone}/{name.partition('.')[0]}"),
            "azure": [],
        }.get(cloud, [])
    plain = own.lower().replace("-", "")
    if not found and _HEX.fullmatch(plain):
        found.append(f"machine-id:{plain}")
    if "." in name:
        found.append(f"fqdn:{name}")
    elif name:
        found.append(name)
    if not any(":" in identifier for identifier in found):
        return None
    return Place("host", name or own, tuple(found))
