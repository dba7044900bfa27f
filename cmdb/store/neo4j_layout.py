"""How items, links and reports look as nodes and relationships, and how they are read back.

Properties of an item are native properties of its node. Those few whose names are taken by a field
of ours are kept under ``_property_<name>``; fields nobody needs to see start with an underscore.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import msgspec

from cmdb.items import Gate, Item, ItemReport, ItemStatus, Link, LinkReport, WaitingLink
from cmdb.items.link import link_id
from cmdb.revisions import Commit, Edit, Revision, Run
from cmdb.store.codec import (
    decode_edit,
    decode_waiting,
    encode,
    from_micros,
    micros,
    tags,
)
from cmdb.store.criteria import stored_words
from cmdb.store.cypher import SEEN, seen_key
from cmdb.store.text import sort_name

Row = Mapping[str, Any]

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
_item_report = msgspec.json.Decoder(ItemReport)
_link_report = msgspec.json.Decoder(LinkReport)


class _Rare(msgspec.Struct, frozen=True, omit_defaults=True):
    """Fields that few items have: kept together, out of sight."""

    rivals: tuple[str, ...] = ()
    merged_reports: tuple[tuple[str, tuple[str, ...]], ...] = ()


_rare = msgspec.json.Decoder(_Rare)
_STATUSES = {status.value: status for status in ItemStatus}


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


def seen_text(time: datetime) -> str:
    """A time as text of one length, so that texts are ordered as times are."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def item_node(item: Item) -> dict[str, object]:
    """The properties of an item's node."""
    node: dict[str, object] = {}
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
    if item.rivals or item.merged_reports:
        node["_rare"] = encode(_Rare(item.rivals, item.merged_reports))
    node["revision"] = item.revision
    node["created_revision"] = item.created_revision
    node["_sort_name"] = sortable(sort_name(item.name))
    node["_words"] = stored_words(item)
    return node


def report_nodes(item: Item, seen: Mapping[int, int]) -> list[dict[str, object]]:
    """The properties of the nodes of an item's reports; ``seen`` are later touches."""
    return [
        {
            "position": position,
            "source": report.source,
            "scope": report.scope,
            "kind": report.kind,
            "retired": report.retired,
            "last_seen": _last_seen(report, seen.get(position)),
            "body": encode(report),
        }
        for position, report in enumerate(item.reports)
    ]


def _last_seen(report: ItemReport | LinkReport, touched: int | None) -> str:
    if touched is None:
        return seen_text(report.last_seen)
    return seen_text(max(report.last_seen, from_micros(touched)))


def item_of(node: Row, reports: Iterable[Sequence[Any]]) -> Item:
    """The item of a node's properties and its reports' (position, body, last seen)."""
    properties: dict[str, Any] = {} if "_unnamed" in node else {"name": node["name"]}
    for name, value in node.items():
        if name[0] != "_":
            if name not in _FIELDS:
                properties[name] = value
        elif name.startswith(_ESCAPE):
            properties[name[len(_ESCAPE) :]] = value
    rare = node.get("_rare")
    return Item(
        id=node["id"],
        kind=node["kind"],
        name=node["name"],
        status=_STATUSES[node["status"]],
        identifiers=tuple(node["identifiers"]),
        former_identifiers=tuple(node.get("former_identifiers", ())),
        properties=properties,
        reports=tuple(_report(*report[1:]) for report in sorted(reports, key=itemgetter(0))),
        created_revision=node["created_revision"],
        revision=node["revision"],
        merged_into=node.get("merged_into"),
        **(msgspec.structs.asdict(_rare.decode(rare)) if rare else {}),
    )


def _report(body: str, last_seen: str) -> ItemReport:
    report = _item_report.decode(body)
    seen = datetime.fromisoformat(last_seen)
    return msgspec.structs.replace(report, last_seen=seen) if seen > report.last_seen else report


def link_relationship(link: Link, seen: Mapping[int, int]) -> dict[str, object]:
    """The properties of a link's relationship; its type and ends say the rest."""
    gate = link.gate
    found: dict[str, object] = {
        "status": link.status,
        "strength": link.strength,
        "weight": link.weight,
        "confidence": link.confidence,
        "gate": gate.name if gate is not None else None,
        "min_up": gate.min_up if gate is not None else None,
        "evidence": link.evidence,
        "reported_by": tags(link.reports),
        "reports": [encode(report) for report in link.reports],
        "revision": link.revision,
        "created_revision": link.created_revision,
    }
    for report, number in seen.items():
        found[seen_key(report)] = seen_text(from_micros(number))
    return found


def link_of(from_id: str, relation: str, to_id: str, found: Row) -> Link:
    """The link of a relationship's ends, type and properties."""
    gate = found.get("gate")
    reports = tuple(map(_link_report.decode, found["reports"]))
    return Link(
        id=link_id(relation, from_id, to_id),
        relation=relation,
        from_id=from_id,
        to_id=to_id,
        status=found["status"],
        strength=found["strength"],
        gate=Gate(gate, found["min_up"]) if gate is not None else None,
        weight=found["weight"],
        confidence=found["confidence"],
        evidence=found.get("evidence"),
        reports=_touched(reports, found) if len(found) > _LEAST_FIELDS else reports,
        created_revision=found["created_revision"],
        revision=found["revision"],
    )


_LEAST_FIELDS = 8
"""How many properties every link's relationship has."""


def _touched(reports: tuple[LinkReport, ...], found: Row) -> tuple[LinkReport, ...]:
    if not any(name.startswith(SEEN) for name in found):
        return reports
    return tuple(
        _later(report, found.get(seen_key(position))) for position, report in enumerate(reports)
    )


def _later(report: LinkReport, last_seen: str | None) -> LinkReport:
    if last_seen is None:
        return report
    seen = datetime.fromisoformat(last_seen)
    return msgspec.structs.replace(report, last_seen=seen) if seen > report.last_seen else report


def waiting_node(waiting: WaitingLink, seen: Mapping[int, int]) -> dict[str, object]:
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
        "last_seen": _last_seen(report, seen.get(0)),
        "body": encode(waiting),
    }


def waiting_of(body: str, last_seen: str) -> WaitingLink:
    """The waiting link of a node."""
    return decode_waiting(body, {0: micros(datetime.fromisoformat(last_seen))})


def edit_of(row: Sequence[Any]) -> Edit:
    """The edit of a node's fields."""
    revision, entity, id_, action, reason, before, after = row
    return decode_edit(revision, entity, id_, action, reason, before, after)


def revision_row(
    number: int, time: datetime, commit: Commit, edits: int, shared: tuple[str, ...]
) -> dict[str, object]:
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
    }


def revision_of(row: Sequence[Any]) -> Revision:
    """The revision of a node's fields."""
    number, time, actor, source, reason, edits, run, shared = row
    return Revision(number, native(time), actor, source, reason, edits, run, tuple(shared or ()))


def run_row(run: Run) -> dict[str, object]:
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
        "body": encode(run),
    }


def native(time: Any) -> datetime:
    """A time as the driver gives it, as ours."""
    found: datetime = time if isinstance(time, datetime) else time.to_native()
    return found.astimezone(UTC)
