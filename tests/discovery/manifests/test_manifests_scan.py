"""Manifests, rendered charts and what is none; and how they meet the cluster itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from cmdb.cli.main import run_main
from cmdb.errors import InvalidInput
from cmdb.items import ItemObservation, LinkObservation
from discovery.manifests import SCANNER, ManifestsSettings
from discovery.run import ScanResult, run_scan
from discovery.scanner import Failure, encode_payload
from tests.discovery.kubernetes.api import UID, Api, serving_api
from tests.discovery.kubernetes.estate import CLUSTER, SECRET

DECLARED = [
    o
    for o in CLUSTER
    if o["kind"] in ("Deployment", "StatefulSet", "Service", "Ingress", "PodDisruptionBudget")
]
CALLS = {
    "checkoutservice": "productcatalogservice shippingservice paymentservice emailservice "
    "currencyservice cartservice",
    "frontend": "adservice cartservice checkoutservice currencyservice productcatalogservice "
    "recommendationservice shippingservice",
    "recommendationservice": "productcatalogservice",
    "cartservice": "redis-cart",
    "loadgenerator": "frontend",
}
"""The calls of the shop, as the drawing of its architecture has them."""


async def scan(*targets: object, settings: ManifestsSettings | None = None) -> ScanResult:
    return await run_scan(SCANNER, settings or ManifestsSettings(), [str(t) for t in targets])


def written(folder: Path) -> Path:
    path = folder / "shop.yaml"
    path.write_text(yaml.safe_dump_all(DECLARED))
    return path


def pairs(found: ScanResult, relation: str) -> set[tuple[str, str]]:
    return {
        (o.from_key.rpartition("/")[2], o.to_key.rpartition("/")[2])
        for o in found.observations
        if isinstance(o, LinkObservation) and o.relation == relation
    }


async def test_the_service_graph_of_a_known_shop_is_found(shared_data: Path) -> None:
    found = await scan(shared_data / "online-boutique/release")
    expected = {(a, b) for a, ends in CALLS.items() for b in ends.split()}
    services = {
        str(o.properties["name"])
        for o in found.observations
        if isinstance(o, ItemObservation) and o.kind == "ServiceInstance"
    }
    assert {(a, b) for a, b in pairs(found, "DEPENDS_ON") if b in services} == expected
    assert {end for _, end in pairs(found, "ROUTES_TO")} >= {"adservice", "redis-cart"}
    assert ("frontend-route", "istio-gateway") in pairs(found, "DEPENDS_ON")


async def test_kinds_of_other_groups_are_other_things(tmp_path: Path) -> None:
    path = tmp_path / "istio.yaml"
    path.write_text("apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n")
    found = await scan(path)
    assert found.counts["items"] == 0
    assert found.notes == ("Objects of these kinds are not made into items: 1 Gateway.",)


async def test_what_is_declared_is_told_with_less_confidence(tmp_path: Path) -> None:
    found = await scan(written(tmp_path))
    links = [o for o in found.observations if isinstance(o, LinkObservation)]
    assert links
    assert {link.confidence for link in links} == {0.6}
    assert found.full_scope


async def test_no_value_of_a_variable_is_kept(tmp_path: Path) -> None:
    payloads = [p async for p in SCANNER.fetch(ManifestsSettings(), [str(written(tmp_path))], None)]
    kept = b"".join(encode_payload(p) for p in payloads if not isinstance(p, Failure))
    assert b"web-keys" in kept
    assert SECRET.encode() not in kept


async def test_lists_and_json_are_read_like_the_rest(tmp_path: Path) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": DECLARED}
    (tmp_path / "a.json").write_text(json.dumps(listed))
    found = await scan(tmp_path)
    assert found.counts["KubernetesWorkload"] == 2


async def test_what_is_no_manifest_is_named_for_what_it_is(tmp_path: Path) -> None:
    chart = tmp_path / "templates"
    chart.mkdir()
    (chart / "web.yaml").write_text("kind: {{ .Values.kind }}\n  a: {{- b }}\n")
    (tmp_path / "values.yaml").write_text("replicas: 3\n")
    (tmp_path / "bad.yaml").write_bytes(b"\xff\x00\xff")
    written(tmp_path)
    found = await scan(tmp_path)
    assert found.partial
    assert sorted(e.partition("/bad")[2] or e.rpartition("/")[2] for e in found.errors) == [
        ".yaml is not UTF-8 text.",
        "web.yaml is a Helm template; render the chart: helm template NAME CHART > manifests.yaml.",
    ]
    assert found.counts["KubernetesWorkload"] == 2
    with pytest.raises(InvalidInput, match=r"values\.yaml is no manifest"):
        await scan(tmp_path / "values.yaml")
    with pytest.raises(InvalidInput, match="Name the manifests"):
        await scan()
    with pytest.raises(InvalidInput, match="No such file"):
        await scan(tmp_path / "none.yaml")


async def test_aliases_that_multiply_take_no_time_and_no_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    written(tmp_path)
    found = await scan(tmp_path)
    assert found.counts["KubernetesWorkload"] == 2


def test_declared_and_seen_objects_are_one_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/estate.db")
    path = str(written(tmp_path))
    words = ["scan", "manifests", path, "--set", f"cluster={UID}"]
    with serving_api(Api.of(CLUSTER), tmp_path) as config:
        assert run_main(["scan", "kubernetes", "--set", f"kubeconfig={config}"]) == 0
    count = items(capsys)
    assert run_main(words) == 0
    assert items(capsys) == count
    capsys.readouterr()
    assert run_main(words) == 0
    assert "Nothing changed." in capsys.readouterr().out


def items(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    capsys.readouterr()
    assert run_main(["items", "--limit", "500", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["items"]
    kinds = [item["kind"] for item in found]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}
