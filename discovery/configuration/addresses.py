"""Addresses as configurations write them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from discovery.configuration.payload import Address

_HOST_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]*)\]|(?P<host>[A-Za-z0-9_.*-]*))(?::(?P<port>\d{1,5}))?"
)
_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443, "ws": 80, "wss": 443, "ajp": 8009}
_ANY = frozenset({"*", "0.0.0.0", "::", "_default_"})  # noqa: S104  # as they are written


def read_address(text: str, port: int | None = None) -> Address | None:
    """``host:port``, ``[address]:port``, ``:port``, a port or a host alone; None where it is none.

    >>> read_address("[2001:db8::1]:8080"), read_address("8080")
    (Address(host='2001:db8::1', port=8080), Address(host='', port=8080))
    """
    if text.isdigit():
        return Address("", int(text)) if 0 < int(text) < 65536 else None
    if text.count(":") > 1 and not text.startswith("["):  # version 6 as HAProxy writes it: :::443
        host, _, number = text.rpartition(":")
        text = f"[{host}]:{number}"
    found = _HOST_PORT.fullmatch(text)
    if found is None:
        return None
    known = int(found["port"]) if found["port"] else port
    if known is None or not 0 < known < 65536:
        return None
    host = found["six"] if found["six"] is not None else found["host"]
    return Address("" if host in _ANY else host.lower(), known)


def read_url(url: str) -> Address | None:
    """Where a URL leads; None where it has no host, or a variable in it."""
    if "$" in url or "%{" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None:
        return None
    return Address(parts.hostname.lower(), port)
