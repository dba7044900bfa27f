"""What states of both formats become: items, links with their evidence, and never a secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput
from cmdb.items import ItemObservation, LinkObservation
from cmdb.plans import read_plan
from discovery.scanner import Parsed, encode_payload
from discovery.terraform import SCANNER, TerraformSettings
from discovery.terraform.mapping import mappings
from discovery.terraform.state import TerraformPayload, read_state
from tests.discovery.terraform.states import (
    SECRET,
    SHOP,
    VERSION_3,
    WEB,
    arn,
    instance,
    resource,
    state,
)

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def payload(*states: bytes) -> TerraformPayload:
    read = (read_state(data, f"{at}.tfstate", mappings()) for at, data in enumerate(states))
    return TerraformPayload("states/test", tuple(read))


def parsed(*states: bytes, declared: bool = True) -> Parsed:
    return SCANNER.parse(payload(*states), TerraformSettings(declared=declared), NOW)


def items(found: Parsed) -> dict[str, ItemObservation]:
    """By the address in the label; zones by their name."""
    seen = [o for o in found.observations if isinstance(o, ItemObservation)]
    return {_called(o): o for o in seen}


def _called(seen: ItemObservation) -> str:
    labels = seen.properties.get("labels")
    return labels[0].partition("=")[2] if isinstance(labels, list) else str(seen.properties["name"])


def links(found: Parsed) -> dict[tuple[str, str, str], LinkObservation]:
    names = {o.identifiers[0]: called for called, o in items(found).items()}
    return {
        (names.get(o.from_key, o.from_key), o.relation, names.get(o.to_key, o.to_key)): o
        for o in found.observations
        if isinstance(o, LinkObservation)
    }


def test_the_shop_is_found_with_its_links() -> None:
    found = parsed(state(SHOP))
    assert {called: o.kind for called, o in items(found).items()} == {
        "module.net.aws_vpc.main": "CloudResource",
        "module.net.aws_subnet.a": "Subnet",
        "aws_instance.web[0]": "VirtualMachine",
        "aws_instance.web[1]": "VirtualMachine",
        'aws_ebs_volume.data["a b"]': "StorageVolume",
        'aws_ebs_volume.data["a b"] (deposed 00ff)': "StorageVolume",
        "aws_lb.shop": "LoadBalancer",
        "aws_lb_target_group.shop": "Cluster",
        "aws_db_instance.main": "DatabaseInstance",
        "aws_db_instance.replica": "DatabaseInstance",
        "aws_lambda_function.mail": "CloudResource",
        "aws_sqs_queue.mail": "MessageQueue",
        "aws_route53_record.shop": "DnsRecord",
        "eu-west-1a": "Location",
    }
    assert set(links(found)) == {
        ("module.net.aws_vpc.main", "CONTAINS", "module.net.aws_subnet.a"),
        ("aws_instance.web[0]", "DEPENDS_ON", "module.net.aws_subnet.a"),
        ("aws_instance.web[1]", "DEPENDS_ON", "module.net.aws_subnet.a"),
        ("aws_instance.web[0]", "ATTACHES_TO", 'aws_ebs_volume.data["a b"]'),
        ("aws_lb.shop", "ROUTES_TO", "aws_lb_target_group.shop"),
        ("aws_instance.web[0]", "MEMBER_OF", "aws_lb_target_group.shop"),
        ("aws_instance.web[1]", "MEMBER_OF", "aws_lb_target_group.shop"),
        ("aws_db_instance.replica", "EXCHANGES_DATA_WITH", "aws_db_instance.main"),
        ("aws_lambda_function.mail", "DEPENDS_ON", "aws_sqs_queue.mail"),
        ("aws_lb.shop", "RESOLVED_BY", "aws_route53_record.shop"),
        ("module.net.aws_subnet.a", "LOCATED_IN", "eu-west-1a"),
        ("aws_instance.web[0]", "LOCATED_IN", "eu-west-1a"),
        ("aws_instance.web[1]", "LOCATED_IN", "eu-west-1a"),
    }
    assert found.full
    assert found.notes == (
        (
            "2 resources have types that the mapping does not make items of: "
            "1 of aws_security_group, 1 of random_password."
        ),
    )


def test_a_reference_is_surer_than_a_declaration_and_both_say_why() -> None:
    found = links(parsed(state(SHOP)))
    reference = found["aws_instance.web[0]", "DEPENDS_ON", "module.net.aws_subnet.a"]
    assert (reference.strength, reference.confidence) == ("hard", 1.0)
    assert reference.evidence == (
        "subnet_id of aws_instance.web[0] leads to module.net.aws_subnet.a"
    )
    declared = found["aws_lambda_function.mail", "DEPENDS_ON", "aws_sqs_queue.mail"]
    assert (declared.strength, declared.confidence) == ("soft", 0.5)
    assert declared.evidence == (
        "aws_lambda_function.mail declares to depend on aws_sqs_queue.mail "
        "through aws_security_group.mail"
    )
    without = links(parsed(state(SHOP), declared=False))
    assert set(found) - set(without) == {
        ("aws_lambda_function.mail", "DEPENDS_ON", "aws_sqs_queue.mail")
    }


def test_items_bear_the_identifiers_that_the_plan_gate_looks_for() -> None:
    before = {"id": WEB[0], "arn": arn("ec2", f"instance/{WEB[0]}")}
    change = {"actions": ["delete"], "before": before, "after": None}
    plan = {"resource_changes": [{"address": "a.b", "type": "aws_instance", "change": change}]}
    wanted = read_plan(json.dumps(plan).encode(), "plan.json").resources[0].identifiers
    assert items(parsed(state(SHOP)))["aws_instance.web[0]"].identifiers[1:] == wanted


def test_what_is_unique_in_an_account_only_identifies_nothing() -> None:
    replica = items(parsed(state(SHOP)))["aws_db_instance.main"]
    assert replica.identifiers[1:] == (
        f"cloud:{arn('rds', 'db:shop')}",
        "fqdn:shop.abc.eu-west-1.rds.amazonaws.com",
    )
    plain = resource("aws_db_instance", "x", instance({"id": "shop"}))
    assert items(parsed(state([plain])))["aws_db_instance.x"].identifiers == (
        "key:terraform/11111111-aaaa/aws_db_instance.x",
    )


def test_no_secret_leaves_the_state() -> None:
    read = payload(state(SHOP), VERSION_3)
    assert SECRET not in encode_payload(read).decode()
    found = SCANNER.parse(read, TerraformSettings(), NOW)
    assert SECRET not in msgspec.json.encode(found.observations).decode()
    assert "engine" not in items(found)["aws_db_instance.replica"].properties


def test_a_state_of_format_3() -> None:
    found = parsed(VERSION_3)
    assert set(items(found)) == {
        "module.net.aws_subnet.a",
        "module.net.aws_elb.front",
        "module.net.aws_s3_bucket.logs",
        "module.net.aws_instance.web[0]",
        "module.net.aws_instance.web[0] (deposed 1)",
    }
    assert items(found)["module.net.aws_subnet.a"].properties["name"] == "a"
    front = "module.net.aws_elb.front"
    assert {(k, o.gate.name if o.gate else "") for k, o in links(found).items()} == {
        ((front, "DEPENDS_ON", "module.net.aws_subnet.a"), "subnets"),
        ((front, "ROUTES_TO", "module.net.aws_instance.web[0]"), "instances"),
        # The second machine is deposed here; its id leads to it wherever else it is known.
        ((front, "ROUTES_TO", f"cloud:{WEB[1]}"), "instances"),
        ((front, "DEPENDS_ON", "module.net.aws_s3_bucket.logs"), ""),
    }


def test_references_that_are_unclear_or_lead_to_nothing_are_not_links() -> None:
    twins = [
        resource("aws_s3_bucket", name, instance({"id": "logs", "bucket": "logs"}))
        for name in ("a", "b")
    ]
    origin = instance({"id": "E1", "origin": [{"domain_name": "logs"}, {"domain_name": "gone"}]})
    assert (
        links(parsed(state([*twins, resource("aws_cloudfront_distribution", "cdn", origin)]))) == {}
    )


def test_google_targets_lead_through_proxies_and_maps_to_the_pool() -> None:
    root = "https://www.googleapis.com/compute/v1/projects/p/global"
    chain = [
        ("google_compute_global_forwarding_rule", "rule", {"target": f"{root}/proxies/x"}),
        ("google_compute_target_http_proxy", "x", {"url_map": f"{root}/maps/x"}),
        ("google_compute_url_map", "x", {"default_service": f"{root}/services/x"}),
        ("google_compute_backend_service", "pool", {}),
    ]
    links_to = (f"{root}/rules/x", f"{root}/proxies/x", f"{root}/maps/x", f"{root}/services/x")
    found = parsed(
        state(
            [
                resource(
                    kind, name, instance({"id": link.split("/v1/")[1], "self_link": link, **more})
                )
                for (kind, name, more), link in zip(chain, links_to, strict=True)
            ]
        )
    )
    assert set(links(found)) == {
        (
            "google_compute_global_forwarding_rule.rule",
            "ROUTES_TO",
            "google_compute_backend_service.pool",
        )
    }
    assert "cloud:projects/p/global/services/x" in {
        i for o in items(found).values() for i in o.identifiers
    }


def test_two_states_that_share_a_resource_tell_of_it_once() -> None:
    shared = resource("aws_instance", "w", instance({"id": WEB[0]}), mode="data")
    found = parsed(
        state([resource("aws_instance", "w", instance({"id": WEB[0]}))]), state([shared])
    )
    assert len(items(found)) == 1


def test_every_rule_names_what_the_catalogue_and_the_manifest_have() -> None:
    catalogue = builtin()
    for name, rule in mappings().types.items():
        assert rule.kind or rule.links or rule.stands_for, name
        for link in rule.links:
            assert link.relation in SCANNER.manifest.relations, name
            assert bool(link.from_path) != bool(rule.kind), name
            assert all(mappings().knows(other) for other in (*link.to, *link.from_to)), name
        if not rule.kind:
            continue
        assert rule.kind in SCANNER.manifest.kinds, name
        kind = catalogue.kind(rule.kind)
        assert {*rule.properties, *rule.fixed} <= set(kind.properties), name
        assert set(rule.identifiers) <= set(kind.identified_by), name


def test_every_rule_makes_an_item_that_the_catalogue_takes() -> None:
    for name, rule in mappings().types.items():
        if rule.kind:
            values = _filled(rule.paths())
            found = items(parsed(state([resource(name, "x", instance(values))])))
            assert found[f"{name}.x"].kind == rule.kind, name


def _filled(paths: tuple[str, ...]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        *way, last = path.split(".")
        for step in way:
            node = node.setdefault(step, {})
        node[last] = "7"
    return tree


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04", "a saved plan, not a state"),
        (b"\xff\xfe", "not UTF-8"),
        (b"resource {}", "is no JSON"),
        (b"[]", "a state is a JSON object"),
        (b"{}", "has no version"),
        (b'{"version": 2}', "format 2; formats 3 and 4 are read here"),
        (b'{"version": 9}', "a newer version of cmdb"),
        (b'{"resource_changes": []}', "cmdb change assess --plan"),
        (b'{"format_version": "1.0", "values": {}}', "a printed state"),
        (b'{"encrypted_data": "x", "encryption_version": "v0"}', "tofu state pull"),
        (b'{"version": 4, "resources": {}}', "resources must be a list of objects"),
        (b'{"version": 4, "resources": [{"type": "a"}]}', r"resources\[0\].name must be a text"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_wrong_file_is_named_with_what_would_be_right(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=f"web.tfstate.*{says}"):
        read_state(data, "web.tfstate", mappings())


def test_states_that_others_wrote(shared_data: Path) -> None:
    folder = shared_data / "inframap-tfstate/generate/testdata"
    read, refused = {}, set()
    for file in [*folder.glob("*.json"), *folder.glob("*.tfstate")]:
        try:
            read[file.name] = parsed(file.read_bytes())
        except InvalidInput:
            refused.add(file.name)
    assert refused == {"invalid_version_state.json"}
    old = links(read["version_3_state.json"])
    assert ("module.cycloid.aws_alb.front", "DEPENDS_ON", "cloud:subnet-08c11040") in old
    balanced = links(read["openstack_state_lb.json"])
    assert ("ROUTES_TO", "openstack_lb_pool_v2.nwYyz") in {key[1:] for key in balanced}
