"""From objects, as the API answers them and manifests have them, to what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from discovery.kubernetes.payload import (
    Budget,
    Claim,
    Endpoints,
    Identity,
    Meta,
    Node,
    Pod,
    Selector,
    Service,
    Space,
    Thing,
    Volume,
    Workload,
)
from discovery.kubernetes.pods import pod_spec
from discovery.kubernetes.reading_routes import (
    balancers_of,
    read_gateway,
    read_ingress,
    read_route,
)
from discovery.references import Known
from discovery.tree import (
    labels_of,
    number,
    quantity,
    table,
    tables,
    text,
    texts,
)

Object = Mapping[str, Any]
NOISE = frozenset({"pod-template-hash", "controller-revision-hash", "helm.sh/chart"})
"""Labels that change with every release."""


class Reader:
    """Reads objects. ``known`` are all services: only they are found in environment variables.

    ``owner_labels`` are the labels and annotations whose values name the team that answers.
    ``namespace`` is that of objects that name none, as manifests may.
    """

    def __init__(self, owner_labels: Sequence[str], known: Known, namespace: str = "") -> None:
        self._owner_labels = owner_labels
        self._known = known
        self._namespace = namespace

    def read(self, found: Object, kind: str) -> Thing | None:
        """What is kept of an object; None of one that has no name or no meaning here."""
        make = _MAKERS.get(kind)
        meta = self.meta(found, kind)
        return make(self, found, meta) if make and meta.name else None

    def meta(self, found: Object, kind: str) -> Meta:
        """The name of an object, and who answers for it."""
        held = table(found, "metadata")
        marks = {**labels_of(held, "annotations"), **labels_of(held, "labels")}
        space = text(held, "namespace") or ("" if kind in CLUSTER_WIDE else self._namespace)
        owners = tables(held, "ownerReferences")
        controller = next((o for o in owners if o.get("controller") is True), None)
        manager = None
        if controller is not None:
            of = text(controller, "kind")
            manager = Identity(of, "" if of == "Node" else space, text(controller, "name"))
        return Meta(
            name=text(held, "name"),
            namespace=space,
            labels={k: v for k, v in labels_of(held, "labels").items() if k not in NOISE},
            controller=manager,
            owners=tuple(dict.fromkeys(marks[k] for k in self._owner_labels if marks.get(k))),
        )

    def workload(self, found: Object, meta: Meta, kind: str) -> Workload:
        spec = table(found, "spec")
        template = table(spec, "jobTemplate", "spec", "template") or table(spec, "template")
        replicas = number(spec, "replicas")
        if replicas is None and kind in ("Deployment", "StatefulSet", "ReplicaSet"):
            replicas = 1
        status = table(found, "status")
        return Workload(
            kind=kind,
            meta=meta,
            pod=pod_spec(
                template,
                meta.namespace,
                self._known,
                tuple(text(t, "metadata", "name") for t in tables(spec, "volumeClaimTemplates")),
            ),
            replicas=replicas,
            done=kind == "Job" and bool(_ended(status)),
        )

    def pod(self, found: Object, meta: Meta) -> Pod:
        status = table(found, "status")
        ids = [text(s, "containerID") for s in tables(status, "containerStatuses")]
        return Pod(
            meta=meta,
            spec=pod_spec(found, meta.namespace, self._known),
            node=text(found, "spec", "nodeName"),
            ready=_condition(status, "Ready"),
            done=text(status, "phase") in ("Succeeded", "Failed"),
            containers=tuple(i.partition("://")[2] for i in ids if "://" in i),
            runtime=next((i.partition("://")[0] for i in ids if "://" in i), ""),
        )


def _ended(status: Object) -> bool:
    return _condition(status, "Complete") or _condition(status, "Failed")


def _condition(status: Object, kind: str) -> bool:
    return any(
        text(c, "type") == kind and text(c, "status") == "True"
        for c in tables(status, "conditions")
    )


def _node(_: Reader, found: Object, meta: Meta) -> Node:
    info = table(found, "status", "nodeInfo")
    capacity = table(found, "status", "capacity")
    return Node(
        meta=meta,
        provider_id=text(found, "spec", "providerID"),
        machine_id=text(info, "machineID"),
        system_uuid=text(info, "systemUUID"),
        addresses=tuple(
            (text(a, "type"), text(a, "address")) for a in tables(found, "status", "addresses")
        ),
        operating_system=text(info, "osImage"),
        kernel=text(info, "kernelVersion"),
        architecture=text(info, "architecture"),
        cpu_count=quantity(text(capacity, "cpu")),
        memory=quantity(text(capacity, "memory")),
    )


def _service(_: Reader, found: Object, meta: Meta) -> Service:
    spec = table(found, "spec")
    selector = labels_of(spec, "selector")
    return Service(
        meta=meta,
        type=text(spec, "type") or "ClusterIP",
        selector=Selector(selector) if selector else None,
        external_name=text(spec, "externalName"),
        balancers=balancers_of(found),
        ports=tuple(
            f"{(text(p, 'protocol') or 'TCP').lower()}/{text(p, 'port')}"
            for p in tables(spec, "ports")
        ),
    )


def _endpoints(_: Reader, found: Object, meta: Meta) -> Endpoints:
    seen = _Seen()
    for subset in tables(found, "subsets"):
        ports = list(tables(subset, "ports"))
        for address in tables(subset, "addresses"):
            seen.add(text(address, "ip"), address.get("targetRef"), True, ports)
        for address in tables(subset, "notReadyAddresses"):
            seen.add(text(address, "ip"), address.get("targetRef"), False, ports)
    return seen.endpoints(meta.namespace, meta.name)


def _slice(_: Reader, found: Object, meta: Meta) -> Endpoints:
    seen = _Seen()
    ports = list(tables(found, "ports"))
    for endpoint in tables(found, "endpoints"):
        # A source that does not know whether it is ready says nothing, which counts as yes.
        ready = table(endpoint, "conditions").get("ready") is not False
        for address in texts(endpoint, "addresses"):
            seen.add(address, endpoint.get("targetRef"), ready, ports)
    service = meta.labels.get("kubernetes.io/service-name", "")
    return seen.endpoints(meta.namespace, service)


class _Seen:
    """Addresses behind a service, sorted into pods and others."""

    def __init__(self) -> None:
        self._ready: dict[str, None] = {}
        self._not_ready: dict[str, None] = {}
        self._outside: dict[tuple[str, int, str], None] = {}

    def add(self, address: str, target: object, ready: bool, ports: list[Object]) -> None:
        if text(target, "kind") == "Pod":
            (self._ready if ready else self._not_ready)[text(target, "name")] = None
            return
        for port in ports:
            at = number(port, "port")
            if at and address:
                protocol = (text(port, "protocol") or "TCP").lower()
                self._outside[address, at, protocol] = None

    def endpoints(self, namespace: str, service: str) -> Endpoints:
        return Endpoints(
            namespace,
            service,
            tuple(sorted(self._ready)),
            tuple(sorted(self._not_ready)),
            tuple(sorted(self._outside)),
        )


def _budget(_: Reader, found: Object, meta: Meta) -> Budget:
    spec = table(found, "spec")
    return Budget(
        meta=meta,
        selector=_selector(table(spec, "selector")),
        min_available=text(spec, "minAvailable"),
        max_unavailable=text(spec, "maxUnavailable"),
    )


def _selector(found: Object) -> Selector:
    return Selector(
        labels_of(found, "matchLabels"),
        tuple(
            (text(e, "key"), text(e, "operator"), texts(e, "values"))
            for e in tables(found, "matchExpressions")
        ),
    )


def _volume(_: Reader, found: Object, meta: Meta) -> Volume:
    spec = table(found, "spec")
    driver, handle, server = _storage(spec)
    claim = table(spec, "claimRef")
    names = [
        value
        for term in tables(spec, "nodeAffinity", "required", "nodeSelectorTerms")
        for e in tables(term, "matchExpressions")
        if text(e, "key") == "kubernetes.io/hostname" and text(e, "operator") == "In"
        for value in texts(e, "values")
    ]
    return Volume(
        meta=meta,
        capacity=quantity(text(spec, "capacity", "storage")),
        driver=driver,
        handle=handle,
        server=server,
        claim=Identity("PersistentVolumeClaim", text(claim, "namespace"), text(claim, "name"))
        if claim
        else None,
        nodes=tuple(names),
    )


def _storage(spec: Object) -> tuple[str, str, str]:
    """The driver of a volume, its own id there, and the server that exports it."""
    if csi := table(spec, "csi"):
        return (
            text(csi, "driver"),
            text(csi, "volumeHandle"),
            text(csi, "volumeAttributes", "server"),
        )
    if disk := table(spec, "awsElasticBlockStore"):
        return "aws-ebs", text(disk, "volumeID").rpartition("/")[2], ""
    if disk := table(spec, "azureDisk"):
        return "azure-disk", text(disk, "diskURI"), ""
    if share := table(spec, "nfs"):
        return "nfs", "", text(share, "server")
    kinds = ("local", "hostPath", "gcePersistentDisk", "cinder", "iscsi", "rbd", "cephfs")
    return next((k for k in kinds if k in spec), ""), "", ""


def _claim(_: Reader, found: Object, meta: Meta) -> Claim:
    asked = text(found, "status", "capacity", "storage") or text(
        found, "spec", "resources", "requests", "storage"
    )
    return Claim(meta, text(found, "spec", "volumeName"), quantity(asked))


_Maker = Callable[[Reader, Object, Meta], Thing]


def _workload_of(kind: str) -> _Maker:
    return lambda reader, found, meta: reader.workload(found, meta, kind)


def _route_of(kind: str) -> _Maker:
    return lambda _, found, meta: read_route(found, meta, kind)


WORKLOADS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
)
ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
CLUSTER_WIDE = frozenset({"Namespace", "Node", "PersistentVolume"})

_MAKERS: dict[str, _Maker] = {
    "Namespace": lambda _, __, meta: Space(meta),
    "Node": _node,
    "Pod": lambda reader, found, meta: reader.pod(found, meta),
    "Service": _service,
    "Endpoints": _endpoints,
    "EndpointSlice": _slice,
    "PodDisruptionBudget": _budget,
    "Ingress": lambda _, found, meta: read_ingress(found, meta),
    "Gateway": lambda _, found, meta: read_gateway(found, meta),
    "PersistentVolume": _volume,
    "PersistentVolumeClaim": _claim,
    **{kind: _workload_of(kind) for kind in WORKLOADS},
    **{kind: _route_of(kind) for kind in ROUTES},
}
