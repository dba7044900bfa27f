"""How items, links and reports look as nodes and relationships, and how they are read back.

What a person or a query needs are native properties. What is read back is ``_body``, the JSON of
the whole: Neo4j applies a commit bit by bit while others read, and one property is the most that is
either old or new. ``_seen`` holds later touches, by the position of the report.

Properties of an item whose names are taken by a field of ours are kept under ``_property_<name>``;
fields that nobody needs to see start with an underscore.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from cmdb.identity.owner import Owner
from cmdb.items import Item, Link, WaitingLink
from cmdb.revisions import Commit, Edit, Revision, Run
from cmdb.store.codec import (
    ReadRow,
    Seen,
    decode_edit,
    decode_item,
    decode_link,
    decode_run,
    decode_waiting,
    encode,
    tags,
)
from cmdb.store.criteria import stored_words
from cmdb.store.text import sort_name

_Decoded = TypeVar("_Decoded")
Node = dict[str, object]

NEVER = -(2**62)
"""Stands in ``_seen`` for a report that was not touched: earlier than any time there is."""

_FIELDS = frozenset(
    {
        "id",
        "kind",
        "name",
        "status",
        "identifiers",
        "former_identifiers",
        "revision",
        "created_revision",
        "merged_into",
    }
)
_ESCAPE = "_property_"


class Torn(Exception):
    """A row was read while a commit was being applied to it: it is whole a moment later."""


# --- writing ----------------------------------------------------------------------------------


def property_key(name: str) -> str:
    """Where an item's node keeps a property other than ``name``."""
    return f"{_ESCAPE}{name}" if name in _FIELDS or name.startswith("_") else name


def sortable(text: str) -> str:
    """A text whose order by code points is also its order by UTF-16 units.

    Neo4j orders strings by either, depending on where they come from. The two differ only where
    a character beyond U+FFFF meets one from U+E000 on, so these get a mark in front.
    """
    if text.isascii() or max(text) < "\ud800":
        return text
    return "".join(
        c if c < "\ud800" else f"\ue001{c}" if c > "\uffff" else f"\ue000{c}" for c in text
    )


def unsortable(text: str) -> str:
    """The text that :func:`sortable` made this of."""
    if text.isascii() or max(text) < "\ud800":
        return text
    return _MARKED.sub(r"\1", text)


_MARKED = re.compile("[\ue000\ue001](.)", re.DOTALL)


def time_text(time: datetime) -> str:
    """A time as text of one length, so that texts are ordered as times are."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def item_node(item: Item, body: str, seen: Seen) -> Node:
    """The properties of an item's node."""
    node: Node = {}
    for name, value in item.properties.items():
        if name == "name":
            if value != item.name:
                node["_property_name"] = value
        else:
            node[property_key(name)] = value
    if "name" not in item.properties:
        node["_unnamed"] = True
    node["id"] = item.id
    node["kind"] = item.kind
    node["name"] = item.name
    node["status"] = item.status.value
    node["identifiers"] = list(item.identifiers)
    if item.former_identifiers:
        node["former_identifiers"] = list(item.former_identifiers)
    if item.merged_into is not None:
        node["merged_into"] = item.merged_into
    node["revision"] = item.revision
    node["created_revision"] = item.created_revision
    node["_sort_name"] = sortable(sort_name(item.name))
    node["_words"] = stored_words(item)
    node["_body"] = body
    node["_seen"] = _seen_list(seen)
    return node


def report_nodes(item: Item) -> list[Node]:
    """The properties of the nodes of an item's reports, as of its last revision."""
    return [
        {
            "position": position,
            "source": report.source,
            "scope": report.scope,
            "kind": report.kind,
            "retired": report.retired,
            "first_seen": time_text(report.first_seen),
            "last_seen": time_text(report.last_seen),
            "values": encode(report.values),
        }
        for position, report in enumerate(item.reports)
    ]


def link_relationship(link: Link, body: str, seen: Seen) -> Node:
    """The properties of a link's relationship; its type and ends say the rest."""
    gate = link.gate
    return {
        "status": link.status,
        "strength": link.strength,
        "weight": link.weight,
        "confidence": link.confidence,
        "gate": gate.name if gate is not None else None,
        "min_up": gate.min_up if gate is not None else None,
        "evidence": link.evidence,
        "reported_by": tags(link.reports),
        "revision": link.revision,
        "created_revision": link.created_revision,
        "_body": body,
        "_seen": _seen_list(seen),
    }


def waiting_node(waiting: WaitingLink, body: str, seen: Seen) -> Node:
    """The properties of a waiting link's node."""
    report = waiting.report
    return {
        "id": waiting.id,
        "relation": waiting.relation,
        "from_key": report.from_key,
        "to_key": report.to_key,
        "source": report.source,
        "scope": report.scope,
        "retired": report.retired,
        "reason": waiting.reason,
        "revision": waiting.revision,
        "_body": body,
        "_seen": _seen_list(seen),
    }


def _seen_list(seen: Seen) -> list[int] | None:
    if not seen:
        return None
    return [seen.get(position, NEVER) for position in range(max(seen) + 1)]


def revision_row(
    number: int, time: datetime, commit: Commit, edits: int, shared: tuple[str, ...]
) -> Node:
    """The properties of a revision's node."""
    return {
        "number": number,
        "time": time,
        "actor": commit.actor,
        "source": commit.source,
        "reason": commit.reason,
        "edits": edits,
        "run": commit.run,
        "shared": list(shared),
        "address": commit.address,
    }


def run_row(run: Run) -> Node:
    """The properties of a run's node."""
    return {
        "id": run.id,
        "source": run.source,
        "scope": run.scope,
        "full_scope": run.full_scope,
        "started": run.started,
        "ended": run.ended,
        "status": run.status.value,
        "actor": run.actor,
        "_body": encode(run),
    }


# --- reading: each raises Torn where a part is missing ------------------------------------------


def seen_of(found: Sequence[int] | None) -> dict[int, int]:
    """Touches by the position of their report."""
    if not found:
        return {}
    return {position: number for position, number in enumerate(found) if number != NEVER}


def item_of(body: str | None, seen: Sequence[int] | None) -> Item:
    """The item of a node."""
    return _whole(decode_item, body, seen_of(seen))


def link_of(body: str | None, seen: Sequence[int] | None) -> Link:
    """The link of a relationship."""
    return _whole(decode_link, body, seen_of(seen))


def waiting_of(body: str | None, seen: Sequence[int] | None) -> WaitingLink:
    """The waiting link of a node."""
    return _whole(decode_waiting, body, seen_of(seen))


def run_of(body: str | None) -> Run:
    """The run of a node."""
    return _whole(decode_run, body)


def read_whole(read: ReadRow, body: str | None, seen: Sequence[int] | None) -> bool:
    """Give a node or relationship to ``read``; raises Torn where it is not whole."""

    def decode(body: str) -> bool:
        read(body, seen_of(seen) or None)
        return True

    return _whole(decode, body)


def _whole(decode: Callable[..., _Decoded], body: str | None, *rest: object) -> _Decoded:
    if body is None:
        raise Torn
    try:
        return decode(body, *rest)
    except msgspec.DecodeError:
        raise Torn from None


def owner_of(item_id: str | None, state: Any) -> Owner:
    """The owner of an identifier."""
    if state is None or (item_id is None) != (state == "shared"):
        raise Torn
    return Owner(item_id, state)


def edit_of(row: Sequence[Any]) -> Edit:
    """The edit of a node's fields."""
    revision, entity, id_, action, reason, before, after = row
    if None in row[:5] or (before is None and after is None):
        raise Torn
    return _whole(
        lambda _: decode_edit(revision, entity, id_, action, reason, before, after), reason
    )


def revision_of(row: Sequence[Any]) -> Revision:
    """The revision of a node's fields."""
    number, time, actor, source, reason, edits, run, shared, address = row
    if None in row[:6] or shared is None:
        raise Torn
    return Revision(number, native(time), actor, source, reason, edits, run, tuple(shared), address)


def native(time: Any) -> datetime:
    """A time as the driver gives it, as ours."""
    found: datetime = time if isinstance(time, datetime) else time.to_native()
    return found.astimezone(UTC)
