"""Databases, Kubernetes, load balancers, pools, queues and cloud resources of the demo estate."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from cmdb.demo.cast import CLOUD_RESOURCES, DATABASE_SERVERS, QUEUES, SERVICES, Service
from cmdb.demo.compute import cluster, shared_connections, volume
from cmdb.demo.facility import feed, location, wan_circuits
from cmdb.demo.layout import Bay, DbInstance, Rack, Vm, endpoint, fqdn
from cmdb.demo.sources import Sources
from cmdb.items import Gate, ItemObservation, LinkObservation

GIB = 2**30
POOLED = tuple(s for s in SERVICES if s.runs != "k8s")
DEPLOYED = tuple(s for s in SERVICES if s.runs == "k8s")
_REPLICATION = Gate("replication", 1)


def database(bay: Bay, server: str, name: str) -> str:
    """The identifier of a database of the bay."""
    return f"name:Database/{name}{bay.tag} on {server}{bay.tag}"


def database_of(bay: Bay, name: str, environment: str) -> str:
    """The identifier of the database of that name in an environment."""
    server = next(
        s.name for s in DATABASE_SERVERS if s.environment == environment and name in s.databases
    )
    return database(bay, server, name)


def queue(bay: Bay, name: str) -> str:
    """The identifier of a message queue of the bay."""
    return f"name:MessageQueue/{name}{bay.tag}"


def cloud(bay: Bay, name: str) -> str:
    """The identifier of a cloud resource of the bay."""
    return f"cloud:arn:aws:shop:eu-central-1:000000000000:{name}{bay.tag}"


def virtual_server(bay: Bay, service: str) -> str:
    """The identifier of the virtual server that a pooled service is called through."""
    return f"name:LoadBalancer/vip-{service}{bay.tag}"


def cluster_uid(bay: Bay, environment: str) -> str:
    """The uid of the bay's Kubernetes cluster of an environment."""
    u = bay.unique(f"k8s {environment}")
    return f"{u[:8]}-{u[8:12]}-4{u[13:16]}-9{u[17:20]}-{u[20:]}"


def workload(bay: Bay, service: str, environment: str) -> str:
    """The identifier of the Deployment behind a service."""
    return f"k8s:{cluster_uid(bay, environment)}/{service}/Deployment/{service}"


def software(vm: Vm) -> str:
    """The identifier of what a virtual machine runs."""
    return endpoint(vm.address, vm.port)


def bay_items(bay: Bay, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    """Databases, clusters, workloads, pods, pools, load balancers and queues of a bay."""
    for instance in bay.instances:
        yield from _instance_items(bay, instance, sources, rng)
    for environment in ("production", "staging"):
        yield from _kubernetes_items(bay, environment, sources, rng)
    yield from _balancer_items(bay, sources, rng)
    yield from _cluster_items(bay, sources)
    for name, resource, description in CLOUD_RESOURCES:
        yield sources.catalogue.item(
            "CloudResource",
            f"cloud/{name}{bay.tag}",
            (cloud(bay, name),),
            {
                "name": f"{name}{bay.tag}",
                "description": description,
                "provider": "aws",
                "resource_type": resource,
                "region": "eu-central-1",
                "account": "000000000000",
            },
        )


def bay_links(bay: Bay, sources: Sources) -> Iterator[LinkObservation]:
    """What the bay's databases, workloads, pools and queues rest on."""
    for instance in bay.instances:
        yield from _instance_links(bay, instance, sources)
    for environment in ("production", "staging"):
        yield from _kubernetes_links(bay, environment, sources)
    yield from _balancer_links(bay, sources)
    for purpose in ("session-cache", "mq"):
        for vm in bay.vms_of[purpose, "production"]:
            yield sources.catalogue.link("MEMBER_OF", software(vm), cluster(f"{purpose}{bay.tag}"))
    for name in QUEUES:
        yield sources.catalogue.link("HOSTED_ON", queue(bay, name), cluster(f"mq{bay.tag}"))
        yield sources.catalogue.link("OWNED_BY", queue(bay, name), f"name:Team/Platform{bay.tag}")


def _instance_items(
    bay: Bay, instance: DbInstance, sources: Sources, rng: Random
) -> Iterator[ItemObservation]:
    server = instance.server
    single = len(server.places) == 1
    yield sources.monitoring.item(
        "DatabaseInstance",
        f"software/{instance.name}",
        (instance.endpoint,),
        {
            "name": instance.name,
            "product": server.engine,
            "engine": server.engine,
            "version": server.version,
            "port": server.port,
            "ports": [f"tcp/{server.port}"],
            "role": "single" if single else "standby" if instance.rank else "primary",
        },
    )
    if instance.rank == 0:
        for name in server.databases:
            yield sources.catalogue.item(
                "Database",
                f"database/{name}{bay.tag}@{server.name}",
                (database(bay, server.name, name),),
                {
                    "name": f"{name}{bay.tag} on {server.name}{bay.tag}",
                    "engine": server.engine,
                    "size": rng.randrange(2, 900) * GIB,
                },
            )


def _instance_links(bay: Bay, instance: DbInstance, sources: Sources) -> Iterator[LinkObservation]:
    monitoring, catalogue = sources.monitoring, sources.catalogue
    server = instance.server
    yield monitoring.link("RUNS_ON", instance.endpoint, fqdn(instance.host), evidence="agent")
    if not server.virtual:
        disk = volume(bay, f"{instance.host}-data")
        yield monitoring.link("ATTACHES_TO", instance.endpoint, disk, evidence="agent")
    yield catalogue.link("OWNED_BY", instance.endpoint, f"name:Team/Databases{bay.tag}")
    if instance.rank == 0:
        for name in server.databases:
            key = database(bay, server.name, name)
            yield catalogue.link("HOSTED_ON", key, instance.endpoint)
            yield catalogue.link("OWNED_BY", key, f"name:Team/Databases{bay.tag}")
        return
    before = next(i for i in bay.instances if i.server is server and i.rank == instance.rank - 1)
    yield monitoring.link(
        "FAILS_OVER_TO",
        before.endpoint,
        instance.endpoint,
        confidence=0.97,
        evidence=f"replication state of {before.name}",
    )
    if not server.virtual:
        for circuit in wan_circuits(bay.region):
            yield monitoring.link(
                "DEPENDS_ON",
                instance.endpoint,
                f"name:NetworkLink/{circuit}",
                soft=True,
                gate=_REPLICATION,
            )


def pods_of(bay: Bay, service: Service, environment: str) -> Iterator[tuple[str, str, Vm]]:
    """Name, identifier and node of each pod of a deployed service.

    The two pods of ``recommendations`` share a node: another redundancy that is none.
    """
    nodes = bay.vms_of["kube-node", environment]
    size = service.size if environment == "production" else 1
    if service.name == "media" and environment == "production":
        size += bay.extra % 3
    offset = DEPLOYED.index(service)
    uid = cluster_uid(bay, environment)
    for i in range(size):
        node = nodes[(offset if service.name == "recommendations" else offset + i) % len(nodes)]
        name = f"{service.name}-{bay.unique(f'{environment}/{service.name}/{i}')[:10]}"
        yield name, f"k8s:{uid}/{service.name}/Pod/{name}", node


def _kubernetes_name(bay: Bay, environment: str) -> str:
    return f"k8s-{'prod' if environment == 'production' else 'staging'}{bay.tag}"


def deployed(environment: str) -> Iterator[Service]:
    """The services that run on Kubernetes in an environment."""
    return (s for s in DEPLOYED if environment == "production" or s.staging)


def _kubernetes_items(
    bay: Bay, environment: str, sources: Sources, rng: Random
) -> Iterator[ItemObservation]:
    kubernetes = sources.kubernetes
    uid, name = cluster_uid(bay, environment), _kubernetes_name(bay, environment)
    yield kubernetes.item(
        "KubernetesCluster",
        f"cluster/{uid}",
        (f"k8s:{uid}/_/Cluster/{name}", f"name:KubernetesCluster/{name}"),
        {"name": name, "technology": "Kubernetes", "version": "1.29.5", "min_up": "50%"},
    )
    for node in bay.vms_of["kube-node", environment]:
        yield kubernetes.item(
            "VirtualMachine",
            f"{uid}/node/{node.name}",
            (f"machine-id:{bay.unique('machine ' + node.name)}", fqdn(node.name)),
            {
                "name": node.name,
                "operating_system": "Debian GNU/Linux 12 (bookworm)",
                "kernel": "6.1.0-21-amd64",
                "labels": ["node-role.kubernetes.io/worker"],
            },
        )
    for service in deployed(environment):
        replicas = service.size if environment == "production" else 1
        yield kubernetes.item(
            "KubernetesWorkload",
            f"{uid}/{service.name}",
            (workload(bay, service.name, environment),),
            {
                "name": f"{service.name}{bay.tag} ({environment})",
                "namespace": service.name,
                "workload_kind": "Deployment",
                "replicas": replicas,
                "min_up": str(min(service.min_up, replicas)),
                "labels": [f"app={service.name}"],
            },
        )
        image = f"registry.example.org/{service.name}:{rng.randrange(2, 9)}.{rng.randrange(30)}.0"
        for pod, key, _ in pods_of(bay, service, environment):
            yield kubernetes.item(
                "Container",
                f"{uid}/{service.name}/{pod}",
                (key,),
                {"name": pod, "image": image, "runtime": "containerd"},
            )


def _kubernetes_links(bay: Bay, environment: str, sources: Sources) -> Iterator[LinkObservation]:
    kubernetes = sources.kubernetes
    name = f"name:KubernetesCluster/{_kubernetes_name(bay, environment)}"
    for node in bay.vms_of["kube-node", environment]:
        yield kubernetes.link("MEMBER_OF", fqdn(node.name), name)
    if environment == "production":
        control_plane = Gate("control plane", 2)
        for node in bay.vms_of["kube-cp", environment]:
            yield kubernetes.link(
                "DEPENDS_ON", name, fqdn(node.name), soft=True, gate=control_plane
            )
    for service in deployed(environment):
        deployment = workload(bay, service.name, environment)
        yield kubernetes.link("RUNS_ON", deployment, name)
        yield kubernetes.link("OWNED_BY", deployment, f"name:Team/{service.team}{bay.tag}")
        for _, pod, node in pods_of(bay, service, environment):
            yield kubernetes.link("RUNS_ON", pod, fqdn(node.name))
            yield kubernetes.link("MEMBER_OF", pod, deployment)
            yield kubernetes.link("OWNED_BY", pod, f"name:Team/{service.team}{bay.tag}")
            evidence = f"flow log of {node.name}"
            yield from shared_connections(bay, pod, sources.monitoring, evidence)


def balancers(bay: Bay) -> Iterator[tuple[str, Rack]]:
    """The two load balancers of a bay, one in each data centre, and the racks they stand in."""
    for side, site in enumerate(bay.data_centres):
        yield f"{site}-lb{bay.place + 1}", bay.racks[side * 4]


def _balancer_items(bay: Bay, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    for name, _ in balancers(bay):
        yield sources.netbox.item(
            "LoadBalancer",
            f"device/{name}",
            (f"serial:LB{rng.getrandbits(40):010X}", fqdn(name), f"name:LoadBalancer/{name}"),
            {"name": name, "product": "haproxy", "version": "2.8.9"},
        )
    for service in POOLED:
        yield sources.catalogue.item(
            "LoadBalancer",
            f"vip/{service.name}{bay.tag}",
            (virtual_server(bay, service.name),),
            {
                "name": f"vip-{service.name}{bay.tag}",
                "description": f"The virtual server that {service.name} is called through.",
                "product": "haproxy",
            },
        )
        yield sources.catalogue.item(
            "Cluster",
            f"pool/{service.name}{bay.tag}",
            (cluster(f"pool-{service.name}{bay.tag}"),),
            {
                "name": f"pool-{service.name}{bay.tag}",
                "technology": service.runs,
                "min_up": str(service.min_up),
            },
        )


def _balancer_links(bay: Bay, sources: Sources) -> Iterator[LinkObservation]:
    netbox, catalogue = sources.netbox, sources.catalogue
    pair = cluster(f"lb-pair{bay.tag}")
    for name, rack in balancers(bay):
        key = f"name:LoadBalancer/{name}"
        yield netbox.link("LOCATED_IN", key, location(rack.name))
        for supply in rack.feeds:
            yield netbox.link("POWERED_BY", key, feed(supply))
        for switch in rack.switches:
            yield sources.monitoring.link("LINKED_TO", key, fqdn(switch), confidence=0.95)
        yield netbox.link("MEMBER_OF", key, pair)
        yield netbox.link("OWNED_BY", key, f"name:Team/Network{bay.tag}")
    for service in POOLED:
        pool = cluster(f"pool-{service.name}{bay.tag}")
        yield catalogue.link("ROUTES_TO", virtual_server(bay, service.name), pool)
        yield catalogue.link("DEPENDS_ON", virtual_server(bay, service.name), pair)
        for vm in bay.vms_of[service.name, "production"]:
            yield catalogue.link("MEMBER_OF", software(vm), pool)


def _cluster_items(bay: Bay, sources: Sources) -> Iterator[ItemObservation]:
    for name, technology, min_up in (
        ("lb-pair", "keepalived", "1"),
        ("session-cache", "redis", "1"),
        ("mq", "rabbitmq", "2"),
    ):
        yield sources.catalogue.item(
            "Cluster",
            f"group/{name}{bay.tag}",
            (cluster(f"{name}{bay.tag}"),),
            {"name": f"{name}{bay.tag}", "technology": technology, "min_up": min_up},
        )
    for name in QUEUES:
        yield sources.catalogue.item(
            "MessageQueue",
            f"queue/{name}{bay.tag}",
            (queue(bay, name),),
            {"name": f"{name}{bay.tag}", "broker": "rabbitmq"},
        )
