"""OTLP's requests, from JSON and from protobuf, to spans. Pure.

Attributes are picked by name as they are read, so that no other value is ever kept.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from cmdb.errors import InvalidInput
from discovery.extra import required
from discovery.traces.bounds import check_json, check_protobuf
from discovery.traces.conventions import Attributes, wanted
from discovery.traces.resources import resource_of
from discovery.traces.span import Kind, Resource, Span
from discovery.traces.targets import role_of, target_of

MOST_LINKS = 32
"""Of one span; what is beyond is left out."""
FAILED = 2
"""The code of a status that is an error."""
_HIGHEST = 2**56


class Group(NamedTuple):
    """The spans of one resource; ``rejected`` could not be read, or bear no valid id.

    ``resource`` is None where it does not name its service.
    """

    resource: Resource | None
    spans: list[Span]
    rejected: int


MakeResource = Callable[[Attributes], Resource | None]


def resources_like(environment: str = "", cluster: str = "") -> MakeResource:
    """What makes a resource of its attributes; the arguments are for those that do not say."""
    return lambda attributes: resource_of(attributes, environment=environment, cluster=cluster)


# JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding


class _Value(msgspec.Struct, rename="camel"):
    string_value: str | None = None
    int_value: int | None = None
    bool_value: bool | None = None


class _Attribute(msgspec.Struct):
    key: str = ""
    value: _Value | None = None


class _Link(msgspec.Struct, rename="camel"):
    trace_id: str = ""
    span_id: str = ""


class _Status(msgspec.Struct):
    code: int | str = 0


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str | None = ""
    trace_state: str | None = ""
    kind: int | str = 0
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    attributes: list[_Attribute] | None = None
    links: list[_Link] | None = None
    status: _Status | None = None


class _ScopeSpans(msgspec.Struct):
    spans: list[_Span] | None = None


class _Resource(msgspec.Struct):
    attributes: list[_Attribute] | None = None


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Request(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | msgspec.UnsetType | None = msgspec.UNSET


_decoder = msgspec.json.Decoder(_Request, strict=False)


class NoTraces(InvalidInput):
    """A document that is JSON, and has no spans in it: logs or metrics, perhaps."""

    code = "no_traces"


def from_json(data: bytes, resources: MakeResource) -> Iterator[Group]:
    """The spans of a request in JSON.

    Raises :class:`NoTraces` where nothing says that it is one, and
    :class:`~cmdb.errors.InvalidInput` where it can't be read, with where, and never with what.
    """
    check_json(data)
    try:
        request = _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput(f"This is no OTLP JSON: {_told(error)}.") from None
    if request.resource_spans is msgspec.UNSET:
        raise NoTraces("This has no resourceSpans in it.")
    return _json_groups(request.resource_spans or [], resources)


def _told(error: Exception) -> str:
    """What is wrong, as far as that can hold no value of the document."""
    if isinstance(error, msgspec.ValidationError):
        return f"a wrong type at {str(error).rpartition(' - at `')[2].rstrip('`')}"
    return "it nests too deep" if isinstance(error, RecursionError) else "it is malformed"


def _json_groups(found: Iterable[_ResourceSpans], make: MakeResource) -> Iterator[Group]:
    for part in found:
        resource = make(_json_attributes(part.resource.attributes if part.resource else None))
        spans: list[Span] = []
        rejected = 0
        for span in (s for scope in part.scope_spans or [] for s in scope.spans or []):
            made = _json_span(span, resource) if resource else None
            if made is None:
                rejected += 1
            else:
                spans.append(made)
        yield Group(resource, spans, rejected)


def _json_attributes(attributes: list[_Attribute] | None) -> dict[str, str | int]:
    kept: dict[str, str | int] = {}
    names = wanted()
    for attribute in attributes or ():
        value = attribute.value
        if attribute.key not in names or value is None:
            continue
        if value.string_value is not None:
            kept[attribute.key] = value.string_value
        elif value.int_value is not None:
            kept[attribute.key] = value.int_value
        elif value.bool_value:
            kept[attribute.key] = 1
    return kept


def _json_span(span: _Span, resource: Resource) -> Span | None:
    own = _key(_id(span.trace_id, 16), _id(span.span_id, 8))
    if own is None:
        return None
    links = (_key(_id(link.trace_id, 16), _id(link.span_id, 8)) for link in span.links or ())
    return _made(
        own,
        _id(span.parent_span_id or "", 8),
        _number(span.kind, "SPAN_KIND_", Kind.__members__),
        _number(span.status.code if span.status else 0, "STATUS_CODE_", {"ERROR": FAILED}),
        max(span.start_time_unix_nano, span.end_time_unix_nano),
        span.trace_state or "",
        _json_attributes(span.attributes),
        [link for link in links if link],
        resource,
    )


def _number(written: int | str, prefix: str, names: Any) -> int:
    """An enumeration's value, which some write by its name."""
    if isinstance(written, int):
        return written
    if written.isdecimal() and len(written) < 5:
        return int(written)
    return int(names.get(written.removeprefix(prefix), 0))


def _id(text: str, length: int) -> bytes:
    """An id in hex, or in base64 as protobuf's own JSON has it; empty where it is none."""
    try:
        found = bytes.fromhex(text) if len(text) == 2 * length else base64.b64decode(text)
    except ValueError:
        return b""
    return found if len(found) == length else b""


# Protobuf


def from_protobuf(data: bytes, resources: MakeResource) -> Iterator[Group]:
    """The spans of a request in protobuf; raises :class:`~cmdb.errors.InvalidInput` where it is
    none."""
    module = required("opentelemetry.proto.collector.trace.v1.trace_service_pb2", "traces")
    errors = required("google.protobuf.message", "traces")
    check_protobuf(data)
    request = module.ExportTraceServiceRequest()
    try:
        request.ParseFromString(data)
    except (errors.DecodeError, RecursionError):
        raise InvalidInput("This is no ExportTraceServiceRequest in protobuf.") from None
    return _protobuf_groups(request, resources)


def _protobuf_groups(request: Any, make: MakeResource) -> Iterator[Group]:
    for part in request.resource_spans:
        resource = make(_protobuf_attributes(part.resource.attributes))
        spans: list[Span] = []
        rejected = 0
        for span in (s for scope in part.scope_spans for s in scope.spans):
            made = _protobuf_span(span, resource) if resource else None
            if made is None:
                rejected += 1
            else:
                spans.append(made)
        yield Group(resource, spans, rejected)


def _protobuf_attributes(attributes: Any) -> dict[str, str | int]:
    kept: dict[str, str | int] = {}
    names = wanted()
    for attribute in attributes:
        if attribute.key not in names:
            continue
        value = attribute.value
        which = value.WhichOneof("value")
        if which == "string_value":
            kept[attribute.key] = value.string_value
        elif which == "int_value":
            kept[attribute.key] = value.int_value
        elif which == "bool_value" and value.bool_value:
            kept[attribute.key] = 1
    return kept


def _protobuf_span(span: Any, resource: Resource) -> Span | None:
    own = _key(span.trace_id, span.span_id)
    if own is None:
        return None
    links = (_key(link.trace_id, link.span_id) for link in span.links)
    return _made(
        own,
        span.parent_span_id,
        span.kind,
        span.status.code,
        max(span.start_time_unix_nano, span.end_time_unix_nano),
        span.trace_state,
        _protobuf_attributes(span.attributes),
        [link for link in links if link],
        resource,
    )


# Both


def _key(trace: bytes, span: bytes) -> bytes | None:
    """The ids of a trace and a span as one; None where either is invalid: of another length, or
    zero."""
    if len(trace) != 16 or len(span) != 8 or not any(trace) or not any(span):
        return None
    return trace + span


def _made(
    own: bytes,
    parent: bytes,
    kind: int,
    status: int,
    ended: int,
    state: str,
    attributes: Attributes,
    links: list[bytes],
    resource: Resource,
) -> Span:
    # Inner steps and servers call nothing, and say much.
    speaks = bool(attributes) and kind != Kind.SERVER
    target, address = target_of(attributes, kind, resource) if speaks else (None, "")
    above = _key(own[:16], parent)
    return Span(
        own,
        above if above and above != own else b"",
        kind,
        status == FAILED,
        ended,
        share_of(state),
        role_of(attributes, kind) if speaks or kind in (Kind.PRODUCER, Kind.CONSUMER) else "",
        target,
        address,
        tuple(links[:MOST_LINKS]),
    )


def share_of(state: str) -> float:
    """How many spans one stands for, by the threshold of sampling in its tracestate.

    >>> share_of("ot=th:8"), share_of("vendor=x,ot=rv:1;th:c"), share_of("")
    (2.0, 4.0, 1.0)
    """
    for member in state.split(",") if "ot=" in state else ():
        vendor, _, values = member.strip().partition("=")
        for value in values.split(";") if vendor == "ot" else ():
            name, _, digits = value.partition(":")
            if name != "th" or not 0 < len(digits) <= 14:
                continue
            try:
                threshold = int(digits.ljust(14, "0"), 16)
            except ValueError:
                continue
            # What claims to stand for more is not believed.
            return min(_HIGHEST / (_HIGHEST - threshold), 1e6)
    return 1.0
