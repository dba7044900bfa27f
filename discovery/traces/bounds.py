"""How many parts a request may have, before it is decoded: two bytes can be a span, which takes a
hundred times as many in memory."""

from __future__ import annotations

from cmdb.errors import InvalidInput

ALWAYS = 1_000
"""Parts that any request may have."""
LEAST_OBJECT = 16
"""Bytes of JSON that each object has on average at least; real ones have some thirty."""
LEAST_FIELD = 24
"""Bytes of protobuf that each field down to the spans has on average; ids and times have 46."""
_NESTED = (1, 2, 2)
"""The numbers of the fields that lead to spans: resource_spans, scope_spans, spans."""
_FIXED = {1: 8, 5: 4}
_LENGTH = 2


def check_json(data: bytes) -> None:
    """Raises :class:`~cmdb.errors.InvalidInput` where JSON has too many objects for its size."""
    if data.count(b"{") > ALWAYS + len(data) // LEAST_OBJECT:
        raise InvalidInput("It has more objects in it than a request of its size can have.")


def check_protobuf(data: bytes) -> None:
    """Raises :class:`~cmdb.errors.InvalidInput` where a message has too many fields for its size,
    down to the spans, or fields that protobuf cannot have there."""
    most = ALWAYS + len(data) // LEAST_FIELD
    count = 0
    # Where to go on, up to where, and how deep that is; the innermost last.
    rest = [(0, len(data), 0)]
    while rest:
        at, end, depth = rest.pop()
        while at < end:
            count += 1
            if count > most:
                raise InvalidInput("It has more parts than a request of its size can have.")
            tag, at = _varint(data, at, end)
            number, sort = tag >> 3, tag & 7
            if sort == _LENGTH:
                length, at = _varint(data, at, end)
                if number == _NESTED[depth] and depth + 1 < len(_NESTED):
                    rest.append((at + length, end, depth))
                    end, depth = min(at + length, end), depth + 1
                else:
                    at += length
            elif sort in _FIXED:
                at += _FIXED[sort]
            elif sort == 0:
                _, at = _varint(data, at, end)
            else:
                raise InvalidInput("This is no ExportTraceServiceRequest in protobuf.")


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise InvalidInput("This is no ExportTraceServiceRequest in protobuf.")
