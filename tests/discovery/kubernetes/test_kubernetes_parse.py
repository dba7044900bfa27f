"""What objects mean: the graph that an expert would draw of the cluster in estate.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from cmdb.items import Gate, ItemObservation, LinkObservation
from discovery.kubernetes import OWNER_LABELS, SCANNER, KubernetesSettings
from discovery.kubernetes.payload import KubernetesPayload, gathered
from discovery.kubernetes.reading import Reader
from discovery.scanner import Parsed, decode_payload, encode_payload
from tests.discovery.kubernetes.api import UID
from tests.discovery.kubernetes.estate import CLUSTER, container, made, node, pod, template

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
ENDS = "key:kubernetes/"


def parsed(
    objects: Sequence[Mapping[str, Any]] = CLUSTER,
    name: str = "shop-cluster",
    settings: KubernetesSettings | None = None,
) -> Parsed:
    known = {
        (o["metadata"]["namespace"], o["metadata"]["name"])
        for o in objects
        if o["kind"] == "Service"
    }
    reader = Reader(OWNER_LABELS, known)
    things = [t for o in objects if (t := reader.read(o, o["kind"])) is not None]
    payload = KubernetesPayload(f"cluster/{UID}", UID, name, "1.31.2", gathered(things))
    kept = decode_payload(SCANNER, encode_payload(payload))
    assert kept == payload
    return SCANNER.parse(kept, settings or KubernetesSettings(), NOW)


def items(found: Parsed, kind: str) -> dict[str, ItemObservation]:
    seen = [o for o in found.observations if isinstance(o, ItemObservation) and o.kind == kind]
    return {str(o.properties["name"]): o for o in seen}


def short(key: str) -> str:
    return key.removeprefix(f"{ENDS}{UID}/").removeprefix(ENDS)


def links(found: Parsed, relation: str, start: str = "") -> dict[tuple[str, str], LinkObservation]:
    return {
        (short(o.from_key), short(o.to_key)): o
        for o in found.observations
        if isinstance(o, LinkObservation)
        and o.relation == relation
        and short(o.from_key).startswith(start)
    }


def test_nodes_are_the_machines_that_other_sources_see() -> None:
    found = parsed()
    one = items(found, "VirtualMachine")["node1"]
    assert one.identifiers[1:] == (
        "cloud:i-0aaaaaaaaaaaaaaa1",
        "uuid:ec21aaaa-1111-2222-3333-444455556666",
        "machine-id:ec210000000000000000000000000000",
        "fqdn:node1.eu-west-1.compute.internal",
        "ip:default/10.0.0.1",
    )
    assert one.properties["memory"] == 16 * 2**30
    assert ("_/Node/node2", "zone/eu-west-1b") in links(found, "LOCATED_IN")
    assert ("_/Node/node3", UID) in links(found, "MEMBER_OF")


def test_a_machine_id_given_for_a_uuid_is_none() -> None:
    plain = node(1, "a")
    plain["spec"] = {}
    plain["status"]["nodeInfo"] |= {"machineID": "3d12" * 8, "systemUUID": "3d12" * 8}
    found = items(parsed([plain]), "Server")["node1"]
    assert [i for i in found.identifiers if i.startswith(("uuid", "machine-id"))] == [
        "machine-id:" + "3d12" * 8
    ]


def test_workloads_rest_on_the_nodes_that_their_pods_are_on() -> None:
    found = parsed()
    runs = links(found, "RUNS_ON")
    web = {end: (o.gate, o.weight) for (start, end), o in runs.items() if "/web" in start}
    # Half of three pods, rounded up, must serve.
    assert web == {"_/Node/node1": (Gate("pods", 2), 2), "_/Node/node2": (Gate("pods", 2), 1)}
    workload = items(found, "KubernetesWorkload")["web"]
    assert workload.identifiers[1] == f"k8s:{UID}/shop/Deployment/web"
    assert workload.properties["min_up"] == "2"
    assert workload.properties["images"] == ["shop/web:1.4"]


def test_pods_are_members_where_they_are_wanted() -> None:
    found = parsed(settings=KubernetesSettings(pods=True))
    members = links(found, "MEMBER_OF", "shop/Pod/web")
    assert {end for _, end in members} == {"shop/Deployment/web"}
    assert ("shop/Pod/web-3", "_/Node/node2") in links(found, "RUNS_ON")
    assert links(found, "ROUTES_TO")["shop/Service/web", "shop/Pod/web-1"].gate == Gate("endpoints")
    assert ("shop/Pod/db-1", "_/PersistentVolume/pv-1") in links(found, "ATTACHES_TO")
    own = items(found, "Container")["web-1"]
    assert own.identifiers[1:] == (f"k8s:{UID}/shop/Pod/web-1", "container:web-1-id")


def test_what_has_ended_or_is_made_anew_each_time_is_no_item() -> None:
    assert set(items(parsed(), "KubernetesWorkload")) == {"web", "db", "report"}


def test_services_lead_to_the_workloads_of_their_endpoints() -> None:
    routes = links(parsed(), "ROUTES_TO", "shop/Service")
    assert set(routes) == {
        ("shop/Service/web", "shop/Deployment/web"),
        ("shop/Service/db", "shop/StatefulSet/db"),
    }
    assert routes["shop/Service/web", "shop/Deployment/web"].gate is None


def test_two_workloads_behind_one_service_share_its_calls() -> None:
    canary = made("Deployment", "canary", {"replicas": 1, "template": template("web")})
    del_endpoints = [o for o in CLUSTER if o["kind"] != "Endpoints"]
    routes = links(parsed([*del_endpoints, canary]), "ROUTES_TO", "shop/Service/web")
    assert {end for _, end in routes} == {"shop/Deployment/canary", "shop/Deployment/web"}
    assert {link.gate for link in routes.values()} == {Gate("endpoints")}


def test_a_service_without_a_selector_leads_to_what_its_endpoints_are() -> None:
    outside = made("Endpoints", "legacy")
    outside["subsets"] = [{"addresses": [{"ip": "10.0.9.9"}], "ports": [{"port": 5432}]}]
    found = parsed([made("Service", "legacy"), outside])
    assert set(links(found, "ROUTES_TO")) == {
        ("shop/Service/legacy", "endpoint:default/tcp/10.0.9.9:5432")
    }


def test_addresses_in_the_environment_are_dependencies() -> None:
    needs = links(parsed(), "DEPENDS_ON", "shop/Deployment/web")
    told = {end: (link.strength, link.confidence) for (_, end), link in needs.items()}
    assert told == {
        "infra/Service/cache": ("hard", 0.9),
        "shop/Service/db": ("hard", 0.7),
        "fqdn:orders.cx1.eu-west-1.rds.amazonaws.com": ("hard", 0.7),
        "shop/Secret/web-keys": ("soft", 1.0),
        "shop/ConfigMap/web-settings": ("soft", 1.0),
        UID: ("soft", 1.0),
    }
    report = links(parsed(), "DEPENDS_ON", "shop/CronJob/report")
    assert report["shop/CronJob/report", "shop/Service/web"].evidence == (
        "the option --to of report names Service web"
    )


def test_each_volume_of_a_set_is_one_with_its_claim() -> None:
    found = parsed()
    volume = items(found, "StorageVolume")["shop/data-db-0"]
    assert volume.identifiers == (
        f"key:kubernetes/{UID}/_/PersistentVolume/pv-0",
        f"k8s:{UID}/_/PersistentVolume/pv-0",
        "cloud:vol-0aaaaaaaaaaaaaaa0",
        f"k8s:{UID}/shop/PersistentVolumeClaim/data-db-0",
    )
    attached = links(found, "ATTACHES_TO")
    assert [link.gate for link in attached.values()] == [Gate("volumes data")] * 2


def test_ways_in_lead_from_the_name_to_the_service() -> None:
    found = parsed()
    routes = links(found, "ROUTES_TO")
    assert routes["_/Host/shop.example.org", "shop/Ingress/shop"].strength == "hard"
    assert routes["shop/Ingress/shop", "shop/Service/web"].strength == "hard"
    # Its other paths go on without that one.
    assert routes["shop/Ingress/shop", "shop/Service/queue"].strength == "soft"
    assert routes["shop/HTTPRoute/api", "shop/Service/queue"].gate == Gate("rule 1")
    assert ("_/Host/api.example.org", "shop/HTTPRoute/api") in routes
    assert ("shop/LoadBalancer/lb1.elb.example", "shop/Service/web") in routes
    balancer = items(found, "LoadBalancer")["lb1.elb.example"]
    assert balancer.identifiers[1] == "fqdn:lb1.elb.example"
    needs = links(found, "DEPENDS_ON")
    assert ("shop/HTTPRoute/api", "shop/Gateway/edge") in needs
    assert needs["shop/Ingress/shop", "shop/Secret/shop-tls"].strength == "soft"
    # The ingress is reached at the address of that service: it is its controller.
    assert needs["shop/Ingress/shop", "shop/Service/web"].confidence == 0.8


def test_owners_are_those_of_the_object_before_those_of_its_namespace() -> None:
    owned = links(parsed(), "OWNED_BY")
    assert ("shop/StatefulSet/db", "team/Data") in owned
    assert owned["shop/Deployment/web", "team/Payments"].evidence == "a label of namespace shop"
    assert items(parsed(), "Team")["Data"].identifiers[1:] == ("name:Team/Data",)


def test_pods_of_a_kind_that_is_not_known_show_what_manages_them() -> None:
    manager = {"ownerReferences": [{"kind": "Rollout", "name": "api", "controller": True}]}
    replicas = made("ReplicaSet", "api-6f", {"replicas": 1}, metadata=manager)
    owner = {"ownerReferences": [{"kind": "ReplicaSet", "name": "api-6f", "controller": True}]}
    found = parsed([node(1, "a"), replicas, pod("api-6f-1", "api", "node1", owner)])
    (rollout,) = items(found, "KubernetesWorkload").values()
    assert rollout.properties["workload_kind"] == "Rollout"
    assert ("shop/Rollout/api", "_/Node/node1") in links(found, "RUNS_ON")


def test_a_pod_of_no_workload_is_a_container() -> None:
    found = parsed([node(1, "a"), pod("tool", "tool", "node1", {})])
    assert set(items(found, "Container")) == {"tool"}
    assert ("shop/Pod/tool", "_/Node/node1") in links(found, "RUNS_ON")


def test_managed_clusters_bear_their_cloud_s_identifiers() -> None:
    arn = "arn:aws:eks:eu-west-1:123456789012:cluster/shop"
    (eks,) = items(parsed([], arn), "KubernetesCluster").values()
    assert f"cloud:{arn}" in eks.identifiers
    assert eks.properties["name"] == "shop"
    (gke,) = items(parsed([], "gke_acme_europe-west1_shop"), "KubernetesCluster").values()
    assert "cloud:projects/acme/locations/europe-west1/clusters/shop" in gke.identifiers


def test_objects_of_other_shapes_are_passed_over() -> None:
    odd: list[dict[str, Any]] = [
        {"kind": "Deployment", "metadata": None},
        {"kind": "Deployment", "metadata": {"name": "x", "namespace": "shop"}, "spec": [1]},
        made("Deployment", "y", {"template": {"spec": {"containers": [None, {"env": "no"}]}}}),
        made("Pod", "p", {"volumes": {"a": 1}}, status="no"),
        made("Deployment", "z", {"template": template("z", container(args="no", env=[{}]))}),
    ]
    found = parsed(odd)
    assert set(items(found, "KubernetesWorkload")) == {"x", "y", "z"}
    assert msgspec.json.encode(found.observations)


def test_endpoint_slices_say_what_is_behind_a_service() -> None:
    def part(name: str, pod_name: str, conditions: dict[str, bool]) -> dict[str, Any]:
        found = made("EndpointSlice", name)
        found["metadata"]["labels"] = {"kubernetes.io/service-name": "web"}
        target = {"kind": "Pod", "name": pod_name}
        found["endpoints"] = [
            {"addresses": ["10.244.0.1"], "conditions": conditions, "targetRef": target}
        ]
        return found

    canary = {"ownerReferences": [{"kind": "StatefulSet", "name": "canary", "controller": True}]}
    set_of = {"ownerReferences": [{"kind": "StatefulSet", "name": "web", "controller": True}]}
    objects = [
        node(1, "a"),
        made("Service", "web", {"selector": {"app": "web"}}),
        made("StatefulSet", "web", {"template": template("web")}),
        made("StatefulSet", "canary", {"template": template("web")}),
        pod("web-0", "web", "node1", set_of),
        pod("canary-0", "web", "node1", canary),
    ]
    ready = [part("web-a", "web-0", {"ready": True}), part("web-b", "canary-0", {})]
    routes = links(parsed([*objects, *ready]), "ROUTES_TO")
    assert {end for _, end in routes} == {"shop/StatefulSet/web", "shop/StatefulSet/canary"}
    less = [part("web-a", "web-0", {"ready": True}), part("web-b", "canary-0", {"ready": False})]
    routes = links(parsed([*objects, *less]), "ROUTES_TO")
    assert {end for _, end in routes} == {"shop/StatefulSet/web"}


def test_other_names_and_shares_of_servers_lead_out_of_the_cluster() -> None:
    objects = [
        made("Service", "db", {"type": "ExternalName", "externalName": "db.example.org"}),
        made(
            "PersistentVolume",
            "share",
            {"nfs": {"server": "10.0.9.1", "path": "/"}, "capacity": {"storage": "1Ti"}},
            namespace="",
        ),
        made("PersistentVolume", "files", {"nfs": {"server": "nas.example.org"}}, namespace=""),
    ]
    assert set(links(parsed(objects), "DEPENDS_ON")) == {
        ("shop/Service/db", "fqdn:db.example.org"),
        ("_/PersistentVolume/share", "ip:default/10.0.9.1"),
        ("_/PersistentVolume/files", "fqdn:nas.example.org"),
    }


def test_a_local_volume_is_on_its_node() -> None:
    term = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node1"]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
    local = {"local": {"path": "/mnt"}, "nodeAffinity": affinity}
    found = parsed([node(1, "a"), made("PersistentVolume", "disk", local, namespace="")])
    assert set(links(found, "HOSTED_ON")) == {("_/PersistentVolume/disk", "_/Node/node1")}


def test_budgets_keep_pods_by_number_or_share() -> None:
    def needed(**budget: object) -> str:
        objects = [
            made("Deployment", "web", {"replicas": 5, "template": template("web")}),
            made("PodDisruptionBudget", "web", {"selector": SELECTOR, **budget}),
        ]
        return str(items(parsed(objects), "KubernetesWorkload")["web"].properties["min_up"])

    assert needed(minAvailable=3) == "3"
    assert needed(minAvailable="50%") == "3"
    assert needed(maxUnavailable=1) == "4"
    assert needed(maxUnavailable="25%") == "3"
    assert needed(minAvailable=0) == "1"
    assert needed(minAvailable=9) == "5"
    assert needed(minAvailable="some") == "1"


SELECTOR = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}
