"""Answers of a real API server (1.20) of a node with real pods, served over HTTPS once more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmdb.items import ItemObservation
from discovery.kubernetes import SCANNER, KubernetesSettings
from discovery.run import ScanResult, run_scan
from tests.discovery.kubernetes.api import Api, serving_api


@pytest.fixture
def recorded(shared_data: Path) -> Api:
    answer = json.loads((shared_data / "k8s-recorded/real-node-web.json").read_text())
    return Api.of(answer["items"])


async def scan(api: Api, folder: Path, *, pods: bool) -> ScanResult:
    with serving_api(api, folder) as config:
        settings = KubernetesSettings(kubeconfig=config, pods=pods, page_size=1)
        return await run_scan(SCANNER, settings)


async def test_a_real_cluster_is_read_whole(recorded: Api, tmp_path: Path) -> None:
    found = await scan(recorded, tmp_path, pods=False)
    assert found.full_scope
    told = {
        (o.kind, o.properties["name"]) for o in found.observations if isinstance(o, ItemObservation)
    }
    assert told == {
        ("KubernetesCluster", "shop-cluster"),
        ("Server", "real1"),
        ("KubernetesWorkload", "web"),
        ("ServiceInstance", "web"),
        ("ServiceInstance", "kubernetes"),
    }
    assert found.counts["ROUTES_TO"] == found.counts["RUNS_ON"] == 1


async def test_its_pods_bear_the_ids_of_their_containers(recorded: Api, tmp_path: Path) -> None:
    found = await scan(recorded, tmp_path, pods=True)
    pods = [
        o for o in found.observations if isinstance(o, ItemObservation) and o.kind == "Container"
    ]
    assert len(pods) == 2
    assert all(len(p.identifiers[2].removeprefix("container:")) == 64 for p in pods)
    assert [p.properties["runtime"] for p in pods] == ["docker"] * 2
