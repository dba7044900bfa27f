"""Which pods belong to which workload, and how many of them must serve."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from discovery.kubernetes.payload import (
    Budget,
    Identity,
    Meta,
    Objects,
    Pod,
    PodSpec,
    Selector,
    Workload,
)
from discovery.kubernetes.selectors import selects

_PASSING = frozenset({"ReplicaSet", "Job", "ReplicationController"})
"""What others make for each release or run of theirs: its name does not last."""


class Members:
    """The workloads that are items, and the pods of each.

    ``workloads`` are those that nothing known manages, by identity. ``of`` leads from a pod's
    namespace and name to its workload. ``alone`` are pods without one.
    """

    def __init__(self, objects: Objects) -> None:
        self._all = {
            Identity(w.kind, w.meta.namespace, w.meta.name): w
            for w in objects.workloads
            if not w.done
        }
        self._budgets = objects.budgets
        self.workloads: dict[Identity, Workload] = {}
        self.of: dict[tuple[str, str], Identity] = {}
        self.alone: list[Pod] = []
        self._pods: dict[Identity, list[Pod]] = defaultdict(list)
        for identity, workload in self._all.items():
            top = self._top(identity)
            if top == identity:
                self.workloads[identity] = workload
        for pod in objects.pods:
            if not pod.done:
                self._place(pod)

    def _place(self, pod: Pod) -> None:
        controller = pod.meta.controller
        if controller is None or controller.kind == "Node":
            self.alone.append(pod)
            return
        top = self._top(controller)
        # What makes pods and is no kind that is read, or could not be read: known by its pods.
        if top not in self.workloads:
            meta = Meta(top.name, top.namespace, owners=pod.meta.owners)
            self.workloads[top] = Workload(top.kind, meta, pod.spec)
        self._pods[top].append(pod)
        self.of[pod.meta.namespace, pod.meta.name] = top

    def _top(self, start: Identity) -> Identity:
        """The outermost workload that manages an object: the Deployment of a ReplicaSet."""
        at, seen = start, {start}
        while True:
            found = self._all.get(at)
            above = found.meta.controller if found else self._guessed(at)
            if above is None or above in seen:
                return at
            if above not in self._all and at.kind not in _PASSING:
                return at
            seen.add(above)
            at = above

    def _guessed(self, at: Identity) -> Identity | None:
        """The Deployment of a ReplicaSet that could not be read, by its name."""
        likely = Identity("Deployment", at.namespace, at.name.rpartition("-")[0])
        return likely if at.kind == "ReplicaSet" and likely in self._all else None

    def pods(self, of: Identity) -> list[Pod]:
        """The pods of a workload that have not ended."""
        return self._pods.get(of, [])

    def serving(self, of: Identity) -> list[Pod]:
        """Its pods that are ready; where none is, all that have a node."""
        placed = [pod for pod in self.pods(of) if pod.node]
        return [pod for pod in placed if pod.ready] or placed

    def selected(self, namespace: str, selector: Selector) -> list[Identity]:
        """The workloads whose pods a selector means."""
        return [
            identity
            for identity, workload in self.workloads.items()
            if identity.namespace == namespace and selects(selector, labels_of(workload.pod))
        ]

    def needed(self, of: Identity) -> int:
        """How many pods of a workload must serve: what a disruption budget keeps, or one."""
        workload = self.workloads[of]
        total = workload.replicas or len(self.pods(of))
        asked = [
            _kept(budget, total)
            for budget in self._budgets
            if budget.meta.namespace == of.namespace
            and selects(budget.selector, labels_of(workload.pod))
        ]
        return max(1, min(max(asked, default=1), total))


def labels_of(pod: PodSpec) -> Mapping[str, str]:
    """The labels that a workload's pods have."""
    return pod.labels


def _kept(budget: Budget, total: int) -> int:
    if budget.min_available:
        return _share(budget.min_available, total)
    if budget.max_unavailable:
        return total - _share(budget.max_unavailable, total)
    return 1


def _share(written: str, total: int) -> int:
    """A number or percentage of pods; the cluster rounds percentages up."""
    share = written.removesuffix("%")
    if not share.isdigit():
        return 1
    return math.ceil(int(share) * total / 100) if written.endswith("%") else int(share)
