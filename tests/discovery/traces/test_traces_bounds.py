"""What takes little to send and much to keep is refused before it is decoded."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput
from discovery.traces.otlp import Group, MakeResource, from_json, from_protobuf, resources_like

Read = Callable[[bytes, MakeResource], Iterator[Group]]
MANY = 400_000


def field(number: int, body: bytes) -> bytes:
    """A field of protobuf that holds bytes."""
    length, coded = len(body), bytearray()
    while length > 127:
        coded.append(length & 127 | 128)
        length >>= 7
    return bytes((number << 3 | 2, *coded, length)) + body


def scopes(inner: bytes) -> bytes:
    return field(1, field(2, inner))


def json_spans(inner: str) -> bytes:
    return f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{inner}]}}]}}]}}'.encode()


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (from_protobuf, field(1, b"") * MANY),
        (from_protobuf, field(1, field(2, b"") * MANY)),
        (from_protobuf, scopes(field(2, b"") * MANY)),
        (from_protobuf, b"\x08\x00" * MANY),
        (from_json, json_spans(",".join(["{}"] * MANY))),
        (from_json, b'{"resourceSpans":[%s{}]}' % (b"{}," * MANY)),
    ],
    ids=["resources", "scopes", "spans", "unknown", "JSON spans", "JSON resources"],
)
def test_many_empty_parts_are_refused_in_little_memory(read: Read, body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidInput, match="than a request of its size can have"):
            list(read(body, resources_like()))
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def test_the_smallest_real_spans_are_many() -> None:
    ids = field(1, b"\x01" * 16) + field(2, b"\x02" * 8)
    name = field(1, field(1, b"service.name") + field(2, field(1, b"web")))
    body = field(1, field(1, name) + field(2, field(2, ids) * 50_000))
    (group,) = from_protobuf(body, resources_like())
    assert len(group.spans) == 50_000
    span = f'{{"traceId":"{ids[2:18].hex()}","spanId":"{ids[20:].hex()}"}}'
    written = ",".join([span] * 50_000)
    (group,) = from_json(json_spans(written), resources_like())
    assert group.rejected == 50_000, "they name no service"


@pytest.mark.parametrize("read", [from_json, from_protobuf])
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(read: Read, body: bytes) -> None:
    try:
        groups = list(read(body, resources_like()))
    except InvalidInput:
        return
    assert all(not group.spans for group in groups)
