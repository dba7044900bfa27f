"""Whatever shape an answer or a file has: it is read, or refused with a sentence."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput
from discovery.aws.payload import Place
from discovery.aws.records import arguments_of, records_of, resources_of
from discovery.aws.table import calls
from discovery.compose.reading import read_project
from discovery.docker.reading import (
    Names,
    read_container,
    read_engine,
    read_images,
    read_networks,
    read_volumes,
)
from discovery.kubernetes import SCANNER, KubernetesSettings
from discovery.kubernetes.payload import KubernetesPayload, gathered
from discovery.kubernetes.reading import ROUTES, WORKLOADS, Reader
from discovery.references import hosts_in, service_of

WORDS = st.sampled_from(
    """
    metadata name namespace labels annotations ownerReferences controller kind spec
    template selector containers env value image volumes persistentVolumeClaim claimName
    status conditions rules http paths backend service tls hosts parentRefs backendRefs
    subsets addresses ports port targetRef claimRef csi volumeHandle nodeAffinity replicas
    services depends_on environment networks command profiles configs external ipam Id
    Names Labels Mounts NetworkSettings Networks Config Env IPAM Subnet RepoTags Volumes
    Instances Reservations Tags Key Value LoadBalancers Attributes DBInstances
    """.split()
)
LEAVES = st.none() | st.booleans() | st.integers(-1, 9) | st.text(max_size=6) | WORDS
TREES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=25,
)
TABLES = st.dictionaries(WORDS, TREES, max_size=6)
KINDS = (*WORKLOADS, *ROUTES, "Node", "Pod", "Service", "Endpoints", "EndpointSlice", "Ingress")
MORE = ("PersistentVolume", "PersistentVolumeClaim", "PodDisruptionBudget", "Gateway", "Namespace")


@given(st.lists(st.tuples(st.sampled_from((*KINDS, *MORE)), TABLES), max_size=4))
def test_objects_of_a_cluster(found: list[tuple[str, dict[str, Any]]]) -> None:
    reader = Reader(("team",), {("a", "b")})
    named = [
        (kind, {**tree, "metadata": {"name": "a", "namespace": "a", "labels": tree.get("labels")}})
        for kind, tree in found
    ]
    things = [t for kind, tree in named if (t := reader.read(tree, kind)) is not None]
    payload = KubernetesPayload("cluster/u", "u", "c", "1", gathered(things))
    SCANNER.parse(payload, KubernetesSettings(), datetime(2026, 11, 26, tzinfo=UTC))


@given(TREES, TREES)
def test_compose_files(document: Any, override: Any) -> None:
    with suppress(InvalidInput):
        read_project({"services": document}, "compose.yaml", "folder", {}, override)


@given(TABLES, TREES)
def test_answers_of_an_engine(table: dict[str, Any], tree: Any) -> None:
    read_engine(table, table, "", "")
    read_networks(tree)
    read_volumes(tree)
    read_container({**table, "Id": "1"}, read_images(tree))
    Names([table]).named(table)


@given(st.sampled_from(calls()), TABLES, TABLES)
def test_answers_of_aws(call: Any, answer: dict[str, Any], record: dict[str, Any]) -> None:
    place = Place("aws", "1", "eu-west-1")
    for found in (*records_of(call, answer, None), record):
        arguments_of(call, found)
        list(resources_of(call, found, place, ("Owner",)))


@given(st.text(max_size=60))
def test_values_of_variables(value: str) -> None:
    for host, _ in hosts_in(value):
        assert host in value
        service_of(host, "a", {("a", "b")})
