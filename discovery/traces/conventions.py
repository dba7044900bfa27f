"""The names of attributes that are read, from ``conventions.toml``; of all others nothing is kept.

Values are checked here: what may hold a secret, is too long or is no text leads to nothing.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MOST_NAME = 200
"""Characters of a name that is kept."""
Attributes = Mapping[str, str | int]
"""Attributes by name, as far as they are read."""

# A name may begin with @, as those of npm do, and be about secrets: their keeper is a service.
_SECRETIVE = re.compile(
    r"://|(?<=.)@|[;=?]|(?:password|secret|token)\s*:|\b(?:bearer|basic)\s", re.IGNORECASE
)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")


@lru_cache(maxsize=1)
def conventions() -> dict[str, dict[str, Any]]:
    """The tables of the file."""
    return tomllib.loads((Path(__file__).parent / "conventions.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def wanted() -> frozenset[str]:
    """The names of all attributes that are read."""
    tables = conventions()
    names = {
        name for part in ("resource", "span") for listed in tables[part].values() for name in listed
    }
    return frozenset({*names, *tables["workloads"].values()})


def first(attributes: Attributes, part: str, what: str) -> str | int | None:
    """The value of the first attribute that is there for something, such as a span's host."""
    for name in conventions()[part][what]:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


def name_of(value: str | int | None) -> str:
    """A value as a name; empty where it is none, or may hold more than a name.

    >>> name_of("@shop/orders"), name_of("token-issuer"), name_of("postgresql://app:t0p@db/orders")
    ('@shop/orders', 'token-issuer', '')
    """
    text = str(value).strip() if value is not None else ""
    if not text or len(text) > MOST_NAME or not text.isprintable() or _SECRETIVE.search(text):
        return ""
    return text


def host_of(value: str | int | None) -> str:
    """A value as a host's name or address, in lower case; empty where it is neither.

    >>> host_of("DB.example.org."), host_of("[::1]"), host_of("app:t0p@db")
    ('db.example.org', '::1', '')
    """
    text = str(value).strip().lower().rstrip(".").strip("[]") if value is not None else ""
    return text if len(text) < 254 and (_HOST.fullmatch(text) or is_address(text)) else ""


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def port_of(value: str | int | None) -> int:
    """A value as a port; 0 where it is none."""
    try:
        port = int(value) if value is not None else 0
    except ValueError:
        return 0
    return port if 0 < port < 65536 else 0


def host_in_url(value: str | int | None) -> tuple[str, int]:
    """Host and port of a URL, of which nothing else is kept; empty and 0 where it is none.

    >>> host_in_url("https://ada:t0p@api.example.org/pay?token=t0p")
    ('api.example.org', 443)
    """
    try:
        parts = urlsplit(str(value)[:4096]) if value is not None else urlsplit("")
        usual = {"https": 443, "http": 80}.get(parts.scheme, 0)
        return host_of(parts.hostname), parts.port or usual
    except ValueError:
        return "", 0
