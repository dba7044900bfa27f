"""A shop in a simulated account: what is there, and how it hangs together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from cmdb.errors import InvalidInput, InvalidSettings, RemoteUnavailable
from cmdb.items import Gate, ItemObservation, LinkObservation
from discovery.aws import SCANNER, AwsSettings
from discovery.aws.table import calls
from discovery.run import ScanResult, run_scan
from discovery.scanner import Failure, decode_payload, encode_payload
from tests.discovery.aws.estate import ACCOUNT, REGION, SECRET, Cloud, network, shop, simulator


class Built(NamedTuple):
    settings: AwsSettings
    ids: dict[str, Any]


@pytest.fixture(scope="module")
def built() -> Iterator[Built]:
    with pytest.MonkeyPatch.context() as monkeypatch, simulator(monkeypatch) as address:
        settings = AwsSettings(endpoint_url=address, regions=(REGION,), timeout=30)
        yield Built(settings, shop(address))


@pytest.fixture(scope="module")
def found(built: Built) -> ScanResult:
    return asyncio.run(run_scan(SCANNER, built.settings))


def items(found: ScanResult, kind: str) -> dict[str, ItemObservation]:
    return {
        str(o.properties["name"]): o
        for o in found.observations
        if isinstance(o, ItemObservation) and o.kind == kind
    }


def links(found: ScanResult, relation: str) -> dict[tuple[str, str], LinkObservation]:
    names = {
        o.identifiers[0]: f"{o.kind} {o.properties['name']}"
        for o in found.observations
        if isinstance(o, ItemObservation)
    }
    return {
        (names.get(o.from_key, o.from_key), names.get(o.to_key, o.to_key)): o
        for o in found.observations
        if isinstance(o, LinkObservation) and o.relation == relation
    }


def test_all_of_an_account_is_read(found: ScanResult) -> None:
    assert found.errors == ()
    assert found.full_scope
    assert found.scope == f"accounts/{ACCOUNT}/{REGION}"
    assert {*found.counts} - {"items", "links"} == {*SCANNER.manifest.kinds} | {
        *SCANNER.manifest.relations
    }
    # Twelve services are described ten at a time.
    assert sum(name.startswith("worker") for name in items(found, "Cluster")) == 12


def test_machines_are_members_of_what_spreads_calls_over_them(found: ScanResult) -> None:
    members = links(found, "MEMBER_OF")
    pool = {start for start, end in members if end == "Cluster shop"}
    assert {"VirtualMachine web0", "VirtualMachine web1", "Cluster api"} <= pool
    assert sum(end == "Cluster api" for _, end in members) == 2
    assert ("LoadBalancer shop", "Cluster shop") in links(found, "ROUTES_TO")
    assert ("LoadBalancer shop", "DnsRecord www.example.com") in links(found, "RESOLVED_BY")
    assert ("LoadBalancer shop", "Certificate www.example.com") in links(found, "SECURED_BY")
    needs = links(found, "DEPENDS_ON")
    assert needs["Cluster api", "Subnet subnet-a"].gate == Gate("subnets")


def test_a_database_in_two_zones_has_a_standby_in_the_other(found: ScanResult) -> None:
    pair = ("DatabaseInstance orders", "DatabaseInstance orders standby")
    assert pair in links(found, "FAILS_OVER_TO")
    databases = items(found, "DatabaseInstance")
    roles = {name: held.properties.get("role") for name, held in databases.items()}
    assert roles["orders"] == "primary"
    assert roles["orders standby"] == "standby"
    assert roles["reports"] == "replica"
    assert ("DatabaseInstance reports", "DatabaseInstance orders") in links(
        found, "EXCHANGES_DATA_WITH"
    )
    assert ("DatabaseInstance catalogue-1", "Cluster catalogue") in links(found, "MEMBER_OF")


def test_addresses_in_variables_are_dependencies(found: ScanResult) -> None:
    needs = links(found, "DEPENDS_ON")
    book = needs["CloudResource book", "DatabaseInstance orders"]
    assert book.confidence == 0.8
    assert ("Cluster api", "MessageQueue placed") in needs
    data = links(found, "EXCHANGES_DATA_WITH")
    assert ("CloudResource book", "MessageQueue orders") in data
    assert ("MessageQueue orders", "MessageQueue placed") in data


def test_tags_name_owners(found: ScanResult) -> None:
    owned = links(found, "OWNED_BY")
    assert ("VirtualMachine web0", "Team Payments") in owned
    assert ("DatabaseInstance orders", "Team Data") in owned


def test_what_is_known_by_more_than_its_account(found: ScanResult, built: Built) -> None:
    own = built.ids["machines"][0]
    machine = items(found, "VirtualMachine")["web0"].identifiers
    assert machine[1] == f"cloud:arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{own}"
    assert machine[2] == f"cloud:{own}"
    assert machine[3].startswith("mac:")
    assert items(found, "DatabaseInstance")["orders"].identifiers[2] == (
        f"fqdn:{built.ids['database'].lower()}"
    )


async def test_no_secret_is_kept(built: Built) -> None:
    payloads = [p async for p in SCANNER.fetch(built.settings, (), None)]
    for payload in payloads:
        assert not isinstance(payload, Failure)
        kept = encode_payload(payload)
        assert SECRET.encode() not in kept
        assert decode_payload(SCANNER, kept) == payload


async def test_other_accounts_are_read_by_their_roles(built: Built) -> None:
    roles = [f"arn:aws:iam::{n}:role/cmdb" for n in ("222222222222", "333333333333")]
    cloud = Cloud(built.settings.endpoint_url)
    given = cloud("sts").assume_role(RoleArn=roles[0], RoleSessionName="test")["Credentials"]
    other = Cloud(
        built.settings.endpoint_url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    network(other)
    cloud.close()
    other.close()
    found = await run_scan(SCANNER, built.settings, roles)
    assert found.full_scope
    assert found.scope == f"accounts/222222222222+333333333333/{REGION}"
    assert "VirtualMachine" not in found.counts
    main = items(found, "CloudResource")["main"]
    assert main.properties["account"] == "222222222222"


async def test_every_region_is_read_where_none_is_named(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All calls in all regions take a while.
    queues = tuple(call for call in calls() if call.service == "sqs")
    monkeypatch.setattr("discovery.aws.account.calls", lambda: queues)
    settings = msgspec.structs.replace(built.settings, regions=())
    cloud = Cloud(settings.endpoint_url, "sa-east-1")
    cloud("sqs").create_queue(QueueName="far")
    cloud.close()
    found = await run_scan(SCANNER, settings)
    assert found.scope == f"accounts/{ACCOUNT}"
    far = items(found, "MessageQueue")["far"]
    assert far.properties["labels"] == [f"account={ACCOUNT}", "region=sa-east-1"]


async def test_what_is_no_role_or_no_profile_is_told(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discovery.aws.client.ATTEMPTS", 1)
    with pytest.raises(InvalidInput, match="is no role: write its ARN"):
        await run_scan(SCANNER, built.settings, ["cmdb"])
    with pytest.raises(InvalidSettings, match="no profile 'nobody'"):
        await run_scan(SCANNER, msgspec.structs.replace(built.settings, profile="nobody"))
    with pytest.raises(RemoteUnavailable, match="can't be reached"):
        await run_scan(SCANNER, AwsSettings(endpoint_url="http://127.0.0.1:1"))
