"""What values of agents mean: octets, texts, hardware addresses, addresses in row indexes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache

from cmdb.identity.junk import is_shared_mac
from discovery.snmp.payload import Value

_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
_MAC_TEXT = re.compile(r"[0-9a-fA-F]{12}")
MAX_TEXT = 200


def octets(value: Value | None) -> bytes:
    """The bytes of a value; none where it is a number or missing."""
    return value.encode("latin-1", "ignore") if isinstance(value, str) else b""


def text(value: Value | None) -> str:
    """A text on one line, without what can't be shown, cut where it is very long."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if value.isascii() and value.isprintable():
        raw = _SPACE.sub(" ", value) if "  " in value else value
    else:
        # Some agents fill a text up with zeros, and some with what was there before.
        raw = octets(value).lstrip(b"\x00").partition(b"\x00")[0].decode("utf-8", "replace")
        raw = _SPACE.sub(" ", raw)
    return raw.strip(' "')[:MAX_TEXT]


def number(value: Value | None) -> int | None:
    """A number, also where it is written as a text."""
    if isinstance(value, int):
        return value
    return int(value) if value and value.isascii() and value.isdigit() else None


def mac(value: Value | bytes | None) -> str:
    """A hardware address as six hexadecimal pairs; empty where it is none that identifies.

    >>> mac("\\x52\\x54\\x00\\xaa\\x00\\x01")
    '52:54:00:aa:00:01'
    >>> mac("52-54-00-AA-00-01")
    '52:54:00:aa:00:01'
    >>> mac("\\x00\\x00\\x00\\x00\\x00\\x00")
    ''
    """
    raw = value if isinstance(value, bytes) else octets(value)
    if len(raw) != 6:
        plain = re.sub(r"[\s:.\-]", "", raw.decode("latin-1"))
        if not _MAC_TEXT.fullmatch(plain):
            return ""
        raw = bytes.fromhex(plain)
    return _mac(raw)


def _mac(raw: bytes) -> str:
    found = raw.hex(":")
    return "" if raw[0] & 1 or is_shared_mac(found) else found


def ip(value: bytes) -> str:
    """An address of 4 or 16 bytes that means the same on all machines of a network, or empty."""
    if len(value) not in (4, 16):
        return ""
    return _telling(value)


@lru_cache(maxsize=65536)
def _telling(value: bytes) -> str:
    found = ipaddress.ip_address(value)
    told = not (
        found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified
    )
    return str(found) if told else ""


def index(row: str) -> list[int]:
    """The numbers of a row's index."""
    return list(map(int, filter(None, row.split("."))))


def ip_at_end(numbers: Sequence[int]) -> str:
    """The address that an index ends with: its type, its length, its bytes."""
    for length in (4, 16):
        if len(numbers) > length and numbers[-length - 1] == length:
            return ip(_bytes(numbers[-length:]))
    return ip(_bytes(numbers[-4:])) if len(numbers) >= 4 else ""


def mac_at_end(row: str, first: int) -> str:
    """The hardware address that a row's index is from its ``first`` number on; else empty."""
    parts = row.split(".")[first:]
    if len(parts) == 6:
        try:
            return _mac(bytes(map(int, parts)))
        except ValueError:  # one of them is empty or no byte: looked at again with more care
            pass
    return mac_of(index(row)[first:])


def mac_of(numbers: Sequence[int]) -> str:
    """The hardware address that numbers of an index are."""
    return mac(_bytes(numbers)) if len(numbers) == 6 else ""


def _bytes(numbers: Sequence[int]) -> bytes:
    try:
        return bytes(numbers)
    except ValueError:  # one of them is no byte
        return b""
