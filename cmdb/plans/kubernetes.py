"""Kubernetes manifests, as ``kubectl apply`` takes them: what it does to what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cmdb.errors import InvalidInput
from cmdb.plans.plan import Effect, KubernetesObject, Plan, PlannedResource

DEFAULT_NAMESPACE = "default"
NO_NAMESPACE = "_"
SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"})


def kubernetes_plan(documents: Iterable[Mapping[str, Any]], name: str) -> Plan:
    """What applying the manifests does, where every object is already there.

    An apply edits what is there: nothing is deleted. Two edits take a workload down: to scale it to
    no replicas counts as a deletion, and a Deployment with the strategy Recreate is replaced, since
    all its pods go before the first new one comes. An object that is not there is created; that
    only the store knows. Raises :class:`~cmdb.errors.InvalidInput` for an object without a name.
    """
    resources = tuple(_resource(found, name) for found in objects_in(documents))
    return Plan("kubernetes", "", resources)


def objects_in(documents: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The objects, those of lists one by one."""
    for document in documents:
        items = document.get("items")
        if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
            yield from (item for item in items if isinstance(item, dict))
        else:
            yield document


def _resource(document: Mapping[str, Any], name: str) -> PlannedResource:
    kind, metadata = str(document.get("kind") or ""), document.get("metadata")
    called = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(called, str) or not called:
        raise InvalidInput(
            f"{name}: a {kind or 'manifest'} has no metadata.name; what it means is not known "
            "before it is applied."
        )
    space = metadata.get("namespace")
    spaces = (space,) if isinstance(space, str) and space else (DEFAULT_NAMESPACE, NO_NAMESPACE)
    shown = f"{space}/{kind}/{called}" if space else f"{kind}/{called}"
    effect, reason = _effect(kind, document.get("spec"))
    return PlannedResource(
        address=shown,
        type=kind,
        effect=effect,
        objects=tuple(KubernetesObject(str(s), kind, called) for s in spaces),
        names=(called,),
        reason=reason,
    )


def _effect(kind: str, spec: object) -> tuple[Effect, str]:
    if kind in SCALED and isinstance(spec, dict):
        if spec.get("replicas") == 0:
            return "delete", "scaled to no replicas"
        strategy = spec.get("strategy")
        if isinstance(strategy, dict) and strategy.get("type") == "Recreate":
            return "replace", "its strategy is Recreate: all its pods go before new ones come"
    return "update", ""
