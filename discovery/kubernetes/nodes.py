"""The nodes of a cluster: machines that other sources see as well."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import Observation
from discovery.kubernetes.payload import Identity, Meta, Node
from discovery.kubernetes.view import View

_ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_TYPE_LABELS = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
_HEX = re.compile(r"[0-9a-f]{32}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_CLOUD = frozenset({"", "kind", "k3s", "rke2", "metal3", "baremetal", "equinixmetal"})
"""Providers whose ids are no cloud's, or whose nodes are whole machines."""


def node_observations(
    nodes: tuple[Node, ...], view: View, cluster_key: str
) -> Iterator[Observation]:
    """The nodes, members of the cluster, and the zones they are in."""
    for node in nodes:
        identity = Identity("Node", "", node.meta.name)
        yield _node(identity, node, view)
        yield view.observer.link("MEMBER_OF", view.key(identity), cluster_key)
        zone = next((z for label in _ZONE_LABELS if (z := node.meta.labels.get(label))), "")
        if zone:
            own = f"zone/{zone}"
            yield view.observer.item("Location", own, [f"name:Location/{zone}"], {"name": zone})
            yield view.observer.link(
                "LOCATED_IN",
                view.key(identity),
                view.observer.key(own),
                evidence=f"a label of node {node.meta.name}",
            )


def _node(identity: Identity, node: Node, view: View) -> Observation:
    addresses = [value for kind, value in node.addresses if kind in ("InternalIP", "ExternalIP")]
    names = [v for kind, v in node.addresses if kind in ("Hostname", "InternalDNS", "ExternalDNS")]
    inner = [value for kind, value in node.addresses if kind == "InternalIP"]
    return view.item(
        "Server" if provider_of(node) in _NO_CLOUD else "VirtualMachine",
        identity,
        Meta(node.meta.name),
        {
            "hostname": next((v for kind, v in node.addresses if kind == "Hostname"), None),
            "operating_system": node.operating_system,
            "kernel": node.kernel,
            "architecture": node.architecture,
            "cpu_count": node.cpu_count,
            "memory": node.memory,
            "ip_addresses": addresses or None,
            **_instance_type(node),
        },
        [
            *cloud_identifiers(node.provider_id),
            *_uuid(node),
            f"machine-id:{node.machine_id}",
            *(f"fqdn:{name}" for name in names if "." in name and not _is_address(name)),
            *(ip_identifier(a, view.address_scope) for a in inner if _is_address(a)),
        ],
    )


def _instance_type(node: Node) -> dict[str, str]:
    if provider_of(node) in _NO_CLOUD:
        return {}
    found = next((t for label in _TYPE_LABELS if (t := node.meta.labels.get(label))), "")
    return {"instance_type": found} if found else {}


def provider_of(node: Node) -> str:
    """The cloud that a node is of, as its provider id begins; empty where it has none."""
    return node.provider_id.partition("://")[0] if "://" in node.provider_id else ""


def cloud_identifiers(provider_id: str) -> list[str]:
    """The identifiers that a node's machine has in its cloud.

    >>> cloud_identifiers("aws:///eu-west-1a/i-0aaaaaaaaaaaaaaa1")
    ['cloud:i-0aaaaaaaaaaaaaaa1']
    >>> cloud_identifiers("gce://shop/europe-west1-b/node-1")
    ['cloud:projects/shop/zones/europe-west1-b/instances/node-1']
    """
    provider, _, rest = provider_id.partition("://")
    match provider, rest.strip("/").split("/"):
        case "aws", [*_, instance] if instance.startswith("i-"):
            return [f"cloud:{instance}"]
        case "gce", [project, zone, name]:
            return [f"cloud:projects/{project}/zones/{zone}/instances/{name}"]
        case "azure", ["subscriptions", *_]:
            return [f"cloud:/{rest.strip('/')}"]
        case "openstack", [*_, own] if _UUID.fullmatch(own):
            return [f"cloud:{own}"]
        case "vsphere", [own] if _UUID.fullmatch(own.lower()):
            return [f"uuid:{own}"]
        case _:
            return []


def _uuid(node: Node) -> list[str]:
    """The machine's UUID. Where the kubelet could not read it, it gives the machine-id for it."""
    written = node.system_uuid.lower()
    plain = written.replace("-", "")
    if not _HEX.fullmatch(plain) or plain == node.machine_id.lower().replace("-", ""):
        return []
    return [f"uuid:{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
