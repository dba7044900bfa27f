"""Observations as JSON Lines: one object a line, in UTF-8."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from cmdb.errors import did_you_mean, nearest
from cmdb.exchange.problems import Problems
from cmdb.exchange.record import ItemRecord, Line, LinkRecord

MAX_LINE = 1024 * 1024
"""Bytes. The longest line that any of our exports writes is far below."""

_T = TypeVar("_T")
_decoder = msgspec.json.Decoder(Line)
_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_STOPPED = re.compile(r"\(byte (\d+)\)$")
_NO_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")
_NAME_BEFORE = re.compile(rb'"([^"\\]{1,200})"\s*:\s*\Z')
_PLACE = re.compile(r" - at `\$\.?(.*?)`$")
_NAMES = (
    *Line.__struct_fields__,
    *ItemRecord.__struct_fields__,
    *(f.removesuffix("_key") for f in LinkRecord.__struct_fields__),
)


def read_lines(path: Path, problems: Problems) -> Iterator[tuple[int, Line]]:
    """The lines of a file that could be decoded, with their numbers; the others become problems.

    Memory stays at one line, however long the file's are. Blank lines are passed over.
    """
    with path.open("rb") as stream:
        yield from decode_lines(stream, str(path), problems, _decoder)


def decode_lines(
    stream: BinaryIO, name: str, problems: Problems, decoder: msgspec.json.Decoder[_T]
) -> Iterator[tuple[int, _T]]:
    """The same for a stream called ``name``, by any decoder."""
    for number, raw in _bounded_lines(stream):
        if raw is None:
            problems.add(f"the line is longer than {MAX_LINE:,} bytes", name, number)
            continue
        if number == 1 and (binary := _binary_reason(raw)):
            problems.add(binary, name)
            return
        if not (text := raw.strip()):
            continue
        try:
            yield number, decoder.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            message, field = explain(error)
            problems.add(_not_a_number(error, text) or message, name, number, field)


def _bounded_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    number = 0
    while raw := stream.readline(MAX_LINE + 1):
        number += 1
        if len(raw) <= MAX_LINE or raw.endswith(b"\n"):
            yield number, raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = stream.readline(MAX_LINE)
        yield number, None


def _binary_reason(start: bytes) -> str | None:
    for magic, what in (
        (b"\x1f\x8b", "a gzip archive: unpack it first"),
        (
            b"PK\x03\x04",
            "a ZIP archive or spreadsheet: JSON Lines are text; name a spreadsheet .xlsx",
        ),
        (b"SQLite format 3", "an SQLite database: JSON Lines are text"),
    ):
        if start.startswith(magic):
            return f"the file is {what}"
    if b"\x00" in start[:4096]:
        return "the file is binary: JSON Lines are UTF-8 text"
    return None


def _not_a_number(error: Exception, text: bytes) -> str | None:
    """What to say where the decoder stopped at a NaN or Infinity, which JSON doesn't know."""
    if not (stopped := _STOPPED.search(str(error))):
        return None
    # "-Infinity" stops the decoder after its sign.
    found = _NO_NUMBER.search(text, max(int(stopped[1]) - 1, 0), int(stopped[1]) + 9)
    if found is None:
        return None
    named = _NAME_BEFORE.search(text, 0, found.start())
    of = f" of {named[1].decode(errors='replace')[:60]!r}" if named else ""
    return f"the value{of} is {found[0].decode()}, which JSON doesn't know: leave the field out"


def explain(error: Exception) -> tuple[str, str | None]:
    """What is wrong with a line in words for people, and the field if the decoder named one."""
    if isinstance(error, RecursionError):
        return "the line is nested too deeply for an observation", None
    if isinstance(error, UnicodeDecodeError):
        return "the line is not UTF-8 text", None
    text = str(error)
    place = _PLACE.search(text)
    field = place[1] or None if place else None
    text = _PLACE.sub("", text)
    if unknown := _UNKNOWN.search(text):
        hint = did_you_mean(nearest(unknown[1], _NAMES))
        return f"{unknown[1][:60]!r} is not a field of an observation{hint}", field
    if "truncated" in text:
        return "the line ends in the middle of a JSON value", field
    if text.startswith("JSON is malformed"):
        return (
            f"the line is not JSON: {text.removeprefix('JSON is malformed: ')}",
            field,
        )
    return text[:1].lower() + text[1:], field
