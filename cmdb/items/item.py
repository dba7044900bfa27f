"""An item: what all sources said about one thing, and what follows from it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from cmdb.items.value import Value


class ItemStatus(StrEnum):
    """Where an item stands in its life.

    ``MISSING`` and ``RETIRED`` may also follow from full-scope runs that no longer see it.
    """

    PLANNED = "planned"
    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    MISSING = "missing"
    RETIRED = "retired"


class ItemReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one source says about one thing.

    ``since`` holds, per property name, identifier or ``"kind"``, when this source began to say
    what it says now, where that is later than ``first_seen``. ``missing_since`` is when a
    full-scope run of this source first failed to see the thing, ``retired`` whether its grace is
    over. ``distinct_from`` are identifiers of things that this one is not, by a person's word.
    """

    source: str
    kind: str
    identifiers: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    values: dict[str, Value] = {}
    since: dict[str, datetime] = {}
    scope: str = ""
    missing_since: datetime | None = None
    retired: bool = False
    distinct_from: tuple[str, ...] = ()

    def said_since(self, what: str) -> datetime:
        """Since when this source says what it says of a property, identifier or the kind."""
        return self.since.get(what, self.first_seen)


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One configuration item or record.

    ``identifiers`` are the keys that identify it now (each belongs to one item only);
    ``former_identifiers`` used to, and still lead to it until something else claims them.
    ``properties`` are the winning values, ``reports`` what they were chosen from.
    ``created_revision`` and ``revision`` are the first and the latest revision that wrote it (0
    while it is not stored). ``rivals`` are items that claim an identifier which this one claims
    too: one of them owns it. ``merged_into`` is the item that took its reports over, and
    ``merged_reports`` the (source, identifiers) of the reports it had, for un-merging.
    """

    id: str
    kind: str
    name: str
    status: ItemStatus
    identifiers: tuple[str, ...] = ()
    former_identifiers: tuple[str, ...] = ()
    properties: dict[str, Value] = {}
    reports: tuple[ItemReport, ...] = ()
    created_revision: int = 0
    revision: int = 0
    rivals: tuple[str, ...] = ()
    merged_into: str | None = None
    merged_reports: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that report it, sorted, each once."""
        return tuple(sorted({report.source for report in self.reports}))

    @property
    def first_seen(self) -> datetime | None:
        """When any source first saw it."""
        return min((r.first_seen for r in self.reports), default=None)

    @property
    def last_seen(self) -> datetime | None:
        """When any source last saw it."""
        return max((r.last_seen for r in self.reports), default=None)
