"""What spans mean: halves in any order, both generations of conventions, and identities."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.items import ItemObservation, LinkObservation
from discovery.scanner import Parsed
from discovery.traces import TracesSettings
from discovery.traces.figures import LEAST, MOST, Figures, confidence, rung, step
from discovery.traces.graph import CallGraph
from discovery.traces.otlp import Group, from_json, from_protobuf, resources_like
from discovery.traces.pairing import Pairing
from discovery.traces.parse import parse
from discovery.traces.resources import resource_of
from tests.discovery.traces.shop import Collected, Shop, encoded

NOW = datetime(2026, 11, 1, tzinfo=UTC)
UID = "5b0c1d7e-58b4-4a6f-9f3e-0a5bb1f0a1c2"
CLIENT, SERVER = 3, 2


def groups(service: dict[str, Any], *spans: dict[str, Any]) -> list[Group]:
    def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
        kinds = {str: "stringValue", int: "intValue", bool: "boolValue"}
        return [{"key": k, "value": {kinds[type(v)]: v}} for k, v in values.items()]

    made = [
        {"traceId": "ab" * 16, **span, "attributes": attributes(span.get("attributes", {}))}
        for span in spans
    ]
    resource = {"attributes": attributes({"service.name": "web", **service})}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": made}]}]}
    return list(from_json(json.dumps(body).encode(), resources_like()))


def parsed(*found: Group, most_spans: int = 1000) -> Parsed:
    graph = CallGraph(100, 100)
    pairing = Pairing(graph, most_spans)
    for group in found:
        pairing.take(group, int(NOW.timestamp() * 1e9))
    pairing.settle()
    return parse(graph.payload("test", graph.seconds()), TracesSettings(), NOW)


def drawn(result: Parsed) -> set[tuple[str, str, str]]:
    return {
        (o.from_key, o.relation, o.to_key)
        for o in result.observations
        if isinstance(o, LinkObservation)
    }


def items(result: Parsed) -> dict[str, ItemObservation]:
    return {
        f"{o.kind} {o.properties['name']}": o
        for o in result.observations
        if isinstance(o, ItemObservation)
    }


def call(**attributes: Any) -> dict[str, Any]:
    return {"spanId": "01" * 8, "kind": CLIENT, "attributes": attributes}


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "db.system": "postgresql",
            "db.name": "orders",
            "net.peer.name": "db.example.org",
            "net.peer.port": 5433,
            "net.sock.peer.addr": "10.0.0.5",
        },
        {
            "db.system.name": "postgresql",
            "db.namespace": "orders",
            "server.address": "db.example.org",
            "server.port": 5433,
            "network.peer.address": "10.0.0.5",
        },
    ],
)
def test_old_and_stable_conventions_name_one_database(attributes: dict[str, Any]) -> None:
    found = items(parsed(*groups({}, call(**attributes))))
    server = found["DatabaseInstance postgresql:5433 on db.example.org"]
    assert "endpoint:default/tcp/10.0.0.5:5433" in server.identifiers
    database = found["Database orders on db.example.org"]
    assert "name:database/default/tcp/10.0.0.5:5433/orders" in [
        i.lower() for i in database.identifiers
    ]


def test_an_embedded_database_is_nobody_elses() -> None:
    span = call(**{"db.system": "sqlite", "db.name": "main", "server.address": "x"})
    assert set(items(parsed(*groups({}, span)))) == {"ServiceInstance web"}


@pytest.mark.parametrize(
    ("attributes", "item"),
    [
        ({"server.address": "api.example.com", "server.port": 443}, "ApiEndpoint"),
        ({"http.url": "https://u:pa55@api.example.com/x?token=pa55"}, "ApiEndpoint"),
        ({"server.address": "10.0.0.9", "server.port": 443}, "SoftwareInstance"),
        ({"peer.service": "billing"}, "ApiEndpoint"),
    ],
)
def test_a_peer_that_is_not_traced(attributes: dict[str, Any], item: str) -> None:
    result = parsed(*groups({}, call(**attributes)))
    (peer,) = [o for o in items(result).values() if o.kind != "ServiceInstance"]
    assert peer.kind == item
    assert drawn(result) == {
        ("key:traces/service/_/_/web", "DEPENDS_ON", peer.identifiers[0]),
    }
    assert "pa55" not in repr(result)


@pytest.mark.parametrize(
    "attributes",
    [
        {"server.address": "postgres://app:pa55@db", "db.system": "postgresql"},
        {"db.name": "Server=db;Password=pa55", "db.system": "mssql"},
        {"messaging.destination.name": "amqp://u:pa55@mq/q", "messaging.system": "rabbitmq"},
        {"peer.service": "https://u:pa55@x"},
        {"db.statement": "pa55", "http.request.header.cookie": "pa55", "url.query": "pa55"},
    ],
)
def test_values_that_may_hold_secrets_lead_nowhere(attributes: dict[str, Any]) -> None:
    span = call(**attributes)
    found = groups({}, {**span, "name": "pa55", "status": {"code": 2, "message": "pa55"}})
    assert "pa55" not in repr(found)
    assert drawn(parsed(*found)) == set()


def test_queues_of_aws_are_known_by_their_arn() -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
    found = items(
        parsed(
            *groups(
                {},
                call(
                    **{
                        "messaging.system": "aws_sqs",
                        "messaging.operation.type": "send",
                        "messaging.destination.name": "orders",
                        "aws.sqs.queue.url": url,
                    }
                ),
            )
        )
    )
    queue = found["MessageQueue orders"]
    assert "cloud:arn:aws:sqs:eu-west-1:123456789012:orders" in queue.identifiers


@pytest.mark.parametrize(
    ("attributes", "identifier"),
    [
        (
            {
                "k8s.cluster.uid": UID,
                "k8s.namespace.name": "shop",
                "k8s.deployment.name": "web",
                "k8s.pod.name": "web-1",
                "container.id": "ab" * 32,
                "host.name": "web-1",
            },
            f"k8s:{UID}/shop/Deployment/web",
        ),
        (
            {"k8s.cluster.uid": UID, "k8s.namespace.name": "shop", "k8s.pod.name": "web-1"},
            f"k8s:{UID}/shop/Pod/web-1",
        ),
        ({"container.id": "ab" * 32, "host.name": "c0ffee"}, f"container:{'ab' * 32}"),
        ({"cloud.provider": "aws", "host.id": "i-0aaaaaaaaaaaaaaa1"}, "cloud:i-0aaaaaaaaaaaaaaa1"),
        ({"host.id": "0c0f2a9d5d4b4a0e8f5f0a3c2b1d4e5f"}, None),
        ({"host.name": "app1.example.org"}, "fqdn:app1.example.org"),
        (
            {"cloud.resource_id": "arn:aws:lambda:eu-west-1:123456789012:function:web"},
            "cloud:arn:aws:lambda:eu-west-1:123456789012:function:web",
        ),
    ],
)
def test_where_a_service_runs(attributes: dict[str, str], identifier: str | None) -> None:
    result = parsed(*groups(attributes, {"spanId": "01" * 8, "kind": SERVER}))
    expected = identifier or f"machine-id:{attributes['host.id']}"
    assert drawn(result) == {("key:traces/service/_/_/web", "RUNS_ON", expected)}


def test_a_pod_of_no_known_cluster_runs_nowhere_and_that_is_said() -> None:
    attributes = {"k8s.namespace.name": "shop", "k8s.deployment.name": "web", "host.name": "a.b.c"}
    result = parsed(*groups(attributes, {"spanId": "01" * 8, "kind": SERVER}))
    assert drawn(result) == set()
    assert "k8s.cluster.uid" in result.notes[0]


def test_a_name_inside_of_a_cluster_is_its_service() -> None:
    attributes = {"k8s.cluster.uid": UID, "k8s.namespace.name": "shop"}
    for host in ("billing.money.svc.cluster.local", "billing.money.svc"):
        found = items(parsed(*groups(attributes, call(**{"server.address": host}))))
        assert f"k8s:{UID}/money/Service/billing" in found["ServiceInstance billing"].identifiers


@pytest.mark.parametrize("seed", range(5))
def test_halves_meet_in_any_order(seed: int) -> None:
    collected = Collected()
    shop = Shop(collected)
    for _ in range(3):
        shop.order()
    spans = list(collected.spans)
    expected = drawn(parsed(*from_protobuf(encoded(spans), resources_like())))
    assert len(expected) == 16
    random.Random(seed).shuffle(spans)
    found = [g for s in spans for g in from_protobuf(encoded([s]), resources_like())]
    assert drawn(parsed(*found)) == expected


def test_a_lost_half_is_taken_for_the_service_that_answers_there() -> None:
    at = {"server.address": "cart.internal", "server.port": 8080}
    met = groups({}, {**call(**at), "spanId": "aa" * 8})
    served = groups(
        {"service.name": "cart"}, {"spanId": "bb" * 8, "parentSpanId": "aa" * 8, "kind": SERVER}
    )
    lost = groups({}, *({**call(**at), "spanId": f"cc{n:014x}"} for n in range(9)))
    result = parsed(*met, *served, *lost)
    web, cart = "key:traces/service/_/_/web", "key:traces/service/_/_/cart"
    assert drawn(result) == {(web, "DEPENDS_ON", cart)}
    (link,) = [o for o in result.observations if isinstance(o, LinkObservation)]
    assert "10 calls or more" in (link.evidence or "")


def test_odd_spans_do_no_harm() -> None:
    cycle = groups(
        {},
        {"spanId": "aa" * 8, "parentSpanId": "bb" * 8, "kind": SERVER},
        {"spanId": "bb" * 8, "parentSpanId": "aa" * 8, "kind": CLIENT},
        {"spanId": "cc" * 8, "parentSpanId": "cc" * 8, "kind": CLIENT},
        {"spanId": "dd" * 8, "startTimeUnixNano": "9" * 19, "endTimeUnixNano": "1", "kind": 77},
    )
    result = parsed(*cycle)
    (web,) = result.observations
    assert web.time == NOW, "nothing is seen later than now"


def test_what_waits_is_bounded() -> None:
    graph = CallGraph(10, 10)
    pairing = Pairing(graph, 100)
    for number in range(1, 5_000):
        span = {**call(**{"server.address": "api.example.com"}), "spanId": f"{number:016x}"}
        lost = {**span, "parentSpanId": f"{number + 10**6:016x}"}
        for group in groups({}, lost):
            pairing.take(group, 10**18)
        assert pairing.waiting <= 110
    pairing.settle()
    assert pairing.counts["early"]
    (calls,) = graph.payload("test", 1).calls
    assert calls.figures.seen == 3


def test_shares_of_sampling_count_for_rates_and_not_for_confidence() -> None:
    at = {"db.system": "redis", "server.address": "cache"}
    sampled = [{**call(**at), "spanId": f"{n:016x}", "traceState": "ot=th:f"} for n in range(1, 11)]
    graph = CallGraph(10, 10)
    pairing = Pairing(graph, 100)
    for group in groups({}, *sampled):
        pairing.take(group, 10**18)
    (calls,) = graph.payload("test", 1.0).calls
    assert calls.figures.seen == 1
    assert rung(calls.figures.rate or 0) == 100


def test_the_time_is_that_of_the_last_call() -> None:
    ended = str(int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) * 10**9)
    at = {"db.system": "redis", "server.address": "cache"}
    result = parsed(*groups({}, {**call(**at), "endTimeUnixNano": ended}))
    assert {o.time for o in result.observations} == {datetime(2026, 10, 1, tzinfo=UTC)}


def test_versions_that_run_side_by_side_are_none() -> None:
    one = groups({"service.version": "1"}, {"spanId": "aa" * 8, "kind": SERVER})
    two = groups({"service.version": "2"}, {"spanId": "bb" * 8, "kind": SERVER})
    assert items(parsed(*one))["ServiceInstance web"].properties["version"] == "1"
    assert "version" not in items(parsed(*one, *two))["ServiceInstance web"].properties


def test_a_service_without_a_name_is_none() -> None:
    assert resource_of({"service.name": "unknown_service:java"}) is None
    assert resource_of({"service.name": "x" * 1000}) is None


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_confidence_grows_and_is_bounded(seen: int, more: int) -> None:
    assert LEAST <= confidence(seen) <= confidence(seen + more) <= MOST
    assert confidence(1) < 0.5 <= confidence(10) < confidence(10_000) == MOST
    told = Figures.of(seen, seen, 0, 60).confidence
    assert told <= Figures.of(seen + more, seen + more, 0, 60).confidence <= MOST


@given(st.floats(1e-6, 1e12))
def test_a_step_is_the_rung_below(value: float) -> None:
    assert rung(step(value)) <= value * 1.000_001
    assert value <= rung(step(value) + 1) * 1.000_001
