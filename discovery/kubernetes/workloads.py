"""Workloads and pods: what they run on, and what they need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cmdb.items import Gate, Observation
from discovery.kubernetes.members import Members
from discovery.kubernetes.payload import Identity, Meta, Objects, Pod, Workload
from discovery.kubernetes.view import View

NAMED = 0.9
"""Confidence where an address with a scheme or port names a service."""
WORD = 0.7
"""Confidence where a bare word does, in a variable whose name says that it is a host."""


def workload_observations(
    objects: Objects, members: Members, view: View, cluster_key: str
) -> Iterator[Observation]:
    """The workloads with all they need, and their pods where those are asked for."""
    nodes = {node.meta.name for node in objects.nodes}
    for identity, workload in members.workloads.items():
        yield _workload(identity, workload, members, view)
        yield from _needs(identity, workload, view)
        if view.pods:
            for pod in members.pods(identity):
                yield from _pod(pod, nodes, view)
                yield view.observer.link("MEMBER_OF", view.key(pod_of(pod)), view.key(identity))
        else:
            yield from _places(identity, members, nodes, view)
        if cluster_key:
            yield from _managed(identity, members, view, cluster_key)
    for pod in members.alone:
        yield from _pod(pod, nodes, view)


def _workload(identity: Identity, workload: Workload, members: Members, view: View) -> Observation:
    return view.item(
        "KubernetesWorkload",
        identity,
        workload.meta,
        {
            "namespace": identity.namespace,
            "workload_kind": identity.kind,
            "replicas": workload.replicas,
            "images": list(workload.pod.images) or None,
            "min_up": str(members.needed(identity)),
        },
    )


def _places(
    identity: Identity, members: Members, nodes: set[str], view: View
) -> Iterator[Observation]:
    """Which nodes its pods are on: one gate, in which a node weighs as many pods as it has."""
    counts = Counter(pod.node for pod in members.serving(identity) if pod.node in nodes)
    needed = min(members.needed(identity), counts.total())
    for node, pods in sorted(counts.items()):
        yield view.observer.link(
            "RUNS_ON",
            view.key(identity),
            view.key(Identity("Node", "", node)),
            gate=Gate("pods", needed),
            weight=pods,
            evidence=f"pods of {identity.kind} {identity.name} are on {node}",
        )


def _managed(
    identity: Identity, members: Members, view: View, cluster_key: str
) -> Iterator[Observation]:
    """On the cluster as such: what runs goes on without it, what is yet to start does not."""
    running = bool(members.pods(identity))
    yield view.observer.link(
        "DEPENDS_ON",
        view.key(identity),
        cluster_key,
        strength="soft" if running else "hard",
        evidence="the cluster starts its pods anew" if running else "the cluster starts its pods",
    )


def _needs(identity: Identity, workload: Workload, view: View) -> Iterator[Observation]:
    """Configuration by name, and the services and hosts that its settings name."""
    key, pod = view.key(identity), workload.pod
    for reference in pod.configuration:
        to = reference.to
        yield view.item(
            "ConfigurationSource",
            to,
            Meta(to.name, to.namespace),
            {"namespace": to.namespace, "source_type": to.kind},
        )
        yield view.observer.link(
            "DEPENDS_ON",
            key,
            view.key(to),
            # Pods that run have read it; those that start need it.
            strength="soft",
            evidence=f"{reference.by} of {identity.name} reads {to.kind} {to.name}",
        )
    for reference in pod.services:
        yield view.observer.link(
            "DEPENDS_ON",
            key,
            view.key(reference.to),
            confidence=NAMED if reference.certain else WORD,
            evidence=f"{reference.by} of {identity.name} names Service {reference.to.name}",
        )
    for host in pod.hosts:
        yield view.observer.link(
            "DEPENDS_ON",
            key,
            f"fqdn:{host.name}",
            confidence=WORD,
            evidence=f"{host.by} of {identity.name} names {host.name}",
        )


def pod_of(pod: Pod) -> Identity:
    """A pod's identity."""
    return Identity("Pod", pod.meta.namespace, pod.meta.name)


def _pod(pod: Pod, nodes: set[str], view: View) -> Iterator[Observation]:
    images = pod.spec.images
    yield view.item(
        "Container",
        pod_of(pod),
        pod.meta,
        {"image": images[0] if images else None, "runtime": pod.runtime},
        # The other containers of a pod are not the pod.
        [f"container:{i}" for i in pod.containers[:1] if len(pod.containers) == 1],
    )
    if pod.node in nodes:
        yield view.observer.link(
            "RUNS_ON", view.key(pod_of(pod)), view.key(Identity("Node", "", pod.node))
        )
