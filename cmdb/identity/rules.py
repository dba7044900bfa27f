"""How the values of identifiers are brought to one written form, rule by rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

_SPACE = re.compile(r"\s+")
_HEX = re.compile(r"[^0-9a-f]")
_PAIRS = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")


def _plain(value: str) -> str:
    return value


@lru_cache(maxsize=8192)
def _folded(value: str) -> str:
    return _SPACE.sub(" ", value)


@lru_cache(maxsize=8192)
def _hex(value: str) -> str:
    return _HEX.sub("", value.lower())


def _mac(value: str) -> str:
    if _PAIRS.fullmatch(value):
        return value
    digits = _hex(value)
    if len(digits) not in (12, 16):
        raise ValueError(f"{value!r} is no hardware address: it needs 12 hexadecimal digits.")
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def _fqdn(value: str) -> str:
    return value.lower().rstrip(".")


@lru_cache(maxsize=8192)
def _upper(value: str) -> str:
    return _SPACE.sub(" ", value.upper())


def _lower(value: str) -> str:
    return value.lower()


NORMAL_FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "plain": _plain,
        "folded": _folded,
        "hex": _hex,
        "mac": _mac,
        "fqdn": _fqdn,
        "upper": _upper,
        "lower": _lower,
    }
)
"""The rules by name. Each raises ValueError with a sentence where it can't read a value."""
