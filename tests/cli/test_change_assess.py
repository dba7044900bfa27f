"""The plan gate, as a pipeline meets it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.change_markdown import escaped
from cmdb.cli.main import run_main
from tests.plans.plan_files import change, every_action, plan

CLUSTER = "11e8b1ba-18cb-4b48-93f0-ee150cab453c"


@pytest.fixture(autouse=True)
def store(demo: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CMDB_STORE", demo)
    return demo


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(every_action()), "utf-8")
    return path


def ask(capfd: pytest.CaptureFixture[str], path: Path, *options: str) -> Any:
    capfd.readouterr()
    assert run_main(["change", "assess", "--plan", str(path), "--json", *options]) == 0
    return json.loads(capfd.readouterr().out)


def test_resources_are_items_by_identifier_or_else_by_name(
    written: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = ask(capfd, written)
    rows = {c["address"]: (c["effect"], c["match"], c["kind"], c["name"]) for c in found["changes"]}
    assert rows == {
        "aws_sqs_queue.orphan": ("delete", "none", None, None),
        "vsphere_virtual_machine.pay": (
            *("delete", "name", "VirtualMachine"),
            "dc1-payments-1",
        ),
        "aws_s3_bucket.media": ("replace", "identifier", "CloudResource", "media-bucket"),
        "aws_ses_relay.mail": ("replace", "identifier", "CloudResource", "mail-relay"),
        "aws_instance.database": ("update", "identifier", "Server", "dc1-db03"),
        "aws_s3_bucket.new": ("create", "none", None, None),
        "aws_acquirer.a": (
            *("forget", "identifier", "CloudResource"),
            found["changes"][-1]["name"],
        ),
    }
    assert found["counts"] == {
        "delete": 2,
        "replace": 2,
        "update": 1,
        "create": 1,
        "forget": 1,
        "unchanged": 1,
    }
    assert found["unmapped"] == ["aws_sqs_queue.orphan"]


def test_what_goes_down_is_what_is_deleted_or_replaced_and_nothing_else(
    written: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = ask(capfd, written)
    capfd.readouterr()
    assert run_main(["impact", *found["failing"], "--json"]) == 0
    alone = json.loads(capfd.readouterr().out)
    assert len(found["failing"]) == 3
    assert found["impact"]["counts"] == alone["counts"]
    assert found["impact"]["affected"] == alone["affected"]
    assert "dc1-db03" not in {row["name"] for row in found["impact"]["affected"]}
    assert run_main(["risk", *found["failing"], "--json"]) == 0
    assert found["risk"]["total"] == json.loads(capfd.readouterr().out)["total"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ([], 0),
        (["--max-risk", "100"], 0),
        (["--max-risk", "5"], 1),
        (["--strict"], 1),
        (["--max-risk", "5", "--json"], 1),
        (["--max-risk", "5", "--format", "markdown"], 1),
        (["--max-risk", "101"], 2),
    ],
)
def test_the_gate(
    options: list[str], status: int, written: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["change", "assess", "--plan", str(written), *options]) == status


def test_a_plan_that_takes_nothing_down_passes_any_gate(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.json"
    path.write_text(json.dumps(plan(change("x.a", ["create"], None, {"name": "dc1-hv05"}))))
    found = ask(capfd, path, "--max-risk", "0", "--strict")
    assert (found["impact"], found["risk"], found["failing"], found["unmapped"]) == (
        None,
        None,
        [],
        [],
    )


def test_several_items_of_one_name_are_candidates_and_none_is_taken(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(plan(change("x.a", ["delete"], {"name": "dc2-backup1"}))))
    (row,) = ask(capfd, path)["changes"]
    assert (row["match"], row["id"]) == ("several", None)
    assert len(row["candidates"]) > 1


def test_manifests_are_held_against_the_cluster_that_is_stored(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(
        """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: cart}
spec: {replicas: 0}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: checkout}
---
apiVersion: v1
kind: Service
metadata: {name: brand-new, namespace: cart}
"""
    )
    unnamed = ask(capfd, path)
    assert [c["match"] for c in unnamed["changes"]] == ["several", "several", "none"]
    assert len(unnamed["changes"][0]["candidates"]) == 2
    assert unnamed["unmapped"] == ["cart/Deployment/cart", "checkout/Deployment/checkout"]
    found = ask(capfd, path, "--cluster", "k8s-prod")
    rows = {c["address"]: (c["effect"], c["matched_by"]) for c in found["changes"]}
    assert rows == {
        "cart/Deployment/cart": ("delete", f"k8s:{CLUSTER}/cart/Deployment/cart"),
        "checkout/Deployment/checkout": (
            *("update", f"k8s:{CLUSTER}/checkout/Deployment/checkout"),
        ),
        "cart/Service/brand-new": ("create", None),
    }
    assert found["changes"][0]["reason"] == "scaled to no replicas"
    assert [row["name"] for row in found["impact"]["affected"][:1]] == ["cart (production)"]


@pytest.mark.parametrize(
    ("cluster", "said"),
    [("k8s-nowhere", "There is no item 'k8s-nowhere'"), ("dc1-hv05", "is no KubernetesCluster")],
)
def test_a_cluster_that_is_none(
    cluster: str, said: str, written: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["change", "assess", "--plan", str(written), "--cluster", cluster]
    assert run_main(arguments) == 2
    assert said in capfd.readouterr().err


def test_a_plan_comes_through_a_pipe(
    written: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = io.TextIOWrapper(io.BytesIO(written.read_bytes()))
    monkeypatch.setattr("sys.stdin", piped)
    assert ask(capfd, Path("-"))["counts"]["delete"] == 2


def test_the_comment_says_the_verdict_first_and_mentions_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.json"
    nasty = change("x.a|b<script>@team", ["delete"], {"arn": "arn:none"})
    path.write_text(json.dumps({**every_action(), "resource_changes": [nasty]}))
    capfd.readouterr()
    arguments = ["change", "assess", "--plan", str(path), "--format", "markdown", "--strict"]
    assert run_main(arguments) == 1
    said = capfd.readouterr().out
    assert said.startswith("### Change assessment: nothing known is taken down\n\n**1 resource of")
    assert r"x.a\|b&lt;script&gt;&#64;team" in said
    assert "@" not in said
    assert "<script>" not in said


def test_the_comment_of_a_plan_that_takes_something_down(
    written: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    arguments = ["change", "assess", "--plan", str(written), "--format", "markdown"]
    assert run_main(arguments) == 0
    said = capfd.readouterr().out
    assert "| Effect | Resource | Item | Found by | Remark |" in said
    assert "<details><summary>Risk, factor by factor</summary>" in said
    for line in said.splitlines():
        if line.startswith("|"):
            assert line.count("|") - line.count("\\|") in (4, 6)


def test_text_is_escaped_for_a_table_cell() -> None:
    assert escaped("a|b\nc `d` [e](f) #1") == r"a\|b c \`d\` \[e\](f) &#35;1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04", "binary form"),
        (b'{"version": 4, "resources": []}', "a Terraform state"),
        (b"apiVersion: v2\nname: x\nversion: 1\n", "Helm chart"),
    ],
)
def test_a_file_of_another_kind(
    content: bytes, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "given"
    path.write_bytes(content)
    assert run_main(["change", "assess", "--plan", str(path)]) == 2
    assert said in capfd.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_main(["change", "assess", "--plan", str(tmp_path / "none.json")]) == 2
    assert "can't be read: No such file" in capfd.readouterr().err
    assert run_main(["change", "assess", "--plan", str(tmp_path)]) == 2
    assert "is a folder" in capfd.readouterr().err
    assert run_main(["change", "assess"]) == 2


def planned_file(tmp_path: Path, *items: str) -> Path:
    path = tmp_path / "tonight.jsonl"
    row = {"name": "CHG-7", "items": [*items], "start": WINDOW[1], "end": WINDOW[3]}
    path.write_text(json.dumps(row), "utf-8")
    return path


WINDOW = ("--start", "2026-11-24T22:00:00Z", "--end", "2026-11-25T02:00:00Z")


def test_what_a_plan_collides_with_counts_in_its_risk(
    written: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = ask(capfd, written)
    assert (alone["conflicts"], alone["total_conflicts"]) == ([], 0)
    (counted,) = (f for f in alone["risk"]["factors"] if f["factor"] == "collisions")
    assert counted["sentence"] == "It was not compared with other planned failures."
    empty = ask(capfd, written, *WINDOW)
    (counted,) = (f for f in empty["risk"]["factors"] if f["factor"] == "collisions")
    assert counted["sentence"] == "It collides with no other planned failure."
    beside = ("--planned", str(planned_file(tmp_path, "media-bucket", "dc1-db03")))
    found = ask(capfd, written, *WINDOW, *beside)
    assert [c["type"] for c in found["conflicts"]] == ["shared_item"]
    assert found["conflicts"][0]["other"] == "CHG-7"
    (counted,) = (f for f in found["risk"]["factors"] if f["factor"] == "collisions")
    assert (counted["value"], counted["evidence"][0]["id"]) == (0.5, "CHG-7")
    assert run_main(["change", "assess", "--plan", str(written), *WINDOW, *beside]) == 0
    said = capfd.readouterr().out
    assert "In the way:\n  CHG-7 (planned) works on" in said
    markdown = [
        "change",
        "assess",
        "--plan",
        str(written),
        *WINDOW,
        *beside,
        "--format",
        "markdown",
    ]
    assert run_main(markdown) == 0
    assert "**In the way**" in capfd.readouterr().out


def test_a_plan_at_two_points(written: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = ask(capfd, written, "--compare", "1", *WINDOW)
    assert (found["before_revision"], found["revision"]) == (1, 2)
    assert found["risk"]["before_total"] < found["risk"]["total"]
    assert found["impact"]["before"]["counts"]["down"] < found["impact"]["after"]["counts"]["down"]
    assert (found["new_conflicts"], found["gone_conflicts"]) == ([], [])
    arguments = ["change", "assess", "--plan", str(written), "--compare", "1"]
    assert run_main([*arguments, "--max-risk", "1"]) == 1
    said = capfd.readouterr().out
    assert " then: " in said
    assert "is above the most that is allowed, 1." in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--planned", "tonight"), "give the start and the end of the apply"),
        (WINDOW[:2], "only one of them is given"),
        ((*WINDOW[:2], "--end", WINDOW[1]), "must end after it starts"),
        (("--compare", "1", "--strict"), "--strict is for the whole answer"),
        (("--compare", "1", "--format", "markdown"), "--format markdown is for the whole answer"),
        (("--compare", "99"), "There is no revision 99"),
        (("--start", "tomorrow"), "must be a time such as"),
    ],
)
def test_half_a_question_about_a_plan_is_refused(
    written: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    tonight = str(planned_file(tmp_path, "media-bucket"))
    given = [tonight if option == "tonight" else option for option in options]
    assert run_main(["change", "assess", "--plan", str(written), *given]) == 2
    assert said in " ".join(capfd.readouterr().err.split())
