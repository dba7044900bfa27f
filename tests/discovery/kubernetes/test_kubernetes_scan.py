"""A cluster over real HTTPS: what it says, what it refuses, and how it misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import yaml

from cmdb.errors import CmdbError, InvalidInput, InvalidSettings, RemoteUnavailable
from discovery.kubernetes import SCANNER, KubernetesSettings
from discovery.kubernetes.client import Server
from discovery.kubernetes.fetch import ENDPOINTS, PARTS, SERVICES, SLICES
from discovery.run import ScanResult, run_scan
from discovery.scanner import Failure, encode_payload
from tests.discovery.hanging import hanging
from tests.discovery.kubernetes.api import UID, Api, serving_api
from tests.discovery.kubernetes.estate import CLUSTER, SECRET


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@contextmanager
def cluster(folder: Path, api: Api) -> Iterator[KubernetesSettings]:
    with serving_api(api, folder) as config:
        yield KubernetesSettings(kubeconfig=config, timeout=10, page_size=2)


async def scan(settings: KubernetesSettings, *contexts: str) -> ScanResult:
    return await run_scan(SCANNER, settings, contexts)


async def test_every_page_of_every_list_is_read(folder: Path) -> None:
    api = Api.of(CLUSTER)
    with cluster(folder, api) as settings:
        small = await scan(settings)
        large = await scan(msgspec.structs.replace(settings, page_size=5000))
    assert small.full_scope
    assert small.scope == f"cluster/{UID}"
    assert small.counts == large.counts
    assert small.counts["VirtualMachine"] == 3
    assert api.asked.count("/api/v1/pods") == 3 + 1


async def test_a_list_that_expires_is_begun_again_and_told_once(folder: Path) -> None:
    api = Api.of(CLUSTER)
    api.expires.add("/api/v1/nodes")
    with cluster(folder, api) as settings:
        found = await scan(settings)
    assert found.full_scope
    assert found.counts["VirtualMachine"] == 3
    assert api.asked.count("/api/v1/nodes") == 4


async def test_what_may_not_be_listed_is_named_and_the_rest_is_in(folder: Path) -> None:
    api = Api.of(CLUSTER)
    api.forbidden |= {"/api/v1/nodes", "/apis/apps/v1/replicasets"}
    with cluster(folder, api) as settings:
        found = await scan(settings)
    assert found.partial
    assert not found.full_scope
    assert sorted(found.errors) == [
        "shop-cluster, nodes: the account may not list them (403).",
        "shop-cluster, replicasets: the account may not list them (403).",
    ]
    assert found.counts["KubernetesWorkload"] == 3
    assert "VirtualMachine" not in found.counts
    assert any("2 nodes" in note or "3 nodes" in note for note in found.notes)


async def test_some_namespaces_only_are_a_scope_of_their_own(folder: Path) -> None:
    api = Api.of(CLUSTER)
    with cluster(folder, api) as settings:
        found = await scan(msgspec.structs.replace(settings, namespaces=("infra",)))
    assert found.scope == f"cluster/{UID}/infra"
    assert found.counts["ServiceInstance"] == 1
    assert "/api/v1/namespaces/infra/pods" in api.asked
    assert "/api/v1/pods" not in api.asked


async def test_the_identity_may_be_given_where_it_may_not_be_read(folder: Path) -> None:
    api = Api.of(CLUSTER)
    api.forbidden.add("/api/v1/namespaces/kube-system")
    with cluster(folder, api) as settings:
        with pytest.raises(InvalidSettings, match="set cluster_id"):
            await scan(settings)
        found = await scan(msgspec.structs.replace(settings, cluster_id="given"))
    assert found.scope == "cluster/given"


async def test_refused_credentials_and_untrusted_certificates_are_told(folder: Path) -> None:
    with cluster(folder, Api.of(CLUSTER)) as settings:
        with pytest.raises(InvalidSettings, match="refuses the credentials"):
            await scan(settings, "refused")
        with pytest.raises(RemoteUnavailable, match="not one that the kubeconfig trusts"):
            await scan(settings, "untrusted")
        with pytest.raises(InvalidInput, match="no context 'shp'; it has shop, refused"):
            await scan(settings, "shp")
        found = await scan(settings, "shop", "refused")
    assert found.counts["KubernetesCluster"] == 1
    assert [error.partition(":")[0] for error in found.errors] == ["refused"]


async def test_no_kubeconfig_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="none can't be used"):
        await scan(KubernetesSettings(kubeconfig=str(tmp_path / "none")))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>Sign in</html>", "no JSON object"),
        (200, b"[1, 2]", "no JSON object"),
        (200, b'{"items": "\xff\xfe"}', "no JSON object"),
        (200, b"[" * 100_000, "no JSON object"),
        (418, b"tea", "answered 418"),
    ],
)
async def test_answers_that_are_none_are_told_of(
    folder: Path, status: int, body: bytes, said: str
) -> None:
    api = Api.of(CLUSTER)
    api.answers["/api/v1/nodes"] = (status, body)
    with cluster(folder, api) as settings:
        found = await scan(settings)
    assert len(found.errors) == 1
    assert found.errors[0].startswith("shop-cluster, nodes: ")
    assert said in found.errors[0]


async def test_a_server_that_stays_busy_is_given_up(folder: Path) -> None:
    api = Api.of(CLUSTER)
    api.answers["/busy"] = (503, b"")
    with cluster(folder, api) as settings:
        server = Server(settings.kubeconfig, "", 10, 10, pause=0.0)
        with pytest.raises(RemoteUnavailable, match="503, 4 times in a row"):
            server.read("/busy")
    assert api.asked == ["/busy"] * 4


async def test_an_answer_that_is_too_large_is_cut_off(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discovery.kubernetes.client.MAX_BODY", 2000)
    api = Api.of(CLUSTER)
    api.answers["/api/v1/nodes"] = (200, b" " * 4_000_000)
    with cluster(folder, api) as settings:
        found = await scan(msgspec.structs.replace(settings, page_size=1))
    assert any("nodes" in e and "set a smaller page_size" in e for e in found.errors)


async def test_a_list_without_end_is_given_up(folder: Path) -> None:
    api = Api.of(CLUSTER)
    api.answers["/api/v1/nodes"] = (200, b'{"items": [{}], "metadata": {"continue": "again"}}')
    with cluster(folder, api) as settings:
        found = await scan(settings)
    assert [e for e in found.errors if "does not come to the end" in e]


async def test_a_server_that_hangs_is_left_after_its_time(tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    with hanging() as port:
        server = {"server": f"http://127.0.0.1:{port}"}
        names = {"cluster": "c", "user": "u"}
        config.write_text(
            yaml.safe_dump(
                {
                    "current-context": "c",
                    "clusters": [{"name": "c", "cluster": server}],
                    "users": [{"name": "u", "user": {"token": "t"}}],
                    "contexts": [{"name": "c", "context": names}],
                }
            )
        )
        with pytest.raises(RemoteUnavailable, match="does not answer in time"):
            await scan(KubernetesSettings(kubeconfig=str(config), timeout=1))


async def test_no_secret_is_in_payloads_observations_or_errors(folder: Path) -> None:
    with cluster(folder, Api.of(CLUSTER)) as settings:
        payloads = [p async for p in SCANNER.fetch(settings, (), None)]
        found = await scan(settings)
        with pytest.raises(CmdbError) as raised:
            await scan(settings, "refused")
    kept = b"".join(encode_payload(p) for p in payloads if not isinstance(p, Failure))
    assert b"web-settings" in kept
    assert SECRET.encode() not in kept
    assert SECRET not in repr(found.observations)
    assert "planted-token" not in repr(found) + raised.value.message


def test_secrets_and_config_maps_are_never_asked_for() -> None:
    from discovery.kubernetes.fetch import ENDPOINTS, PARTS, SERVICES, SLICES

    asked = {part.kind for part in (*PARTS, SERVICES, SLICES, ENDPOINTS)}
    assert asked.isdisjoint({"Secret", "ConfigMap"})


def test_the_role_of_the_example_may_read_every_list_and_nothing_else() -> None:
    example = Path(__file__).parents[3] / "docs/examples/kubernetes-reader.yaml"
    (role,) = [
        found
        for found in yaml.safe_load_all(example.read_text("utf-8"))
        if found["kind"] == "ClusterRole"
    ]
    allowed = {
        (group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    groups = {
        (path.split("/")[2] if path.startswith("/apis/") else "", part.name)
        for part in (*PARTS, SERVICES, SLICES, ENDPOINTS)
        for path in part.paths
    }
    assert allowed == groups
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}
