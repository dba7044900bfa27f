"""Small plans in the published format, and manifests, for the demo estate."""

from __future__ import annotations

from typing import Any

ARN = "arn:aws:shop:eu-central-1:000000000000:"
DOMAIN = "harrowfinch.example.org"


def change(
    address: str,
    actions: list[str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One entry of ``resource_changes``."""
    kind, _, name = address.rpartition(".")
    detail: dict[str, Any] = {"before_sensitive": {}, "after_sensitive": {}, "after_unknown": {}}
    paths = {"replace_paths": more.pop("replace_paths")} if "replace_paths" in more else {}
    return {
        "address": address,
        "mode": "managed",
        "type": kind.rpartition(".")[2],
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": actions, "before": before, "after": after, **detail, **paths},
        **more,
    }


def plan(*changes: dict[str, Any]) -> dict[str, Any]:
    """A whole plan, as ``terraform show -json`` prints it."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {}},
        "resource_changes": list(changes),
        "configuration": {"root_module": {}},
    }


def every_action() -> dict[str, Any]:
    """A plan with every action that the format has, on things of the demo estate."""
    media = {"arn": f"{ARN}media-bucket", "bucket": "media-bucket"}
    database = {"id": "i-0abc", "private_dns": f"dc1-db03.{DOMAIN}", "size": 1}
    return plan(
        change("aws_s3_bucket.kept", ["no-op"], media, media),
        change("data.aws_ami.image", ["read"], None, {"id": "ami-1"}, mode="data"),
        change("aws_s3_bucket.new", ["create"], None, {"bucket": "new"}),
        change("aws_instance.database", ["update"], database, {**database, "size": 2}),
        change(
            "aws_s3_bucket.media",
            ["delete", "create"],
            media,
            {"bucket": "other"},
            replace_paths=[["bucket"]],
        ),
        change(
            "aws_ses_relay.mail", ["create", "delete"], {"arn": f"{ARN}mail-relay"}, {"region": "x"}
        ),
        change("vsphere_virtual_machine.pay", ["delete"], {"id": "42", "name": "dc1-payments-1"}),
        change("aws_sqs_queue.orphan", ["delete"], {"arn": f"{ARN}orphan"}),
        change("aws_acquirer.a", ["forget"], {"arn": f"{ARN}card-acquirer-a"}),
    )
