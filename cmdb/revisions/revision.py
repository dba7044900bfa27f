"""What was committed: a numbered revision and its edits."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from cmdb.items import Item, Link, WaitingLink
from cmdb.revisions.delta import Action


class Revision(msgspec.Struct, frozen=True):
    """One committed delta. ``number`` only grows, and is drawn inside the writing transaction.

    ``time`` is when it was written (UTC, never before that of the revision with a lower number).
    ``edits`` counts its edits; ``shared`` are the identifiers it declared shared. ``address`` is
    the network address that the actor called from; None for what was done on the server itself.
    """

    number: int
    time: datetime
    actor: str
    source: str
    reason: str
    edits: int
    run: str | None = None
    shared: tuple[str, ...] = ()
    address: str | None = None


class Edit(msgspec.Struct, frozen=True):
    """One item, link or waiting link before and after a revision.

    ``before`` is None where it was created, ``after`` where it was removed.
    """

    revision: int
    entity: Literal["item", "link", "waiting"]
    id: str
    action: Action
    reason: str
    before: Item | Link | WaitingLink | None
    after: Item | Link | WaitingLink | None
