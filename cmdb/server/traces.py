"""``POST /v1/traces``: spans as OpenTelemetry's SDKs and Collector send them over OTLP/HTTP."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cmdb.errors import InvalidInput
from cmdb.server.body import TooLarge, limited_body
from discovery.extra import required
from discovery.traces.receiver import Answer, TooMuch, TraceReceiver

PATH = "/v1/traces"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
MOST_BYTES = 16 * 2**20
"""What one request may send, packed or not."""
AT_ONCE = 8
"""Requests that are read or wait at the same time: others are asked to come again."""
AGAIN_AFTER = "2"
"""Seconds after which they may."""
BODY_SECONDS = 30
"""How long a sender may take for a request's body."""

_INVALID_ARGUMENT, _RESOURCE_EXHAUSTED, _UNIMPLEMENTED = 3, 8, 12
"""Codes of google.rpc.Status."""


def trace_routes(receiver: TraceReceiver | None) -> list[Route]:
    """The one route; none without a receiver.

    Raises :class:`~cmdb.errors.InvalidSettings` where the library for protobuf is missing.
    """
    if receiver is None:
        return []
    required("opentelemetry.proto.collector.trace.v1.trace_service_pb2", "traces")
    free = asyncio.Semaphore(AT_ONCE)

    async def receive(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in (PROTOBUF, JSON):
            message = f"Send {PROTOBUF} or {JSON}."
            return _status(415, _UNIMPLEMENTED, message, PROTOBUF)
        if free.locked():
            said = "Too many requests at once."
            return _status(429, _RESOURCE_EXHAUSTED, said, media_type, again=True)
        async with free:
            return await _answered(request, receiver, media_type)

    return [Route(PATH, receive, methods=["POST"])]


async def _answered(request: Request, receiver: TraceReceiver, media_type: str) -> Response:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("gzip", "identity", ""):
        said = "Send it with gzip, or not compressed."
        return _status(415, _UNIMPLEMENTED, said, media_type)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await limited_body(request, MOST_BYTES)
        answer = await receiver.take(body, json=media_type == JSON, packed=encoding == "gzip")
    except TimeoutError:
        said = f"The request's body did not come within {BODY_SECONDS} seconds."
        return _status(408, _INVALID_ARGUMENT, said, media_type)
    except TooLarge as error:
        return _status(413, _INVALID_ARGUMENT, error.message, media_type)
    except TooMuch:
        said = "The request's body unpacks to more than is taken: send smaller batches."
        return _status(413, _INVALID_ARGUMENT, said, media_type)
    except InvalidInput as error:
        return _status(400, _INVALID_ARGUMENT, error.message, media_type)
    return _taken(answer, media_type)


def _taken(answer: Answer, media_type: str) -> Response:
    """All was taken, or all but some; in the encoding of the request."""
    if media_type == JSON:
        partial = {"rejectedSpans": str(answer.rejected), "errorMessage": answer.message}
        said = {"partialSuccess": partial} if answer.rejected else {}
        return Response(msgspec.json.encode(said), media_type=JSON)
    module = required("opentelemetry.proto.collector.trace.v1.trace_service_pb2", "traces")
    response = module.ExportTraceServiceResponse()
    if answer.rejected:
        response.partial_success.rejected_spans = answer.rejected
        response.partial_success.error_message = answer.message
    return Response(response.SerializeToString(), media_type=PROTOBUF)


def _status(
    status: int, code: int, message: str, media_type: str, *, again: bool = False
) -> Response:
    """A refusal: google.rpc.Status in the encoding of the request."""
    headers = {"retry-after": AGAIN_AFTER} if again else {}
    if media_type == JSON:
        body = msgspec.json.encode({"code": code, "message": message})
        return Response(body, status, headers, JSON)
    module = required("opentelemetry.proto.collector.trace.v1.trace_service_pb2", "traces")
    # The library has no Status. This message has the same fields: 1, a number, and 2, a text.
    alike = module.ExportTracePartialSuccess(rejected_spans=code, error_message=message)
    return Response(alike.SerializeToString(), status, headers, PROTOBUF)
