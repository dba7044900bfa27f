"""What a scanner saw: items by identifier, links by identifier. Never an id of ours.

Runs hold hundreds of thousands of them, and none can hold itself: the collector of cycles is not
told of them (``gc=False``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from cmdb.items.value import Value


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The redundancy group a link belongs to; ``min_up`` is a weight or a percentage."""

    name: str
    min_up: int | float | str = 1


class Past(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an export knows about a report beyond its last word, so that an import restores it.

    ``since`` has the same keys as a report's; for a link it holds ``"link"``.
    """

    first_seen: datetime
    since: dict[str, datetime] = {}
    missing_since: datetime | None = None
    retired: bool = False


class ItemObservation(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One thing as one source saw it at ``time``.

    ``properties`` with None mean that the source now says there is no such value; those left out
    keep what the source said before. ``distinct_from`` are identifiers of things that this is not.
    ``complete`` are relations of which this run names every link that leads from the thing: what
    the source said of them before, and does not say now, it has taken back.
    """

    kind: str
    identifiers: tuple[str, ...]
    source: str
    time: datetime
    properties: dict[str, Value | None] = {}
    scope: str = ""
    distinct_from: tuple[str, ...] = ()
    past: Past | None = None
    complete: tuple[str, ...] = ()


class LinkObservation(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One relationship as one source saw it at ``time``, its ends named by any identifier.

    ``to_any`` is for a source that knows the other end by less: identifiers and names that it may
    go by, the likeliest first. The first that leads to one configuration item takes the place of
    ``to_key``; where none does, the link waits by ``to_key``, or is told of where that is empty.
    """

    relation: str
    from_key: str
    to_key: str
    source: str
    time: datetime
    strength: Literal["hard", "soft"] = "hard"
    gate: Gate | None = None
    weight: float = 1.0
    confidence: float = 1.0
    evidence: str | None = None
    scope: str = ""
    past: Past | None = None
    to_any: tuple[str, ...] = ()


Observation = ItemObservation | LinkObservation
