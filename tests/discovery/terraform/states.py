"""States written for these tests, in the shape that Terraform 1.9 and 0.11 write."""

from __future__ import annotations

import json
from typing import Any

SECRET = "hunter2-planted"
ACCOUNT = "eu-west-1:123456789012"


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{ACCOUNT}:{rest}"


POOL = arn("elasticloadbalancing", "targetgroup/shop/1")
BALANCER = arn("elasticloadbalancing", "loadbalancer/app/shop/1")
WEB = ("i-0aaaaaaaaaaaaaaa1", "i-0aaaaaaaaaaaaaaa2")


def resource(kind: str, name: str, *instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "mode": more.pop("mode", "managed"),
        "type": kind,
        "name": name,
        "provider": 'provider["example/any"]',
        "instances": list(instances),
        **more,
    }


def instance(attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema_version": 0, "attributes": attributes, **more}


def machine(number: int, **more: Any) -> dict[str, Any]:
    own = WEB[number]
    return instance(
        {
            "id": own,
            "arn": arn("ec2", f"instance/{own}"),
            "subnet_id": "subnet-0aaaaaaaaaaaaaaa1",
            "private_ip": f"10.0.0.{number + 5}",
            "availability_zone": "eu-west-1a",
            "instance_type": "t3.small",
            "tags": {"Name": f"web{number}"},
            "user_data": f"#!/bin/sh\nexport PASSWORD={SECRET}",
        },
        index_key=number,
        dependencies=["module.net.aws_subnet.a", "module.net.aws_vpc.main"],
        **more,
    )


SHOP: list[dict[str, Any]] = [
    resource(
        "aws_vpc",
        "main",
        instance({"id": "vpc-0aaaaaaaaaaaaaaa1", "tags": {"Name": "main"}}),
        module="module.net",
    ),
    resource(
        "aws_subnet",
        "a",
        instance(
            {
                "id": "subnet-0aaaaaaaaaaaaaaa1",
                "vpc_id": "vpc-0aaaaaaaaaaaaaaa1",
                "cidr_block": "10.0.0.0/24",
                "availability_zone": "eu-west-1a",
            },
            dependencies=["module.net.aws_vpc.main"],
        ),
        module="module.net",
    ),
    resource("aws_instance", "web", machine(0), machine(1)),
    resource(
        "aws_ebs_volume",
        "data",
        instance({"id": "vol-0aaaaaaaaaaaaaaa1", "size": 20}, index_key="a b"),
        instance({"id": "vol-0aaaaaaaaaaaaaaa9", "size": 10}, index_key="a b", deposed="00ff"),
    ),
    resource(
        "aws_volume_attachment",
        "data",
        instance({"id": "vai-1", "instance_id": WEB[0], "volume_id": "vol-0aaaaaaaaaaaaaaa1"}),
    ),
    resource(
        "aws_lb",
        "shop",
        instance({"id": BALANCER, "arn": BALANCER, "dns_name": "shop-1.elb.amazonaws.com"}),
    ),
    resource("aws_lb_target_group", "shop", instance({"id": POOL, "arn": POOL, "name": "shop"})),
    resource(
        "aws_lb_listener",
        "shop",
        instance(
            {
                "id": "listener",
                "load_balancer_arn": BALANCER,
                "default_action": [{"type": "forward", "target_group_arn": POOL}],
            }
        ),
    ),
    resource(
        "aws_lb_target_group_attachment",
        "shop",
        *(instance({"id": own, "target_id": own, "target_group_arn": POOL}) for own in WEB),
    ),
    resource(
        "aws_db_instance",
        "main",
        instance(
            {
                "id": "shop",
                "arn": arn("rds", "db:shop"),
                "identifier": "shop",
                "engine": "postgres",
                "port": 5432,
                "password": SECRET,
                "address": "shop.abc.eu-west-1.rds.amazonaws.com",
                "endpoint": "shop.abc.eu-west-1.rds.amazonaws.com:5432",
            },
            sensitive_attributes=[[{"type": "get_attr", "value": "password"}]],
        ),
    ),
    resource(
        "aws_db_instance",
        "replica",
        instance(
            {
                "id": "shop-r",
                "arn": arn("rds", "db:shop-r"),
                "identifier": "shop-r",
                "engine": SECRET,
                "replicate_source_db": "shop",
            },
            sensitive_attributes=[[{"type": "get_attr", "value": "engine"}]],
        ),
    ),
    resource(
        "aws_lambda_function",
        "mail",
        instance(
            {
                "id": "mail",
                "arn": arn("lambda", "function:mail"),
                "function_name": "mail",
                "environment": [{"variables": {"TOKEN": SECRET}}],
            },
            dependencies=["aws_security_group.mail"],
        ),
    ),
    resource(
        "aws_security_group",
        "mail",
        instance({"id": "sg-0aaaaaaaaaaaaaaa1"}, dependencies=["aws_sqs_queue.mail"]),
    ),
    resource(
        "aws_sqs_queue",
        "mail",
        instance({"id": "https://sqs/mail", "arn": arn("sqs", "orders"), "name": "orders"}),
    ),
    resource(
        "aws_instance",
        "web1",
        instance({"id": WEB[1], "arn": arn("ec2", f"instance/{WEB[1]}")}),
        mode="data",
    ),
    resource(
        "aws_route53_record",
        "shop",
        instance(
            {
                "id": "Z1_shop.example.org_A",
                "fqdn": "shop.example.org",
                "type": "A",
                "alias": [{"name": "shop-1.elb.amazonaws.com", "zone_id": "Z2"}],
            }
        ),
    ),
    resource("random_password", "db", instance({"id": "none", "result": SECRET})),
]


def state(resources: list[dict[str, Any]], lineage: str = "11111111-aaaa") -> bytes:
    """A state of format 4."""
    return json.dumps(
        {
            "version": 4,
            "terraform_version": "1.9.5",
            "serial": 7,
            "lineage": lineage,
            "outputs": {"password": {"value": SECRET, "type": "string", "sensitive": True}},
            "resources": resources,
        }
    ).encode()


VERSION_3 = json.dumps(
    {
        "version": 3,
        "terraform_version": "0.11.14",
        "serial": 3,
        "lineage": "33333333-aaaa",
        "modules": [
            {
                "path": ["root", "net"],
                "resources": {
                    "aws_subnet.a": {
                        "type": "aws_subnet",
                        "depends_on": [],
                        "primary": {
                            "id": "subnet-0aaaaaaaaaaaaaaa1",
                            "attributes": {
                                "id": "subnet-0aaaaaaaaaaaaaaa1",
                                "cidr_block": "10.0.0.0/24",
                                "tags.%": "1",
                                "tags.Name": "a",
                            },
                        },
                        "deposed": [],
                    },
                    "aws_elb.front": {
                        "type": "aws_elb",
                        "depends_on": ["aws_subnet.a", "aws_s3_bucket.logs"],
                        "primary": {
                            "id": "front",
                            "attributes": {
                                "id": "front",
                                "name": "front",
                                "subnets.#": "1",
                                "subnets.1359096304": "subnet-0aaaaaaaaaaaaaaa1",
                                "instances.#": "2",
                                "instances.11": WEB[0],
                                "instances.12": WEB[1],
                            },
                        },
                    },
                    "aws_s3_bucket.logs": {
                        "type": "aws_s3_bucket",
                        "primary": {"id": "logs", "attributes": {"id": "logs"}},
                    },
                    "aws_instance.web.0": {
                        "type": "aws_instance",
                        "primary": {"id": WEB[0], "attributes": {"id": WEB[0]}},
                        "deposed": [{"id": WEB[1], "attributes": {"id": WEB[1]}}],
                    },
                },
            }
        ],
    }
).encode()
