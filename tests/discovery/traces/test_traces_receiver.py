"""``POST /v1/traces``: its answers, and what it makes of rude senders."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # no types
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from cmdb.app import create_app
from cmdb.discovering import trace_receiver
from cmdb.errors import InvalidSettings
from cmdb.server import traces
from cmdb.service import Cmdb
from cmdb.settings import Settings
from discovery.traces import TracesSettings, receiver
from discovery.traces.receiver import TraceReceiver
from tests.discovery.traces.shop import Collected, Shop, encoded

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
GZIP = {"content-encoding": "gzip"}


@pytest.fixture
async def cmdb(tmp_path: Path) -> AsyncIterator[Cmdb]:
    opened = await Cmdb.open(Settings(store=f"sqlite:///{tmp_path / 'cmdb.db'}"))
    yield opened
    await opened.close()


@pytest.fixture
async def sender(cmdb: Cmdb) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(cmdb, traces=TraceReceiver(TracesSettings(most_services=100)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


def shop_request() -> bytes:
    collected = Collected()
    Shop(collected).order()
    return encoded(collected.spans)


def document(name: str = "web", **span: Any) -> dict[str, Any]:
    plain = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174"}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]}
    return {
        "resourceSpans": [
            {"resource": resource, "scopeSpans": [{"spans": [{**plain, "kind": 3, **span}]}]}
        ]
    }


async def test_all_taken_is_an_empty_answer_in_the_same_encoding(sender: httpx.AsyncClient) -> None:
    body = shop_request()
    for headers, content in (
        (PROTOBUF, body),
        ({**PROTOBUF, **GZIP}, gzip.compress(body)),
        ({**PROTOBUF, **GZIP}, gzip.compress(body[:0]) + gzip.compress(body)),
    ):
        answer = await sender.post(traces.PATH, content=content, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == "application/x-protobuf"
    answer = await sender.post(traces.PATH, json=document())
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (document(traceId="0" * 32), "bear no valid id"),
        (document(spanId="0" * 16), "bear no valid id"),
        (document(spanId="xyz"), "bear no valid id"),
        (document(name=""), "name no service"),
        (document(name="unknown_service:python"), "name no service"),
    ],
)
async def test_spans_that_are_not_taken_are_counted(
    sender: httpx.AsyncClient, wrong: dict[str, Any], why: str
) -> None:
    answer = await sender.post(traces.PATH, json=wrong)
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert partial["rejectedSpans"] == "1"
    assert why in partial["errorMessage"]


async def test_protobuf_says_how_many_were_not_taken(sender: httpx.AsyncClient) -> None:
    request = ExportTraceServiceRequest()
    request.ParseFromString(shop_request())
    request.resource_spans[0].scope_spans[0].spans[0].span_id = bytes(8)
    answer = await sender.post(traces.PATH, content=request.SerializeToString(), headers=PROTOBUF)
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans) == (200, 1)


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        (PROTOBUF, b"\xff\xff\xff"),
        (PROTOBUF, b"<html>"),
        ({**PROTOBUF, **GZIP}, b"no gzip"),
        ({**PROTOBUF, **GZIP}, gzip.compress(b"\x0a\x00" * 99, mtime=0)[:-9]),
        ({**PROTOBUF, **GZIP}, gzip.compress(b"", mtime=0) * 500_000),
        (JSON, b'{"resourceSpans": [{"resource": "secret-pa55"}]}'),
        (JSON, b'{"resourceSpans": ["\xff\xfe secret-pa55"]}'),
        (JSON, b'{"resourceLogs": []}'),
        (JSON, b"[" * 100_000),
        (JSON, b'{"x":' * 100_000),
    ],
    ids=range(10),
)
async def test_what_is_no_request_is_refused_with_a_status(
    sender: httpx.AsyncClient, headers: dict[str, str], content: bytes
) -> None:
    answer = await sender.post(traces.PATH, content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == headers["content-type"]
    if headers is JSON:
        assert answer.json()["code"] == 3
        assert answer.json()["message"]
    else:
        status = Status.FromString(answer.content)
        assert status.code == 3
        assert status.message
    assert b"secret-pa55" not in answer.content


async def test_bombs_and_floods_are_refused(
    sender: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    packer = zlib.compressobj(wbits=31)
    zeros = bytes(2**20)
    bomb = b"".join([*(packer.compress(zeros) for _ in range(48)), packer.flush()])
    answer = await sender.post(traces.PATH, content=bomb, headers={**PROTOBUF, **GZIP})
    assert answer.status_code == 413
    assert Status.FromString(answer.content).message
    flood = bytes(50 * 2**20)
    assert (await sender.post(traces.PATH, content=flood, headers=PROTOBUF)).status_code == 413


@pytest.mark.parametrize(
    "headers",
    [{}, {"content-type": "text/plain"}, {**PROTOBUF, "content-encoding": "zstd"}],
)
async def test_other_media_types_and_encodings_are_refused(
    sender: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await sender.post(traces.PATH, content=b"", headers=headers)
    assert answer.status_code == 415


async def test_too_many_at_once_are_asked_to_come_again(
    cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "AT_ONCE", 0)
    app = create_app(cmdb, traces=TraceReceiver(TracesSettings()))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answer = await client.post(traces.PATH, content=b"", headers=PROTOBUF)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "2"
    assert Status.FromString(answer.content).code == 8


async def test_there_is_a_receiver_only_where_it_is_set(cmdb: Cmdb) -> None:
    assert trace_receiver(Settings()) is None
    assert trace_receiver(Settings(traces=True)) is not None
    with pytest.raises(InvalidSettings, match="most_spans"):
        trace_receiver(Settings(traces=True, scan={"traces": {"most_spans": "many"}}))
    transport = httpx.ASGITransport(create_app(cmdb))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answer = await client.post(traces.PATH, content=b"", headers=PROTOBUF)
    assert answer.status_code in (404, 405)


async def test_a_token_is_asked_for(cmdb: Cmdb) -> None:
    app = create_app(cmdb, token="a-long-token", traces=TraceReceiver(TracesSettings()))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        for token, expected in (("", 401), ("Bearer wrong", 401), ("Bearer a-long-token", 200)):
            headers = {**PROTOBUF, "authorization": token}
            answer = await client.post(traces.PATH, content=b"", headers=headers)
            assert answer.status_code == expected


async def test_names_without_end_fill_no_memory_and_are_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taking = TraceReceiver(TracesSettings(most_services=100))
    for number in range(2_000):
        span = {"traceId": f"{number + 1:032x}"}
        body = json.dumps(document(f"service-{number}", **span)).encode()
        answer = await taking.take(body, json=True, packed=False)
        assert answer.rejected == (number >= 100)
    told = await taking.tell(final=True)
    assert told is not None
    assert len(told.payload.services) == 100
    assert "1,900" in told.result.errors[0]
    (said,) = [record.getMessage() for record in caplog.records]
    assert "1,900 refused, since they are of more services than are kept" in said
    await taking.confirmed(told)
    caplog.clear()
    assert await taking.tell(final=True) is None
    assert not caplog.records, "it is said once"


async def called(
    taking: TraceReceiver, time: float, numbers: Iterable[int], *, failed: bool = False
) -> None:
    """A cache was called so many times."""
    status = {"code": 2 if failed else 0}
    attributes = [
        {"key": "db.system", "value": {"stringValue": "redis"}},
        {"key": "server.address", "value": {"stringValue": "cache"}},
    ]
    for number in numbers:
        ids = {"traceId": f"{number:032x}", "endTimeUnixNano": str(int(time * 1e9))}
        span = document(**ids, attributes=attributes, status=status)
        await taking.take(json.dumps(span).encode(), json=True, packed=False)


async def test_a_restart_makes_nothing_less_sure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory, time = tmp_path / "state/traces.json", 1_800_000_000.0
    first = TraceReceiver(TracesSettings(), lambda: time, memory)
    await called(first, time, range(1, 13))
    told = await first.tell(final=True)
    assert told is not None
    await first.confirmed(told)
    later = time + receiver.TELL_AGAIN
    second = TraceReceiver(TracesSettings(), lambda: later, memory)
    assert await second.tell() is None
    await called(second, later, range(13, 19))
    again = await second.tell(final=True)
    assert again is not None
    assert again.payload.calls[0].figures == told.payload.calls[0].figures
    assert again.payload.calls[0].figures.seen == 1
    assert not caplog.records
    memory.write_bytes(b'{"calls": "\xff')
    third = TraceReceiver(TracesSettings(), lambda: later, memory)
    assert "Counts begin anew" in caplog.text
    await called(third, later, [14])
    anew = await third.tell(final=True)
    assert anew is not None
    assert anew.payload.calls[0].figures.seen == 0


async def test_nothing_new_is_not_told_again_and_news_is() -> None:
    time = [1_800_000_000.0]
    taking = TraceReceiver(TracesSettings(), lambda: time[0])
    await called(taking, time[0], [1])
    first = await taking.tell()
    assert first is not None
    again = await taking.tell()
    assert again is not None, "nobody confirmed that it was stored"
    await taking.confirmed(again)
    assert await taking.tell() is None
    time[0] += 1
    await called(taking, time[0], range(2, 4))
    assert await taking.tell() is None, "three times is as sure as once"
    await called(taking, time[0], range(4, 11))
    news = await taking.tell()
    assert news is not None, "ten times is not"
    await taking.confirmed(news)
    time[0] += receiver.TELL_AGAIN
    await called(taking, time[0], [11])
    later = await taking.tell()
    assert later is not None
    (calls,) = later.payload.calls
    assert calls.figures == news.payload.calls[0].figures
    await taking.confirmed(later)
    await called(taking, time[0], range(12, 16), failed=True)
    broken = await taking.tell()
    assert broken is not None
    assert "of them failed" in broken.payload.calls[0].figures.sentence()
