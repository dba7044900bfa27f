"""A cluster written for these tests, in the shape that API servers answer."""

from __future__ import annotations

from typing import Any

SECRET = "hunter2-planted"
HASH = "7d4b9c"
Object = dict[str, Any]


def made(kind: str, name: str, spec: Object | None = None, **more: Any) -> Object:
    space = more.pop("namespace", "shop")
    metadata: Object = {"name": name, "uid": f"uid-{kind}-{name}", **more.pop("metadata", {})}
    if space:
        metadata["namespace"] = space
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec or {}, **more}


def owned_by(kind: str, name: str) -> Object:
    return {"ownerReferences": [{"kind": kind, "name": name, "controller": True}]}


def node(number: int, zone: str) -> Object:
    return made(
        "Node",
        f"node{number}",
        {"providerID": f"aws:///{zone}/i-0aaaaaaaaaaaaaaa{number}"},
        namespace="",
        metadata={"labels": {"topology.kubernetes.io/zone": zone}},
        status={
            "nodeInfo": {
                "machineID": f"ec2{number}" + "0" * 28,
                "systemUUID": f"EC2{number}AAAA-1111-2222-3333-444455556666",
                "osImage": "Bottlerocket OS 1.20",
            },
            "capacity": {"cpu": "4", "memory": "16Gi"},
            "addresses": [
                {"type": "InternalIP", "address": f"10.0.0.{number}"},
                {"type": "InternalDNS", "address": f"node{number}.eu-west-1.compute.internal"},
            ],
        },
    )


def container(**more: Any) -> Object:
    return {"name": "main", "image": "shop/web:1.4", **more}


def template(app: str, *containers: Object, **more: Any) -> Object:
    spec = {"containers": list(containers) or [container()], **more}
    return {"metadata": {"labels": {"app": app}}, "spec": spec}


def pod(name: str, app: str, on: str, owner: Object, **more: Any) -> Object:
    return made(
        "Pod",
        name,
        {"containers": [container()], "nodeName": on, **more},
        metadata={"labels": {"app": app}, **owner},
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"containerID": f"containerd://{name}-id"}],
        },
    )


WEB_ENV = [
    {"name": "DB_HOST", "value": "db"},
    {"name": "DB_PASSWORD", "value": SECRET},
    {"name": "GREETING", "value": "queue"},
    {"name": "CACHE_URL", "value": f"redis://:{SECRET}@cache.infra.svc.cluster.local:6379/0"},
    {
        "name": "ORDERS_DB",
        "value": f"postgres://u:{SECRET}@orders.cx1.eu-west-1.rds.amazonaws.com/o",
    },
    {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "web-keys", "key": "k"}}},
]


def service(name: str, app: str, **more: Any) -> Object:
    return made("Service", name, {"selector": {"app": app}, "ports": [{"port": 80}]}, **more)


def endpoints(name: str, *pods: str) -> Object:
    targets = [
        {"ip": f"10.244.0.{n}", "targetRef": {"kind": "Pod", "name": p}} for n, p in enumerate(pods)
    ]
    found = made("Endpoints", name)
    found["subsets"] = [{"addresses": targets, "ports": [{"port": 80}]}] if pods else []
    return found


RS = owned_by("ReplicaSet", f"web-{HASH}")
SET = owned_by("StatefulSet", "db")

CLUSTER: list[Object] = [
    made("Namespace", "shop", namespace="", metadata={"labels": {"team": "Payments"}}),
    node(1, "eu-west-1a"),
    node(2, "eu-west-1b"),
    node(3, "eu-west-1b"),
    made(
        "Deployment",
        "web",
        {
            "replicas": 3,
            "template": template(
                "web",
                container(env=WEB_ENV, envFrom=[{"configMapRef": {"name": "web-settings"}}]),
            ),
        },
        metadata={"annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET}},
    ),
    made("ReplicaSet", f"web-{HASH}", {"replicas": 3}, metadata=owned_by("Deployment", "web")),
    pod("web-1", "web", "node1", RS),
    pod("web-2", "web", "node1", RS),
    pod("web-3", "web", "node2", RS),
    made(
        "PodDisruptionBudget",
        "web",
        {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
    ),
    service("web", "web", status={"loadBalancer": {"ingress": [{"hostname": "lb1.elb.example"}]}}),
    endpoints("web", "web-1", "web-2", "web-3"),
    made(
        "StatefulSet",
        "db",
        {
            "replicas": 2,
            "template": template("db", container(image="postgres:16")),
            "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
        },
        metadata={"labels": {"team": "Data"}},
    ),
    pod("db-0", "db", "node3", SET),
    pod("db-1", "db", "node3", SET),
    service("db", "db"),
    endpoints("db", "db-0", "db-1"),
    *(made("PersistentVolumeClaim", f"data-db-{n}", {"volumeName": f"pv-{n}"}) for n in (0, 1)),
    *(
        made(
            "PersistentVolume",
            f"pv-{n}",
            {
                "capacity": {"storage": "8Gi"},
                "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"vol-0aaaaaaaaaaaaaaa{n}"},
                "claimRef": {"namespace": "shop", "name": f"data-db-{n}"},
            },
            namespace="",
        )
        for n in (0, 1)
    ),
    made("Service", "queue", {"selector": {"app": "queue"}}),
    service("cache", "cache", namespace="infra"),
    made(
        "CronJob",
        "report",
        {
            "jobTemplate": {
                "spec": {"template": template("report", container(args=["--to=web:80"]))}
            }
        },
    ),
    made("Job", "report-1", {}, metadata=owned_by("CronJob", "report")),
    made(
        "Job",
        "migrate",
        {"template": template("migrate")},
        status={"conditions": [{"type": "Complete", "status": "True"}]},
    ),
    made(
        "Ingress",
        "shop",
        {
            "rules": [
                {
                    "host": "shop.example.org",
                    "http": {
                        "paths": [
                            {"path": "/", "backend": {"service": {"name": "web"}}},
                            {"path": "/queue", "backend": {"service": {"name": "queue"}}},
                        ]
                    },
                }
            ],
            "tls": [{"hosts": ["shop.example.org"], "secretName": "shop-tls"}],
        },
        status={"loadBalancer": {"ingress": [{"hostname": "lb1.elb.example"}]}},
    ),
    made("Gateway", "edge", {"listeners": [{"hostname": "api.example.org"}]}),
    made(
        "HTTPRoute",
        "api",
        {
            "parentRefs": [{"name": "edge"}],
            "rules": [
                {"backendRefs": [{"name": "web", "weight": 90}, {"name": "queue", "weight": 10}]}
            ],
        },
    ),
]
