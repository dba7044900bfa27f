"""What an address or a file holds, as far as the mapping reads it."""

from __future__ import annotations

from typing import Any

import msgspec


class Linked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where one link of a thing leads, by the number of its rule: what its ends are called."""

    rule: int
    ends: tuple[str, ...]
    gate: str | None = None


class Thing(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing of a sort of the mapping; without an ``id`` it is told of and left out."""

    sort: str
    id: str | None
    identifiers: dict[str, tuple[str, ...]] = {}
    properties: dict[str, Any] = {}
    links: tuple[Linked, ...] = ()


class JsonPayload(msgspec.Struct, frozen=True):
    """The things of one target, page after page. ``scope`` names all targets of the scan.

    What the mapping does not ask for is not in it: documents may hold secrets beside.
    """

    scope: str
    target: str
    things: tuple[Thing, ...]
