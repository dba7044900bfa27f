"""Answers of a demonstration account that others recorded, read as fresh ones are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cmdb.items import ItemObservation, LinkObservation
from discovery.aws import SCANNER, AwsSettings
from discovery.aws.account import Reading
from discovery.aws.payload import Account, AwsPayload, Place
from discovery.aws.table import Call

PLACE = Place("aws", "123456789012", "us-east-1")


def test_a_recorded_account_is_read(shared_data: Path) -> None:
    folder = shared_data / "cloudmapper-demo/account-data/demo/us-east-1"

    def ask(place: Place, call: Call, arguments: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        name = f"{call.service}-{call.operation.replace('_', '-')}"
        asked = [quote(v, safe="") for v in arguments.values() if isinstance(v, str)]
        path = folder / name / asked[0] if asked else folder / f"{name}.json"
        return [json.loads(path.read_text())] if path.is_file() else []

    reading = Reading(ask, ("Owner",), 2)
    account = Account(PLACE.account, reading.resources([PLACE]))
    assert reading.failures == []
    payload = AwsPayload("accounts/123456789012", (account,))
    seen = SCANNER.parse(payload, AwsSettings(), datetime(2026, 11, 26, tzinfo=UTC)).observations
    kinds = [o.kind for o in seen if isinstance(o, ItemObservation)]
    recorded = json.loads((folder / "ec2-describe-instances.json").read_text())
    machines = [i for r in recorded["Reservations"] for i in r["Instances"]]
    assert kinds.count("VirtualMachine") == len(machines) > 2
    assert {"LoadBalancer", "DatabaseInstance", "MessageQueue", "Subnet"} <= set(kinds)
    relations = {o.relation for o in seen if isinstance(o, LinkObservation)}
    assert relations >= {"DEPENDS_ON", "CONTAINS", "ROUTES_TO", "LOCATED_IN"}
