"""What a device is: NetBox knows roles by the names that its people gave them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

import msgspec

from cmdb.errors import InvalidSettings, Problem

KINDS = ("Server", "NetworkDevice")


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind and the words that tell of it."""

    kind: str
    words: tuple[str, ...]
    network_roles: tuple[tuple[str, tuple[str, ...]], ...] = ()


@lru_cache(maxsize=1)
def _roles() -> tuple[Role, ...]:
    text = files("discovery.netbox").joinpath("roles.toml").read_text("utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["role"], list[Role]))


def given_roles(given: Sequence[str]) -> dict[str, str]:
    """The kinds that the settings give to roles; raises InvalidSettings for what is no kind."""
    found = {}
    for text in given:
        slug, equals, kind = text.partition("=")
        if not equals or kind.strip() not in KINDS:
            wrong = f"{text!r} must be a role's slug and what it is: oob-server=Server"
            raise InvalidSettings("The settings can't be used.", [Problem(wrong, field="roles")])
        found[slug.strip().lower()] = kind.strip()
    return found


def kind_of_role(slug: str, given: Mapping[str, str]) -> str:
    """``Server`` or ``NetworkDevice``.

    >>> kind_of_role("tor-switch", {}), kind_of_role("core-server", {}), kind_of_role("x", {})
    ('NetworkDevice', 'Server', 'Server')
    """
    if slug in given:
        return given[slug]
    # The last word says what a thing is: a core server is a server.
    for told in (slug.rpartition("-")[2], slug):
        for role in _roles():
            if _has(told, role.words):
                return role.kind
    return "Server"


def network_role(slug: str) -> str | None:
    """The part that it has in the network, where its role says so.

    >>> network_role("core-switch"), network_role("router")
    ('core', None)
    """
    for role in _roles():
        for name, words in role.network_roles:
            if _has(slug, words):
                return name
    return None


def _has(slug: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"(?:^|-){re.escape(word)}s?(?:-|$)", slug) for word in words)
