"""What is kept of a cluster's objects. No value of an environment variable, no annotation but those
that name an owner, and no contents of a ConfigMap or Secret: a recording has no secret in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object by its kind, namespace (empty where it has none) and name."""

    kind: str
    namespace: str
    name: str


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every object has; ``controller`` is the object that manages it. ``owners`` are the teams
    that its labels and annotations name, the first setting's first."""

    name: str
    namespace: str = ""
    labels: dict[str, str] = {}
    controller: Identity | None = None
    owners: tuple[str, ...] = ()


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where something else is named: by an environment variable, an argument or a volume.

    ``certain`` is False where a bare word was taken for a name.
    """

    to: Identity
    by: str
    certain: bool = True


class OuterHost(msgspec.Struct, frozen=True, omit_defaults=True):
    """A host outside of the cluster that an environment variable names."""

    name: str
    by: str


class PodSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """What pods are made of. ``claim_templates`` are those of a StatefulSet."""

    labels: dict[str, str] = {}
    images: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    claim_templates: tuple[str, ...] = ()
    configuration: tuple[Reference, ...] = ()
    services: tuple[Reference, ...] = ()
    hosts: tuple[OuterHost, ...] = ()


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """A machine of the cluster; ``addresses`` are pairs of a type and a value."""

    meta: Meta
    provider_id: str = ""
    machine_id: str = ""
    system_uuid: str = ""
    addresses: tuple[tuple[str, str], ...] = ()
    operating_system: str = ""
    kernel: str = ""
    architecture: str = ""
    cpu_count: int | None = None
    memory: int | None = None


class Workload(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Deployment, StatefulSet or whatever else makes pods. ``done`` says that it has ended."""

    kind: str
    meta: Meta
    pod: PodSpec = PodSpec()
    replicas: int | None = None
    done: bool = False


class Pod(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pod; ``containers`` are the runtime's ids, ``done`` says that it has ended."""

    meta: Meta
    spec: PodSpec = PodSpec()
    node: str = ""
    ready: bool = False
    done: bool = False
    containers: tuple[str, ...] = ()
    runtime: str = ""


class Selector(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which labels are meant; ``expressions`` are key, operator and values."""

    labels: dict[str, str] = {}
    expressions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Service; ``balancers`` are the hosts and addresses of load balancers outside."""

    meta: Meta
    type: str = "ClusterIP"
    selector: Selector | None = None
    external_name: str = ""
    balancers: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()


class Endpoints(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is behind the Service of that namespace and name: pods, and addresses of none."""

    namespace: str
    service: str
    ready: tuple[str, ...] = ()
    not_ready: tuple[str, ...] = ()
    outside: tuple[tuple[str, int, str], ...] = ()


class Budget(msgspec.Struct, frozen=True, omit_defaults=True):
    """A PodDisruptionBudget, its numbers as they are written: ``2`` or ``50%``."""

    meta: Meta
    selector: Selector
    min_available: str = ""
    max_unavailable: str = ""


class Backend(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a route leads to. ``rule`` tells the rules of a route apart; ``root`` says that all
    calls go there which no other rule takes."""

    to: Identity
    rule: int = 0
    root: bool = False
    weight: int = 1


class Route(msgspec.Struct, frozen=True, omit_defaults=True):
    """An Ingress, a Gateway, or a route of the Gateway API."""

    kind: str
    meta: Meta
    hosts: tuple[str, ...] = ()
    backends: tuple[Backend, ...] = ()
    parents: tuple[Identity, ...] = ()
    secrets: tuple[Identity, ...] = ()
    balancers: tuple[str, ...] = ()


class Volume(msgspec.Struct, frozen=True, omit_defaults=True):
    """A PersistentVolume; ``handle`` is the storage's own id, ``server`` whose export it is."""

    meta: Meta
    capacity: int | None = None
    driver: str = ""
    handle: str = ""
    server: str = ""
    claim: Identity | None = None
    nodes: tuple[str, ...] = ()


class Claim(msgspec.Struct, frozen=True, omit_defaults=True):
    """A PersistentVolumeClaim, and the name of the volume it is bound to."""

    meta: Meta
    volume: str = ""
    capacity: int | None = None


class Space(msgspec.Struct, frozen=True, omit_defaults=True):
    """A namespace."""

    meta: Meta


Thing = Node | Workload | Pod | Service | Endpoints | Budget | Route | Volume | Claim | Space


class Objects(msgspec.Struct, frozen=True, omit_defaults=True):
    """All objects of a cluster, or of a folder of manifests."""

    spaces: tuple[Space, ...] = ()
    nodes: tuple[Node, ...] = ()
    workloads: tuple[Workload, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoints, ...] = ()
    budgets: tuple[Budget, ...] = ()
    routes: tuple[Route, ...] = ()
    volumes: tuple[Volume, ...] = ()
    claims: tuple[Claim, ...] = ()


class KubernetesPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """A cluster: ``uid`` is that of its namespace kube-system, ``name`` what the kubeconfig calls
    it, ``version`` that of its API server."""

    scope: str
    uid: str
    name: str
    version: str
    objects: Objects
    full: bool = True


Kept = TypeVar("Kept")


def gathered(things: Iterable[Thing]) -> Objects:
    """The things by what they are."""
    every = tuple(things)

    def of(kind: type[Kept]) -> tuple[Kept, ...]:
        return tuple(thing for thing in every if isinstance(thing, kind))

    return Objects(
        spaces=of(Space),
        nodes=of(Node),
        workloads=of(Workload),
        pods=of(Pod),
        services=of(Service),
        endpoints=of(Endpoints),
        budgets=of(Budget),
        routes=of(Route),
        volumes=of(Volume),
        claims=of(Claim),
    )
