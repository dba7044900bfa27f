"""Which sources ask over HTTP, and how one part of each is answered badly. A source that comes new
is one entry more, here or in ``ELSEWHERE``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cmdb.items.value import format_time
from discovery.aws import AwsSettings
from discovery.docker import DockerSettings
from discovery.jira.settings import JiraSettings
from discovery.json import JsonSettings
from discovery.kubernetes import KubernetesSettings
from discovery.netbox import NetboxSettings
from discovery.pagerduty.settings import PagerDutySettings
from discovery.servicenow.settings import ServiceNowSettings
from discovery.setting_values import Secret, TextFile
from discovery.terraform import TerraformSettings
from discovery.traces import TracesSettings
from tests.discovery.aws.estate import REGION
from tests.discovery.aws.test_aws_refusals import DENIED, WHO
from tests.discovery.docker.test_docker_fetch import ANSWERS
from tests.discovery.kubernetes.api import Api
from tests.discovery.kubernetes.estate import CLUSTER
from tests.discovery.netbox.estate import lists
from tests.discovery.rude.behaviour import Good
from tests.discovery.terraform.states import SHOP, state

ELSEWHERE: Mapping[str, str] = {
    "compose": "reads files",
    "configuration": "reads files",
    "databases": "test_rude_sockets.py",
    "local": "reads this machine",
    "manifests": "reads files",
    "network": "runs nmap, and reads files",
    "program": "runs a program",
    "snmp": "../snmp/test_snmp_rude.py",
    "ssh": "test_rude_sockets.py",
}
"""Sources that do not ask over HTTP: what they do, or the tests of their rude targets."""

TOKEN = Secret("env:TOKEN", "token-of-cmdb")
NETBOX = lists("4.2.3")
WAIT = 1.0
"""Seconds to wait for a server that is rude."""


@dataclass(frozen=True)
class Source:
    """``is_rude`` knows the requests that are answered badly by their head, and ``part`` is what
    errors call that part. ``item`` is a kind that the rest of the scan has. ``endless`` are
    documents of which each names another page."""

    part: str
    item: str
    is_rude: Callable[[str], bool]
    good: Good
    scan: Callable[[str, Path], tuple[msgspec.Struct, list[str]]]
    endless: tuple[object, ...] = ()


def line_has(text: str) -> Callable[[str], bool]:
    """Whether the first line of a head has a text."""
    return lambda head: text in head.partition("\r\n")[0]


def _json(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    del folder
    text = '[paging]\nnext = "next"\n[host]\neach = "hosts[]"\nkind = "Server"\nid = "id"\n'
    mapping = TextFile("hosts.toml", text)
    settings = JsonSettings(mapping=mapping, token=TOKEN, timeout=int(WAIT), most_pages=20)
    return settings, [f"{url}/good", f"{url}/rude"]


def _terraform(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    good = folder / "shop.tfstate"
    good.write_bytes(state(SHOP))
    return TerraformSettings(timeout=WAIT), [str(good), f"{url}/rude"]


def _traces(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    named = {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]}
    span = {"traceId": "a1" * 16, "spanId": "b2" * 8, "kind": 2}
    request = {"resourceSpans": [{"resource": named, "scopeSpans": [{"spans": [span]}]}]}
    good = folder / "traces.json"
    good.write_bytes(msgspec.json.encode(request))
    return TracesSettings(timeout=WAIT, token=TOKEN), [str(good), url]


def _docker(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    del folder
    return DockerSettings(timeout=WAIT), [url.replace("http", "tcp")]


def _kubernetes(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    context = {"cluster": "shop", "user": "reader"}
    held = {
        "current-context": "shop",
        "clusters": [{"name": "shop", "cluster": {"server": url}}],
        "users": [{"name": "reader", "user": {"token": TOKEN.value}}],
        "contexts": [{"name": "shop", "context": context}],
    }
    config = folder / "kubeconfig"
    config.write_text(yaml.safe_dump(held))
    return KubernetesSettings(kubeconfig=str(config), timeout=WAIT), []


def _cluster(head: str) -> object:
    return Api.of(CLUSTER).answer(head.split()[1])


def _aws(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    del folder
    return AwsSettings(endpoint_url=url, regions=(REGION,), timeout=WAIT), []


def _signed_for(service: str) -> Callable[[str], bool]:
    return lambda head: f"/{service}/aws4_request" in head


def _account(head: str) -> object:
    if _signed_for("sts")(head):
        return WHO
    if _signed_for("s3")(head) and re.match(r"GET /(\?\S*)? ", head):
        bucket = b"<Bucket><Name>pictures</Name></Bucket>"
        return b"<ListAllMyBucketsResult><Buckets>%s</Buckets></ListAllMyBucketsResult>" % bucket
    return 403, DENIED


def _jira(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    del folder
    return JiraSettings(url=url, token=TOKEN, projects=("OPS", "RUDE"), timeout=WAIT), []


def _site(head: str) -> object:
    if "/field" in head:
        return []
    named = {"issuetype": {"name": "Incident"}, "summary": "Shop is down"}
    return {"issues": [{"id": "1", "key": "OPS-1", "fields": named}], "isLast": True}


def _servicenow(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    del folder
    return ServiceNowSettings(url=url, token=TOKEN, timeout=WAIT), []


def _desk(head: str) -> object:
    first = "/table/incident?" in head and "sysparm_offset=0" in head
    row = {"sys_id": "i1", "number": "INC1", "short_description": "Shop is down"}
    shown = {name: {"value": value, "display_value": value} for name, value in row.items()}
    return {"result": [shown] if first else []}


def _pagerduty(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    del folder
    return PagerDutySettings(url=url, token=TOKEN, timeout=WAIT), []


def _netbox(url: str, folder: Path) -> tuple[msgspec.Struct, list[str]]:
    del folder
    return NetboxSettings(url=url, token=TOKEN, timeout=WAIT), []


def _documented(head: str) -> object:
    path = head.split()[1].partition("?")[0].removeprefix("/api/").strip("/")
    if path == "status":
        return {"netbox-version": "4.2.3"}
    return {"next": None, "results": NETBOX.get(path, [])}


def _incident(number: int) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(days=100) + timedelta(seconds=number)
    named = {"title": "Shop is down", "status": "triggered", "created_at": format_time(at)}
    return {"id": f"Q{number}", "incident_number": number, **named}


SOURCES: Mapping[str, Source] = {
    "json": Source(
        part="/rude",
        item="Server",
        is_rude=line_has("/rude"),
        good=lambda _: {"hosts": [{"id": 1}]},
        scan=_json,
        endless=(lambda n: {"hosts": [{"id": n}], "next": f"/rude?page={n}"},),
    ),
    "terraform": Source(
        part="127.0.0.1",
        item="VirtualMachine",
        is_rude=line_has("/rude"),
        good=lambda _: {},
        scan=_terraform,
    ),
    "traces": Source(
        part="127.0.0.1",
        item="ServiceInstance",
        is_rude=line_has("/api/dependencies"),
        good=lambda _: {"data": []},
        scan=_traces,
    ),
    "docker": Source(
        part="networks",
        item="Container",
        is_rude=line_has("/networks"),
        good=lambda head: ANSWERS[head.split()[1].partition("?")[0]],
        scan=_docker,
    ),
    "kubernetes": Source(
        part="nodes",
        item="KubernetesWorkload",
        is_rude=line_has("/nodes"),
        good=_cluster,
        scan=_kubernetes,
        endless=(
            lambda n: {"metadata": {"continue": f"{n}"}, "items": [{"metadata": {"name": f"{n}"}}]},
            {"metadata": {"continue": "same"}, "items": []},
        ),
    ),
    "aws": Source(
        part="queues",
        item="CloudResource",
        is_rude=_signed_for("sqs"),
        good=_account,
        scan=_aws,
        endless=(
            lambda n: {"QueueUrls": [f"https://sqs/{n}"], "NextToken": f"{n}"},
            {"QueueUrls": [], "NextToken": "same"},
        ),
    ),
    "jira": Source(
        part="project RUDE",
        item="Incident",
        is_rude=line_has("RUDE"),
        good=_site,
        scan=_jira,
        endless=(
            lambda n: {"issues": [{"id": f"{n}", "key": f"R-{n}"}], "nextPageToken": f"{n}"},
            {"issues": [{"id": "1", "key": "R-1"}], "nextPageToken": "same"},
            {"issues": [], "nextPageToken": "same"},
        ),
    ),
    "servicenow": Source(
        part="table problem",
        item="Incident",
        is_rude=line_has("/table/problem?"),
        good=_desk,
        scan=_servicenow,
        endless=(
            lambda n: {"result": [{"sys_id": {"value": f"{n}"}}]},
            {"result": [{"sys_id": {"value": "same"}}]},
        ),
    ),
    "netbox": Source(
        part="power feeds",
        item="NetworkDevice",
        is_rude=line_has("/power-feeds/"),
        good=_documented,
        scan=_netbox,
        endless=(
            lambda n: {"next": "more", "results": [{"id": n, "name": f"F{n}"}]},
            {"next": "more", "results": [{"id": 1, "name": "F1"}]},
            {"next": "more", "results": []},
        ),
    ),
    "pagerduty": Source(
        part="incidents",
        item="Incident",
        is_rude=lambda head: "statuses" not in head,
        good=lambda _: {"incidents": [_incident(0)], "more": False},
        scan=_pagerduty,
        endless=(
            lambda n: {"incidents": [_incident(n)], "more": True},
            {"incidents": [_incident(1)], "more": True},
        ),
    ),
}
