"""A record as it is shown: its properties, where it can go, and what it is linked to."""

from __future__ import annotations

import msgspec

from cmdb.items import Item
from cmdb.records.lifecycles import BY_KIND
from cmdb.records.records import find_record, life_cycle, state_of
from cmdb.service import Cmdb


class RecordLink(msgspec.Struct, frozen=True):
    """One thing that a record is linked to; ``phrase`` reads from the record to it."""

    relation: str
    phrase: str
    id: str
    kind: str
    name: str
    state: str | None


class RecordView(msgspec.Struct, frozen=True):
    """A record. ``next_states`` are those that it can go to from ``state``; both are empty for one
    without a life cycle."""

    id: str
    kind: str
    number: str
    state: str
    next_states: tuple[str, ...]
    revision: int
    properties: dict[str, object]
    links: tuple[RecordLink, ...]


async def show_record(cmdb: Cmdb, record: str, kind: str | None = None) -> RecordView:
    """The record that a number, id or identifier means. Three reads."""
    found = await find_record(cmdb, record, kind)
    links = [k for k in await cmdb.store.links([found.id]) if k.status != "retired"]
    ends = await cmdb.store.items({i for k in links for i in (k.from_id, k.to_id)} - {found.id})
    rows: list[RecordLink] = []
    for link in links:
        outgoing = link.from_id == found.id
        other = ends.get(link.to_id if outgoing else link.from_id)
        relation = cmdb.catalogue.relations.get(link.relation)
        if other is not None and relation is not None:
            phrase = relation.phrase if outgoing else relation.inverse
            rows.append(_link(link.relation, phrase, other))
    has_cycle = found.kind in BY_KIND or found.kind == "Change"
    cycle = life_cycle(found) if has_cycle else None
    state = state_of(found, cycle) if cycle else ""
    return RecordView(
        id=found.id,
        kind=found.kind,
        number=found.name,
        state=state,
        next_states=cycle.allowed(state) if cycle else (),
        revision=found.revision,
        properties=dict(found.properties),
        links=tuple(sorted(rows, key=lambda row: (row.phrase, row.kind, row.name))),
    )


def _link(relation: str, phrase: str, other: Item) -> RecordLink:
    state = other.properties.get("state")
    return RecordLink(
        relation,
        phrase,
        other.id,
        other.kind,
        other.name,
        state if isinstance(state, str) else None,
    )
