"""From a cluster to observations. Pure: no clock, no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from cmdb.items import Observation
from discovery.kubernetes import KubernetesSettings
from discovery.kubernetes.nodes import node_observations
from discovery.kubernetes.payload import KubernetesPayload
from discovery.kubernetes.report import observations_of
from discovery.kubernetes.view import View
from discovery.observer import Observer
from discovery.scanner import Parsed

_EKS = re.compile(r"arn:aws[a-z-]*:eks:[^:]+:[0-9]+:cluster/(?P<name>.+)")
_GKE = re.compile(r"gke_(?P<project>[^_]+)_(?P<place>[^_]+)_(?P<name>.+)")


def parse(payload: KubernetesPayload, settings: KubernetesSettings, time: datetime) -> Parsed:
    """Everything in a cluster, items before links. Its scope is the cluster, or its namespaces."""
    observer = Observer("kubernetes", time, payload.scope)
    view = View(
        observer,
        payload.uid,
        payload.uid,
        address_scope=settings.address_scope,
        pods=settings.pods,
    )
    cluster = observer.item(
        "KubernetesCluster",
        payload.uid,
        # The identity of the cluster is that of this namespace, which nobody can make anew.
        [f"k8s:{payload.uid}/_/Namespace/kube-system", *_cloud(payload.name)],
        {
            "name": _short(payload.name),
            "version": payload.version,
            "technology": "Kubernetes",
        },
    )
    key = cluster.identifiers[0]
    seen: list[Observation] = [
        cluster,
        *node_observations(payload.objects.nodes, view, key),
        *observations_of(payload.objects, view, key),
    ]
    return Parsed(
        scope=payload.scope,
        observations=tuple(seen),
        full=payload.full,
        notes=tuple(_notes(payload)),
    )


def _notes(payload: KubernetesPayload) -> Iterator[str]:
    known = {node.meta.name for node in payload.objects.nodes}
    lost = {p.node for p in payload.objects.pods if p.node and not p.done} - known
    if lost:
        yield (
            f"Pods of {payload.name} are on {len(lost)} nodes that could not be read; what they "
            "run on is left out."
        )


def _cloud(name: str) -> list[str]:
    """The cluster's identifiers in its cloud, by the names that the clouds' own tools give it."""
    if _EKS.fullmatch(name):
        return [f"cloud:{name}"]
    if found := _GKE.fullmatch(name):
        project, place, own = found["project"], found["place"], found["name"]
        kinds = ("locations", "zones") if re.fullmatch(r".+-[a-z]", place) else ("locations",)
        return [f"cloud:projects/{project}/{kind}/{place}/clusters/{own}" for kind in kinds]
    return []


def _short(name: str) -> str:
    found = _EKS.fullmatch(name) or _GKE.fullmatch(name)
    return found["name"] if found else name
