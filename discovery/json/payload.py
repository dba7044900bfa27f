"""What an address or a file holds."""

from __future__ import annotations

from typing import Any

import msgspec


class JsonPayload(msgspec.Struct, frozen=True):
    """The documents of one target, page after page. ``scope`` names all targets of the scan."""

    scope: str
    target: str
    documents: tuple[Any, ...]
