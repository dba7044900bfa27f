"""What a cluster says becomes the items and the impact that an expert would expect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from tests.discovery.kubernetes.api import TOKEN, UID, Api, serving_api
from tests.discovery.kubernetes.estate import CLUSTER, SECRET
from tests.discovery.terraform.states import arn, instance, resource, state


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/estate.db")
    monkeypatch.setenv("COLUMNS", "110")
    with serving_api(Api.of(CLUSTER), tmp_path) as path:
        yield path


def scan(config: str, *more: str) -> int:
    return run_main(["scan", "kubernetes", "--set", f"kubeconfig={config}", *more])


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert run_main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def states(answer: Any) -> dict[str, str]:
    return {f"{a['kind']} {a['name']}": a["state"] for a in answer["affected"]}


def test_the_second_scan_changes_nothing(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan(config) == 0
    capsys.readouterr()
    assert scan(config) == 0
    assert "Nothing changed." in capsys.readouterr().out


def test_no_secret_is_in_the_database(config: str, tmp_path: Path) -> None:
    assert scan(config, "--set", "pods=true") == 0
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("estate.db*"))
    assert b"web-keys" in kept
    assert SECRET.encode() not in kept
    assert TOKEN.encode() not in kept


def test_a_node_takes_down_what_has_too_few_pods_elsewhere(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(config) == 0
    first = states(asked(capsys, "impact", "cloud:i-0aaaaaaaaaaaaaaa1"))
    assert first["KubernetesWorkload web"] == "down"
    assert first["ApiEndpoint shop.example.org"] == "down"
    assert "KubernetesWorkload db" not in first
    second = states(asked(capsys, "impact", "cloud:i-0aaaaaaaaaaaaaaa2"))
    assert second["KubernetesWorkload web"] == "at_risk"
    third = states(asked(capsys, "impact", "cloud:i-0aaaaaaaaaaaaaaa3"))
    assert third["KubernetesWorkload db"] == "down"
    assert third["KubernetesWorkload web"] == "down"


def test_two_pods_on_one_node_are_no_redundancy(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(config, "--set", "pods=true") == 0
    answer = asked(capsys, "weak-points", f"k8s:{UID}/shop/StatefulSet/db")
    assert "node3" in {point["name"] for point in answer["weak_points"]}
    assert "node3" in json.dumps(answer["false_redundancies"])


def test_a_plan_finds_the_objects(
    config: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert scan(config) == 0
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "\n---\n".join(
            f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}"
            for kind, name in (
                ("Deployment", "web"),
                ("Service", "db"),
                ("Ingress", "shop"),
                ("PersistentVolumeClaim", "data-db-0"),
                ("ConfigMap", "web-settings"),
            )
        )
    )
    answer = asked(capsys, "change", "assess", "--plan", str(plan))
    matched = {c["address"]: c["matched_by"] for c in answer["changes"]}
    assert set(matched) == {
        "shop/Deployment/web",
        "shop/Service/db",
        "shop/Ingress/shop",
        "shop/PersistentVolumeClaim/data-db-0",
        "shop/ConfigMap/web-settings",
    }
    assert all(str(by).startswith(f"k8s:{UID}/shop/") for by in matched.values())


def test_nodes_and_disks_are_those_of_the_state(
    config: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = "i-0aaaaaaaaaaaaaaa1"
    (tmp_path / "nodes.tfstate").write_bytes(
        state(
            [
                resource(
                    "aws_instance",
                    "node",
                    instance({"id": own, "arn": arn("ec2", f"instance/{own}")}),
                ),
                resource(
                    "aws_ebs_volume",
                    "data",
                    instance({"id": "vol-0aaaaaaaaaaaaaaa0"}),
                ),
            ]
        )
    )
    assert run_main(["scan", "terraform", str(tmp_path / "nodes.tfstate")]) == 0
    assert scan(config) == 0
    machines = asked(capsys, "items", "--kind", "VirtualMachine")
    disks = asked(capsys, "items", "--kind", "StorageVolume")
    assert len(machines["items"]) == 3
    assert len(disks["items"]) == 2
