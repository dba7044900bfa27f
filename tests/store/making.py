"""Items, links and deltas for the stores' tests, with only what a test is about to be said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from cmdb.items import Item, ItemReport, ItemStatus, Link, LinkReport, WaitingLink, link_id
from cmdb.items.ids import new_id
from cmdb.items.link import waiting_id
from cmdb.items.value import Value
from cmdb.revisions import Action, Commit, Delta, ItemChange, LinkChange, WaitingChange

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
COMMIT = Commit("ada", "scan", "a test", NOW)


def commit(time: datetime = NOW, **fields: Any) -> Commit:
    """A commit at a time."""
    return replace(COMMIT, time=time, **fields)


def report(
    source: str = "scan", identifiers: Sequence[str] = (), kind: str = "Server", **fields: Any
) -> ItemReport:
    """What one source says about an item."""
    times = {"first_seen": NOW, "last_seen": NOW}
    return ItemReport(source, kind, tuple(identifiers), **{**times, **fields})


def item(
    name: str = "web",
    kind: str = "Server",
    *,
    identifiers: Sequence[str] = (),
    properties: dict[str, Value] | None = None,
    status: ItemStatus = ItemStatus.ACTIVE,
    reports: Sequence[ItemReport] | None = None,
    **fields: Any,
) -> Item:
    """An item that one source reports, unless other reports are given."""
    found = (report("scan", identifiers, kind),) if reports is None else tuple(reports)
    own: dict[str, Value] = {"name": name} if properties is None else properties
    return Item(
        fields.pop("id", new_id()), kind, name, status, tuple(identifiers), (), own, found, **fields
    )


def link_report(
    from_key: str = "", to_key: str = "", source: str = "scan", **fields: Any
) -> LinkReport:
    """What one source says about a link."""
    times = {"first_seen": NOW, "last_seen": NOW, "since": NOW}
    return LinkReport(source, from_key, to_key, **{**times, **fields})


def link(start: Item, end: Item, relation: str = "DEPENDS_ON", **fields: Any) -> Link:
    """A link that one source reports."""
    reports = fields.pop("reports", (link_report(f"name:{start.id}", f"name:{end.id}"),))
    id_ = link_id(relation, start.id, end.id)
    return Link(id_, relation, start.id, end.id, reports=tuple(reports), **fields)


def waiting(
    from_key: str, to_key: str, relation: str = "DEPENDS_ON", source: str = "scan"
) -> WaitingLink:
    """A link whose ends are not known yet."""
    id_ = waiting_id(source, relation, from_key, to_key)
    return WaitingLink(id_, relation, link_report(from_key, to_key, source), "nobody has seen it")


def created(*things: Item | Link | WaitingLink, **fields: Any) -> Delta:
    """A delta that creates things."""
    return Delta(
        items=tuple(
            ItemChange(Action.CREATED, None, i, "new") for i in things if isinstance(i, Item)
        ),
        links=tuple(
            LinkChange(Action.CREATED, None, i, "new") for i in things if isinstance(i, Link)
        ),
        waiting=tuple(
            WaitingChange(Action.CREATED, None, i, "new")
            for i in things
            if isinstance(i, WaitingLink)
        ),
        **fields,
    )


def updated(before: Item, action: Action = Action.UPDATED, **fields: Any) -> ItemChange:
    """A change of an item's fields."""
    return ItemChange(action, before, replace(before, **fields), "it changed")


def stored(thing: Any, revision: int, created_revision: int | None = None) -> Any:
    """The thing as it is read back once ``revision`` wrote it."""
    first = revision if created_revision is None else created_revision
    return replace(thing, revision=revision, created_revision=first)
