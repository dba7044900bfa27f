"""What reconciliation wants to change, before it is committed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from cmdb.items import Item, Link, WaitingLink


class Action(StrEnum):
    """What an edit did to its item or link."""

    CREATED = "created"
    UPDATED = "updated"
    MERGED = "merged"
    """Its reports went to another item: it was found to be the same thing."""
    SPLIT = "split"
    """It was created, or came back, from reports that belonged to another item."""
    MISSING = "missing"
    RETURNED = "returned"
    """It was missing or retired and is seen again."""
    RETIRED = "retired"
    REMOVED = "removed"
    """A waiting link that joined, or a link whose ends became one thing."""
    REVERTED = "reverted"


class ItemChange(msgspec.Struct, frozen=True):
    """One item before and after. ``reason`` says why, with the identifiers that matched.

    ``before`` is None for a new item; ``after`` is never None: items are retired, not removed.
    """

    action: Action
    before: Item | None
    after: Item
    reason: str = ""


class LinkChange(msgspec.Struct, frozen=True):
    """One link before and after. ``after`` is None only where its ends were merged into one."""

    action: Action
    before: Link | None
    after: Link | None
    reason: str = ""


class WaitingChange(msgspec.Struct, frozen=True):
    """One waiting link before and after. ``after`` is None where it joined or was withdrawn."""

    action: Action
    before: WaitingLink | None
    after: WaitingLink | None
    reason: str = ""


class Touch(msgspec.Struct, frozen=True):
    """A source saw again, at ``seen``, what it had reported: nothing else changed.

    ``report`` is the position of the report in the item's, link's or waiting link's reports.
    Touches are written without a revision, and never move a time backwards.
    """

    entity: Literal["item", "link", "waiting"]
    id: str
    report: int
    seen: datetime


class Delta(msgspec.Struct, frozen=True):
    """A set of changes that is applied whole or not at all.

    ``shared`` are identifiers found to belong to several things at once: they identify nobody from
    then on. Applying a delta that has no changes and no shared identifiers makes no revision.
    """

    items: tuple[ItemChange, ...] = ()
    links: tuple[LinkChange, ...] = ()
    waiting: tuple[WaitingChange, ...] = ()
    shared: tuple[str, ...] = ()
    touches: tuple[Touch, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether applying it would make no revision (touches do not)."""
        return not (self.items or self.links or self.waiting or self.shared)


class Commit(msgspec.Struct, frozen=True):
    """Who writes a revision, for which source, and why; ``address`` is where they called from."""

    actor: str
    source: str
    reason: str
    time: datetime
    run: str | None = None
    address: str | None = None
