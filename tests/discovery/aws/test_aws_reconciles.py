"""One estate seen by AWS's own answers and by a state of Terraform: one graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main
from tests.discovery.aws.estate import ACCOUNT, REGION, SECRET, Cloud, shop, simulator
from tests.discovery.terraform.states import instance, resource, state


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[str, dict[str, Any]]]:
    with pytest.MonkeyPatch.context() as monkeypatch, simulator(monkeypatch) as address:
        yield address, shop(address)


@pytest.fixture
def built(
    shared: tuple[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, dict[str, Any]]:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/estate.db")
    monkeypatch.setenv("COLUMNS", "120")
    return shared


def scan(address: str) -> int:
    words = [f"endpoint_url={address}", f"regions={REGION}"]
    return run_main(["scan", "aws", *(w for word in words for w in ("--set", word))])


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert run_main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def of_terraform(ids: dict[str, Any]) -> bytes:
    """The same things as the state that made them would have them."""

    def arn(service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"

    def one(kind: str, **attributes: Any) -> dict[str, Any]:
        return resource(kind, "this", instance(attributes))

    subnets = [
        instance({"id": s, "arn": arn("ec2", f"subnet/{s}"), "vpc_id": ids["vpc"]}, index_key=at)
        for at, s in enumerate(ids["subnets"])
    ]
    machines = [
        instance(
            {"id": m, "arn": arn("ec2", f"instance/{m}"), "subnet_id": ids["subnets"][at]},
            index_key=at,
        )
        for at, m in enumerate(ids["machines"])
    ]
    return state(
        [
            one("aws_vpc", id=ids["vpc"], arn=arn("ec2", f"vpc/{ids['vpc']}")),
            resource("aws_subnet", "this", *subnets),
            resource("aws_instance", "web", *machines),
            one(
                "aws_lb",
                id=ids["balancer"],
                arn=ids["balancer"],
                name="shop",
                dns_name=ids["name"],
                subnets=ids["subnets"],
            ),
            one("aws_lb_target_group", id=ids["pool"], arn=ids["pool"], name="shop"),
            one("aws_db_instance", id="db-ABC", arn=arn("rds", "db:orders"), identifier="orders"),
            one("aws_sqs_queue", id="https://sqs/orders", arn=arn("sqs", "orders"), name="orders"),
            one("aws_sns_topic", id=arn("sns", "placed"), arn=arn("sns", "placed")),
            one("aws_s3_bucket", id="shop-pictures", arn="arn:aws:s3:::shop-pictures"),
            one("aws_lambda_function", id="book", arn=arn("lambda", "function:book")),
            one("aws_ecs_cluster", id=arn("ecs", "cluster/tasks"), arn=arn("ecs", "cluster/tasks")),
            one("aws_ecs_service", id=arn("ecs", "service/tasks/api"), name="api"),
            one("aws_eks_cluster", id="shop", arn=arn("eks", "cluster/shop"), name="shop"),
            one("aws_route53_record", id="Z_www", fqdn="www.example.com", type="A"),
        ]
    )


def test_the_second_scan_changes_nothing_and_no_secret_is_stored(
    built: tuple[str, dict[str, Any]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert scan(built[0]) == 0
    capsys.readouterr()
    assert scan(built[0]) == 0
    assert "Nothing changed." in capsys.readouterr().out
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("estate.db*"))
    assert b"orders standby" in kept
    assert SECRET.encode() not in kept


def test_a_state_of_the_same_estate_adds_no_item(
    built: tuple[str, dict[str, Any]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    address, ids = built
    assert scan(address) == 0
    before = asked(capsys, "items", "--limit", "500")["items"]
    (tmp_path / "shop.tfstate").write_bytes(of_terraform(ids))
    assert run_main(["scan", "terraform", str(tmp_path / "shop.tfstate")]) == 0
    after = asked(capsys, "items", "--limit", "500")["items"]
    assert {i["id"] for i in after} == {i["id"] for i in before}


def test_a_state_in_s3_is_read_where_it_is(
    built: tuple[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    address, ids = built
    cloud = Cloud(address)
    s3 = cloud("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="states", Key="live/shop.tfstate", Body=of_terraform(ids))
    s3.put_object(Bucket="states", Key="live/notes.txt", Body=b"not a state")
    cloud.close()
    words = ["scan", "terraform", "--set", f"endpoint_url={address}"]
    assert run_main([*words, "s3://states/live/shop.tfstate"]) == 0
    assert asked(capsys, "show", f"cloud:{ids['machines'][0]}")["kind"] == "VirtualMachine"
    capsys.readouterr()
    assert run_main([*words, "s3://states/"]) == 0
    assert run_main([*words, "s3://states/none.tfstate"]) == 2
    assert "no such object (NoSuchKey)" in capsys.readouterr().err
    assert run_main([*words, "s3://nowhere/"]) == 2
    assert "no such object (NoSuchBucket)" in capsys.readouterr().err


def test_a_zone_takes_down_what_is_in_it_alone(
    built: tuple[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan(built[0]) == 0
    answer = asked(capsys, "impact", f"name:Location/{REGION}a")
    states = {f"{a['kind']} {a['name']}": a["state"] for a in answer["affected"]}
    assert states["VirtualMachine web0"] == "down"
    assert "VirtualMachine web1" not in states
    # One target of the pool is in the other zone, and so is the standby of the database.
    assert states["LoadBalancer shop"] == "at_risk"
    assert states["CloudResource book"] == "at_risk"
