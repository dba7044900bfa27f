"""Volumes: a claim and the volume that is bound to it are one thing."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import Gate, Observation
from discovery.kubernetes.members import Members
from discovery.kubernetes.payload import Claim, Identity, Meta, Objects, Volume, Workload
from discovery.kubernetes.view import View
from discovery.kubernetes.workloads import pod_of

_CLOUD_HANDLE = re.compile(r"vol-[0-9a-f]{8,17}|fs-[0-9a-f]{8,17}|projects/.+|/subscriptions/.+")
"""Ids of disks that are unique in their cloud."""


def volume_observations(objects: Objects, members: Members, view: View) -> Iterator[Observation]:
    """The volumes, where they are, and who needs them."""
    claims = {(c.meta.namespace, c.meta.name): c for c in objects.claims}
    bound: set[tuple[str, str]] = set()
    nodes = {node.meta.name for node in objects.nodes}
    keys: dict[tuple[str, str], str] = {}
    for volume in objects.volumes:
        meant = volume.claim
        held = claims.get((meant.namespace, meant.name)) if meant else None
        if held and held.volume in ("", volume.meta.name):
            bound.add((held.meta.namespace, held.meta.name))
        else:
            held = None
        identity = Identity("PersistentVolume", "", volume.meta.name)
        if held:
            keys[held.meta.namespace, held.meta.name] = view.key(identity)
        yield _volume(identity, volume, held, view)
        yield from _places(identity, volume, nodes, view)
    for place, claim in claims.items():
        if place not in bound:
            identity = Identity("PersistentVolumeClaim", *place)
            keys[place] = view.key(identity)
            yield view.item("StorageVolume", identity, claim.meta, {"capacity": claim.capacity})
    yield from _users(members, keys, view)


def _volume(identity: Identity, volume: Volume, claim: Claim | None, view: View) -> Observation:
    handle = volume.handle
    identifiers = [f"cloud:{handle}"] if _CLOUD_HANDLE.fullmatch(handle) else []
    meta = volume.meta
    name = meta.name
    if claim:
        meta = Meta(
            claim.meta.name, claim.meta.namespace, {**volume.meta.labels, **claim.meta.labels}
        )
        name = f"{meta.namespace}/{meta.name}"
        if view.cluster:
            identifiers.append(
                f"k8s:{view.cluster}/{meta.namespace}/PersistentVolumeClaim/{meta.name}"
            )
    return view.item(
        "StorageVolume",
        identity,
        meta,
        {
            "name": name,
            "capacity": volume.capacity,
            "description": f"A volume of {volume.driver}." if volume.driver else None,
        },
        identifiers,
    )


def _places(
    identity: Identity, volume: Volume, nodes: set[str], view: View
) -> Iterator[Observation]:
    """The nodes that hold a local volume, or the server that exports it."""
    for node in volume.nodes:
        if node in nodes:
            yield view.observer.link(
                "HOSTED_ON",
                view.key(identity),
                view.key(Identity("Node", "", node)),
                gate=Gate("nodes") if len(volume.nodes) > 1 else None,
                evidence=f"volume {volume.meta.name} may be used on {node} only",
            )
    if volume.server:
        try:
            ipaddress.ip_address(volume.server)
        except ValueError:
            to = f"fqdn:{volume.server}" if "." in volume.server else ""
        else:
            to = ip_identifier(volume.server, view.address_scope)
        if to:
            yield view.observer.link(
                "DEPENDS_ON",
                view.key(identity),
                to,
                evidence=f"volume {volume.meta.name} is exported by {volume.server}",
            )


def _users(members: Members, keys: dict[tuple[str, str], str], view: View) -> Iterator[Observation]:
    for identity, workload in members.workloads.items():
        for template in workload.pod.claim_templates:
            yield from _own_volumes(identity, workload, template, members, keys, view)
        for claim in workload.pod.claims:
            if to := keys.get((identity.namespace, claim)):
                evidence = f"{identity.kind} {identity.name} mounts the claim {claim}"
                yield view.observer.link("ATTACHES_TO", view.key(identity), to, evidence=evidence)
    for pod in members.alone:
        for claim in pod.spec.claims:
            if to := keys.get((pod.meta.namespace, claim)):
                evidence = f"Pod {pod.meta.name} mounts the claim {claim}"
                yield view.observer.link(
                    "ATTACHES_TO", view.key(pod_of(pod)), to, evidence=evidence
                )


def _own_volumes(
    identity: Identity,
    workload: Workload,
    template: str,
    members: Members,
    keys: dict[tuple[str, str], str],
    view: View,
) -> Iterator[Observation]:
    """Each pod of a StatefulSet has a volume of its own, so as many of them must be there."""
    pattern = re.compile(rf"{re.escape(template)}-{re.escape(identity.name)}-([0-9]+)")
    found = []
    for (space, name), key in sorted(keys.items()):
        match = pattern.fullmatch(name) if space == identity.namespace else None
        # Claims outlive a set that was made smaller.
        if match and int(match[1]) < (workload.replicas or 1):
            found.append((name, int(match[1]), key))
    pods = {pod.meta.name: pod for pod in members.pods(identity)}
    for name, ordinal, key in found:
        evidence = f"{identity.kind} {identity.name} makes the claim {name}"
        pod = pods.get(f"{identity.name}-{ordinal}")
        if view.pods:
            if pod:
                yield view.observer.link(
                    "ATTACHES_TO", view.key(pod_of(pod)), key, evidence=evidence
                )
            continue
        yield view.observer.link(
            "ATTACHES_TO",
            view.key(identity),
            key,
            gate=Gate(f"volumes {template}", min(members.needed(identity), len(found))),
            evidence=evidence,
        )
