"""Who does something to a record, and from where."""

from __future__ import annotations

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """The name that somebody signs in or calls with; ``address`` is where they called from, None
    on the server itself."""

    name: str
    address: str | None = None
