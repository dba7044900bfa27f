"""What a span called, where that makes no spans of its own: from the span's attributes."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from discovery.references import is_outside
from discovery.traces.conventions import (
    Attributes,
    conventions,
    first,
    host_in_url,
    host_of,
    is_address,
    name_of,
    port_of,
)
from discovery.traces.span import Kind, Resource, Target

_SQS = re.compile(r"sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_ARN = re.compile(r"arn:[a-z-]+:(?:sns|sqs):[a-z0-9-]*:[0-9]*:[A-Za-z0-9_.-]+")

Role = Literal["", "sends", "takes"]


def role_of(attributes: Attributes, kind: int) -> Role:
    """The span's part in messaging; the operation says it, and where there is none its kind."""
    operation = str(first(attributes, "span", "operation") or "").lower()
    tables = conventions()
    if operation in tables["sends"]["names"]:
        return "sends"
    if operation in tables["takes"]["names"]:
        return "takes"
    if operation:
        return ""
    by_kind: dict[int, Role] = {Kind.PRODUCER: "sends", Kind.CONSUMER: "takes"}
    return by_kind.get(kind, "")


def target_of(attributes: Attributes, kind: int, resource: Resource) -> tuple[Target | None, str]:
    """What was called, and the address that it was reached at, empty where none is told.

    None where the span calls nothing, or does not say what."""
    if first(attributes, "span", "database"):
        return _database(attributes, resource) if kind != Kind.SERVER else (None, "")
    if first(attributes, "span", "messaging"):
        return _queue(attributes, resource), ""
    if kind == Kind.CLIENT:
        return _peer(attributes, resource), ""
    return None, ""


def _where(attributes: Attributes) -> tuple[str, int, str]:
    """Host, port, and the address that the connection led to."""
    host = host_of(first(attributes, "span", "host"))
    port = port_of(first(attributes, "span", "port"))
    address = host_of(first(attributes, "span", "address"))
    if not is_address(address):
        address = ""
    if not host:
        host, of_url = host_in_url(first(attributes, "span", "url"))
        port = port or of_url
    if not host:
        host, port = address, port or port_of(first(attributes, "span", "address_port"))
    return host, port, address


def _database(attributes: Attributes, resource: Resource) -> tuple[Target | None, str]:
    system = name_of(first(attributes, "span", "database")).lower()
    tables = conventions()
    engine = tables["engines"].get(system, system)
    if not engine or engine in tables["embedded"]["names"]:
        return None, ""
    host, port, address = _where(attributes)
    name = name_of(first(attributes, "span", "database_name"))
    if not host and not name:
        return None, ""
    port = port or tables["ports"].get(engine, 0)
    target = Target("database", engine, name, host, port if host else 0)
    return _placed(target, resource), address


def _queue(attributes: Attributes, resource: Resource) -> Target | None:
    product = name_of(first(attributes, "span", "messaging"))
    for flag in ("temporary", "anonymous"):
        # What answers come back on belongs to the one that asked.
        if first(attributes, "span", flag):
            return None
    told = first(attributes, "span", "destination")
    arn = _arn(attributes, str(told or ""))
    name = arn.rpartition(":")[2] if arn else name_of(told)
    if not name:
        return None
    environment = "" if arn else resource.service.environment
    known = (f"cloud:{arn}",) if arn else ()
    return Target("queue", product, name, environment=environment, identifiers=known)


def _arn(attributes: Attributes, told: str) -> str:
    """The ARN of a queue or topic of AWS, which its URL spells too."""
    for text in (str(first(attributes, "span", "topic_arn") or ""), told):
        if _ARN.fullmatch(text):
            return text
    for url in (str(first(attributes, "span", "queue_url") or ""), told):
        try:
            parts = urlsplit(url[:1000])
            region = _SQS.fullmatch(parts.hostname or "")
        except ValueError:
            continue
        match parts.path.strip("/").split("/"):
            case [account, queue] if region and account.isdecimal():
                place = "aws-cn" if (parts.hostname or "").endswith(".cn") else "aws"
                arn = f"arn:{place}:sqs:{region[1]}:{account}:{queue}"
                if _ARN.fullmatch(arn):
                    return arn
            case _:
                continue
    return ""


def _peer(attributes: Attributes, resource: Resource) -> Target | None:
    host, port, _ = _where(attributes)
    name = name_of(first(attributes, "span", "peer"))
    if not host and not name:
        return None
    product = name_of(first(attributes, "span", "rpc")) or "http"
    return _placed(Target("peer", product, name, host, port), resource)


def _placed(target: Target, resource: Resource) -> Target:
    """The target with what says where its host's name holds: everywhere, in one cluster, or in the
    caller's environment."""
    host = target.host
    if is_address(host):
        return target
    if service := _service(host, resource):
        return _with(target, identifiers=(service,))
    if is_outside(host):
        return target
    return _with(target, environment=resource.service.environment)


def _service(host: str, resource: Resource) -> str:
    """The Kubernetes Service that a name means inside of the caller's cluster, if it may be one."""
    if not resource.cluster:
        return ""
    labels = host.partition(".svc")[0].split(".") if ".svc" in f"{host}." else []
    if not labels and "." not in host and host:
        labels = [host]
    match labels:
        case [name]:
            return f"k8s:{resource.cluster}/{resource.kubernetes_namespace}/Service/{name}"
        case [*_, name, space]:
            return f"k8s:{resource.cluster}/{space}/Service/{name}"
        case _:
            return ""


def _with(target: Target, *, environment: str = "", identifiers: tuple[str, ...] = ()) -> Target:
    return Target(
        target.sort,
        target.product,
        target.name,
        target.host,
        target.port,
        environment,
        identifiers,
    )
