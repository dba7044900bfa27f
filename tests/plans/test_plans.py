"""Plans of other tools, read; and what is said of files that are none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cmdb.errors import InvalidInput
from cmdb.plans import KubernetesObject, read_plan
from tests.plans.plan_files import change, every_action, plan

RECORDED = Path(__file__).parent / "recorded"

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "cart", "namespace": "shop"},
    "spec": {"replicas": 2},
}


def read(document: Any) -> dict[str, str]:
    """The effect on each resource of a plan, by address."""
    found = read_plan(json.dumps(document).encode(), "plan.json")
    return {resource.address: resource.effect for resource in found.resources}


def test_every_action_has_its_effect() -> None:
    assert read(every_action()) == {
        "aws_s3_bucket.kept": "unchanged",
        "aws_s3_bucket.new": "create",
        "aws_instance.database": "update",
        "aws_s3_bucket.media": "replace",
        "aws_ses_relay.mail": "replace",
        "vsphere_virtual_machine.pay": "delete",
        "aws_sqs_queue.orphan": "delete",
        "aws_acquirer.a": "forget",
    }


def test_why_is_said_without_any_value() -> None:
    secret = change("x.a", ["update"], {"password": "s3cret"}, {"password": "hunter2", "n": 1})
    replaced = change(
        "x.b", ["create", "delete"], {"id": "b"}, {}, replace_paths=[["ami"], ["disk", 0, "size"]]
    )
    found = read_plan(json.dumps(plan(secret, replaced)).encode(), "plan.json")
    assert [r.reason for r in found.resources] == [
        "changes n, password",
        "the new one first; forced by ami, disk.0.size",
    ]
    assert "s3cret" not in repr(found)
    assert "hunter2" not in repr(found)


def test_a_thing_is_known_by_what_clouds_call_it() -> None:
    values = {
        "id": "projects/p/zones/z/instances/web",
        "self_link": "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/web",
        "name": "web",
        "private_dns": "web.example.org",
        "hostname": "web",
        "tags": {"Name": "Web server"},
        "uuid": 7,
    }
    found = read_plan(json.dumps(plan(change("g.a", ["delete"], values))).encode(), "p")
    (resource,) = found.resources
    assert resource.identifiers == (
        "cloud:https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/web",
        "cloud:projects/p/zones/z/instances/web",
        "fqdn:web.example.org",
    )
    assert resource.names == ("web", "Web server")


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (
            "kubernetes_deployment_v1",
            {"metadata": [{"name": "cart", "namespace": "shop"}]},
            ("shop", "Deployment", "cart"),
        ),
        (
            "kubernetes_stateful_set",
            {"metadata": [{"name": "db", "namespace": "shop"}]},
            ("shop", "StatefulSet", "db"),
        ),
        ("kubernetes_namespace", {"metadata": [{"name": "shop"}]}, ("_", "Namespace", "shop")),
        ("kubernetes_manifest", {"manifest": DEPLOYMENT}, ("shop", "Deployment", "cart")),
    ],
)
def test_objects_of_the_kubernetes_provider_are_those_of_a_cluster(
    kind: str, values: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    found = read_plan(json.dumps(plan(change(f"{kind}.a", ["delete"], values))).encode(), "p")
    assert found.resources[0].objects == (KubernetesObject(*expected),)


def test_what_is_deposed_goes_beside_what_takes_its_place() -> None:
    found = read(
        plan(
            change("x.a", ["delete"], {"id": "old"}, deposed="8f3a"),
            change("x.a", ["no-op"], {"id": "new"}, {"id": "new"}),
        )
    )
    assert found == {"x.a (deposed 8f3a)": "delete", "x.a": "unchanged"}


def test_a_plan_that_changes_nothing_is_a_plan() -> None:
    bare = {"format_version": "1.2", "terraform_version": "1.9.8", "planned_values": {}}
    assert read(bare) == {}


def test_manifests_edit_scale_down_and_recreate() -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {replicas: 0}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mail, namespace: shop}
spec: {strategy: {type: Recreate}}
---
# nothing here
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Service, metadata: {name: cart}}
  - {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
"""
    found = read_plan(text.encode(), "shop.yaml")
    assert found.tool == "kubernetes"
    assert {r.address: r.effect for r in found.resources} == {
        "shop/Deployment/cart": "delete",
        "shop/Deployment/mail": "replace",
        "Service/cart": "update",
        "Namespace/shop": "update",
    }
    assert found.resources[2].objects == (
        KubernetesObject("default", "Service", "cart"),
        KubernetesObject("_", "Service", "cart"),
    )


def test_what_a_powershell_redirection_writes_is_read() -> None:
    text = json.dumps(plan(change("x.a", ["delete"], {"id": "a"})))
    for encoding in ("utf-16", "utf-8-sig"):
        assert read_plan(text.encode(encoding), "p").resources[0].effect == "delete"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"---\n---\n", "is empty"),
        (b"PK\x03\x04tfplan", "Terraform's own binary form; print it: terraform show -json"),
        (gzip.compress(b"chart", mtime=0), "a packaged Helm chart"),
        (b"\x00\x01\x02", "is binary"),
        (b"\xff\xfa\xfb", "is binary"),
        (b'{"resource_changes": [', "is no JSON"),
        (b'{"a": 1}', "is no plan"),
        (b"[]", "is no plan"),
        (b"[1, 2]", "is no plan"),
        (b'"text"', "is no plan"),
        (b"just words", "is no plan"),
        (b"a: [1", r"line \d: this is neither JSON nor YAML"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"version": 4, "terraform_version": "1.9", "resources": []}', "a Terraform state"),
        (b'{"version": 3, "modules": []}', "a Terraform state"),
        (b'{"format_version": "1.0", "values": {}}', "a printed Terraform state"),
        (b'{"@level":"info"}\n{"@level":"info"}\n', "the log that terraform plan -json prints"),
        (b'{"@level":"info"}', "the log that terraform plan -json prints"),
        (b"apiVersion: v2\nname: shop\nversion: 1.0.0\n", "Helm chart's description"),
        (b"kind: Service\nmetadata:\n  name: {{ .Values.name }}\n", "a Helm template"),
        (b"{{- if .Values.x }}\nkind: Service\n", "a Helm template"),
        (b"services:\n  web:\n    image: x\n", "a Compose file"),
        (b"AWSTemplateFormatVersion: 2010-09-09\n", "a CloudFormation template"),
        (b'{"steps": [], "changeSummary": {}}', "a preview of Pulumi"),
        (b"apiVersion: v1\nkind: Service\nmetadata: {generateName: a-}\n", "no metadata.name"),
        (b'{"resource_changes": {}}', "resource_changes is no list"),
        (b'{"resource_changes": [1]}', r"resource_changes\[0\] has no change"),
        (b'{"resource_changes": [{"change": {}}]}', "change.actions is no list"),
        (b'{"resource_changes": [{"change": {"actions": ["x"]}}]}', "no version of the format"),
        (b'{"resource_changes": [{"change": {"actions": []}}]}', "are empty"),
    ],
)
def test_what_is_no_plan_is_called_what_it_is(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        read_plan(data, "given.file")
    assert caught.value.message.startswith("given.file")


def test_a_bomb_of_aliases_is_not_unfolded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(InvalidInput, match="is no plan"):
        read_plan("\n".join(lines).encode(), "bomb.yaml")


def test_real_plans_and_manifests_are_read(shared_data: Path) -> None:
    plans = sorted((shared_data / "cai-assets").rglob("*.tfplan.json"))
    assert len(plans) > 90
    effects = {
        resource.effect
        for path in plans
        for resource in read_plan(path.read_bytes(), path.name).resources
    }
    assert effects == {"create", "update"}
    manifests = shared_data / "online-boutique" / "release" / "kubernetes-manifests.yaml"
    found = read_plan(manifests.read_bytes(), manifests.name)
    assert len(found.resources) > 30
    assert {r.effect for r in found.resources} == {"update"}
    for path in (shared_data / "inframap-tfstate").rglob("*.json"):
        with pytest.raises(InvalidInput):
            read_plan(path.read_bytes(), path.name)


def test_what_terraform_itself_planned() -> None:
    plan = read_plan((RECORDED / "plan.json").read_bytes(), "plan.json")
    assert (plan.tool, plan.version) == ("terraform", "1.11.4")
    assert {r.address.removeprefix("terraform_data."): r.effect for r in plan.resources} == {
        "created": "create",
        "deleted": "delete",
        "edited": "update",
        "kept": "unchanged",
        "replaced": "replace",
    }
    reasons = {r.effect: r.reason for r in plan.resources}
    assert reasons["replace"] == "the old one goes first; forced by triggers_replace"
    assert reasons["update"] == "changes input, output"


@pytest.mark.parametrize(
    ("name", "said"),
    [("state.json", "a printed Terraform state"), ("plan.tfplan", "Terraform's own binary form")],
)
def test_what_terraform_itself_wrote_and_is_no_plan(name: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_plan((RECORDED / name).read_bytes(), name)
