"""Files of traces, and Jaeger's service graph, read and stored as a user would have it."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import msgspec
import pytest
from google.protobuf.json_format import MessageToJson  # type: ignore[import-untyped]  # no types
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from cmdb.errors import InvalidInput, InvalidSettings, RemoteUnavailable
from cmdb.items import ItemObservation, LinkObservation
from cmdb.service import Cmdb
from cmdb.settings import Settings
from discovery.run import ScanResult, run_scan
from discovery.scanner import decode_payload, encode_payload
from discovery.setting_values import Secret
from discovery.traces import SCANNER, TracesSettings
from discovery.traces.fetch import fetch
from discovery.traces.payload import TracesPayload
from tests.discovery.serving import serving
from tests.discovery.traces.shop import SECRET, Collected, Shop, encoded


@pytest.fixture(scope="module")
def requests() -> list[bytes]:
    """What the shop's exporters would send, in two parts."""
    collected = Collected()
    shop = Shop(collected)
    for _ in range(12):
        shop.order()
    return [encoded(collected.spans[::2]), encoded(collected.spans[1::2])]


def as_json(request: bytes) -> bytes:
    """As the Collector writes it: ids in hex, on one line."""
    document = msgspec.json.decode(MessageToJson(ExportTraceServiceRequest.FromString(request)))

    def hexed(value: object) -> object:
        if isinstance(value, list):
            return [hexed(one) for one in value]
        if isinstance(value, dict):
            ids = ("traceId", "spanId", "parentSpanId")
            return {
                k: base64.b64decode(v).hex() if k in ids else hexed(v) for k, v in value.items()
            }
        return value

    return msgspec.json.encode(hexed(document)) + b"\n"


async def scanned(*targets: str | Path, settings: TracesSettings | None = None) -> ScanResult:
    return await run_scan(SCANNER, settings or TracesSettings(), [str(t) for t in targets])


def links(result: ScanResult) -> set[str]:
    return {
        f"{o.from_key} {o.relation} {o.to_key}"
        for o in result.observations
        if isinstance(o, LinkObservation)
    }


async def test_every_way_to_write_it_says_the_same(tmp_path: Path, requests: list[bytes]) -> None:
    lines = b"".join(map(as_json, requests))
    framed = b"".join(len(r).to_bytes(4, "big") + r for r in requests)
    pretty = [msgspec.json.format(as_json(r), indent=2) for r in requests]
    wanted = None
    for name, files in {
        "lines": {"traces.jsonl": lines},
        "gzip": {"traces.jsonl.gz": gzip.compress(lines)},
        "framed": {"traces.bin": framed},
        "parts": {"a.pb": requests[0], "b.pb.gz": gzip.compress(requests[1])},
        "documents": {"a.json": pretty[0], "b.json": pretty[1], "notes.txt": b"no traces"},
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        result = await scanned(folder)
        assert not result.errors
        assert not result.full_scope
        wanted = wanted or links(result)
        assert links(result) == wanted
        assert len(wanted) == 16
        assert SECRET not in repr(result)


async def test_a_second_scan_changes_nothing(tmp_path: Path, requests: list[bytes]) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_bytes(b"".join(map(as_json, requests)))
    cmdb = await Cmdb.open(Settings(store=f"sqlite:///{tmp_path / 'cmdb.db'}"))
    try:
        for expected in (True, False):
            result = await scanned(file)
            loaded = await cmdb.load_scan(
                "traces", result.scope, result.observations, full_scope=result.full_scope
            )
            assert bool(loaded.revisions) is expected
    finally:
        await cmdb.close()


async def test_lines_that_are_wrong_are_named_and_the_rest_is_in(
    tmp_path: Path, requests: list[bytes]
) -> None:
    file = tmp_path / "traces.jsonl"
    good = [as_json(r) for r in requests]
    bad = b'{"resourceSpans": "pa55"}\n'
    file.write_bytes(good[0] + bad + b"\n" + b"\xff\xfe\n" + good[1])
    result = await scanned(file)
    assert [e.partition(": ")[0] for e in result.errors] == [
        f"{file}, line 2",
        f"{file}, line 4",
    ]
    assert "pa55" not in repr(result)
    assert len(links(result)) == 16
    file.write_bytes(bad + good[0] + good[1])
    result = await scanned(file)
    assert [e.partition(": ")[0] for e in result.errors] == [f"{file}, line 1"]
    assert len(links(result)) == 16


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff" * 99, gzip.compress(b"{}" * 99)[:-9], b"{", b'{"resourceLogs": []}', b"<html>"],
    ids=range(6),
)
async def test_a_file_without_traces_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "traces.json"
    file.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"traces\.json"):
        await scanned(file)


async def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="can't be read"):
        await scanned(tmp_path / "none.json")
    with pytest.raises(InvalidInput, match="Name what to read"):
        await scanned()
    with pytest.raises(InvalidInput, match="no file of traces"):
        await scanned(tmp_path)


async def test_the_examples_of_others(shared_data: Path) -> None:
    result = await scanned(shared_data / "otlp-examples/examples")
    (service,) = result.observations
    assert isinstance(service, ItemObservation)
    assert service.identifiers == ("key:traces/service/_/_/my.service",)
    assert (service.time.year, result.errors) == (2018, ())
    assert "3" in result.notes[0]


async def test_a_payload_can_be_recorded(tmp_path: Path, requests: list[bytes]) -> None:
    file = tmp_path / "traces.pb"
    file.write_bytes(b"".join(requests))
    found = [p async for p in fetch(TracesSettings(), [str(file)])]
    (payload,) = found
    assert isinstance(payload, TracesPayload)
    assert decode_payload(SCANNER, encode_payload(payload)) == payload


def jaeger(answer: Response, seen: list[Request] | None = None) -> Starlette:
    async def dependencies(request: Request) -> Response:
        if seen is not None:
            seen.append(request)
        return answer

    return Starlette(routes=[Route("/jaeger/api/dependencies", dependencies)])


GRAPH = {
    "data": [
        {"parent": "web", "child": "cart", "callCount": 12_345},
        {"parent": "web", "child": "orders", "callCount": 1, "source": "jaeger"},
        {"parent": "web", "child": "web", "callCount": 9},
    ],
    "total": 0,
    "limit": 0,
    "offset": 0,
    "errors": None,
}


async def test_the_service_graph_of_jaeger() -> None:
    seen: list[Request] = []
    with serving(jaeger(JSONResponse(GRAPH), seen)) as address:
        settings = TracesSettings(hours=2, environment="production", token=Secret("env:T", "t0k"))
        result = await scanned(f"{address}/jaeger", settings=settings)
    assert seen[0].query_params["lookback"] == "7200000"
    assert len(seen[0].query_params["endTs"]) == 13
    assert seen[0].headers["authorization"] == "Bearer t0k"
    prefix = "key:traces/service/production/_"
    told = {
        o.to_key: (o.from_key, o.confidence, o.evidence)
        for o in result.observations
        if isinstance(o, LinkObservation)
    }
    assert told == {
        f"{prefix}/cart": (
            f"{prefix}/web",
            1.0,
            "traced: 10,000 calls or more, about 1 a second",
        ),
        f"{prefix}/orders": (f"{prefix}/web", 0.4, "traced: fewer than 10 calls, about 8.6 a day"),
    }
    assert not result.full_scope
    assert not result.errors


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (PlainTextResponse("<html>"), "no JSON"),
        (JSONResponse({"data": "none"}), "no service graph"),
        (JSONResponse([1]), "no service graph"),
        (JSONResponse({}, 404), "404"),
    ],
)
async def test_another_server_than_jaeger(answer: Response, said: str) -> None:
    with serving(jaeger(answer)) as address, pytest.raises(RemoteUnavailable, match=said):
        await scanned(f"{address}/jaeger")


async def test_a_password_in_jaegers_address_is_refused_unsaid() -> None:
    with pytest.raises(InvalidSettings) as caught:
        await scanned("https://ada:pa55@jaeger.example.org")
    assert "pa55" not in str(caught.value)
