"""Who an identifier belongs to."""

from __future__ import annotations

from typing import Literal

import msgspec


class Owner(msgspec.Struct, frozen=True):
    """The item an identifier leads to, and how.

    ``live`` identifies the item now, ``former`` did once and only leads there, ``shared``
    identifies nobody (``item_id`` is None).
    """

    item_id: str | None
    state: Literal["live", "former", "shared"]
