"""Items, links and edits in the shape that people and programs get to see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import msgspec

from cmdb.basis import Basis, basis_of
from cmdb.items import Item, ItemStatus, Link, WaitingLink
from cmdb.reconcile.items import Rules
from cmdb.reconcile.provenance import Provenance, provenance
from cmdb.reconcile.resolve import Silence
from cmdb.revisions import Action, Edit, Revision
from cmdb.revisions.views import Entity, changed_fields

NO_NAMES: Mapping[str, str] = MappingProxyType({})


class LinkEnd(msgspec.Struct, frozen=True):
    """A link as seen from one of its items: ``phrase`` reads from that item to ``item``.

    ``outgoing`` says that the link starts at the item it is seen from. ``basis`` says whether its
    sources declare it, see it, or both.
    """

    id: str
    relation: str
    phrase: str
    outgoing: bool
    item: str
    kind: str
    name: str
    item_status: ItemStatus
    status: str
    strength: str
    gate: str | None
    min_up: int | float | str | None
    weight: float
    confidence: float
    evidence: str | None
    sources: tuple[str, ...]
    basis: Basis
    first_seen: datetime | None
    last_seen: datetime | None


class ItemView(msgspec.Struct, frozen=True):
    """An item with where its values come from and its links."""

    id: str
    kind: str
    name: str
    status: ItemStatus
    identifiers: tuple[str, ...]
    former_identifiers: tuple[str, ...]
    properties: dict[str, Any]
    provenance: tuple[Provenance, ...]
    sources: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    stale: bool
    created_revision: int
    revision: int
    merged_into: str | None
    links: tuple[LinkEnd, ...]


class FieldChange(msgspec.Struct, frozen=True):
    """One field before and after; properties are named ``properties.<name>``."""

    field: str
    before: Any
    after: Any


class HistoryEntry(msgspec.Struct, frozen=True):
    """What one revision did to one item or link, and why; ``address`` is where the actor called
    from, if that was over the network."""

    revision: int
    time: datetime
    actor: str
    address: str | None
    source: str
    revision_reason: str
    entity: str
    id: str
    action: Action
    reason: str
    changes: tuple[FieldChange, ...]


def is_stale(item: Item, rules: Rules, now: datetime | None = None) -> bool:
    """Whether every source has been silent about the item for longer than it may."""
    if not item.reports:
        return False
    silence = Silence(rules.policy, item.kind, rules.catalogue.kind(item.kind).stale_after)
    now = now or datetime.now(UTC)
    return all(silence.is_stale(report, now) for report in item.reports)


def item_view(
    item: Item, links: tuple[LinkEnd, ...], rules: Rules, now: datetime | None = None
) -> ItemView:
    """The item as it is shown."""
    now = now or datetime.now(UTC)
    return ItemView(
        id=item.id,
        kind=item.kind,
        name=item.name,
        status=item.status,
        identifiers=item.identifiers,
        former_identifiers=item.former_identifiers,
        properties=item.properties,
        provenance=provenance(item, rules, now),
        sources=item.sources,
        first_seen=item.first_seen,
        last_seen=item.last_seen,
        stale=is_stale(item, rules, now),
        created_revision=item.created_revision,
        revision=item.revision,
        merged_into=item.merged_into,
        links=links,
    )


def link_end(link: Link, seen_from: str, other: Item, rules: Rules) -> LinkEnd:
    """The link as it is shown at one of its items; ``other`` is the item at its other end."""
    outgoing = link.from_id == seen_from
    relation = rules.catalogue.relations.get(link.relation)
    phrase = (
        link.relation if relation is None else relation.phrase if outgoing else relation.inverse
    )
    return LinkEnd(
        id=link.id,
        relation=link.relation,
        phrase=phrase,
        outgoing=outgoing,
        item=other.id,
        kind=other.kind,
        name=other.name,
        item_status=other.status,
        status=link.status,
        strength=link.strength,
        gate=link.gate.name if link.gate else None,
        min_up=link.gate.min_up if link.gate else None,
        weight=link.weight,
        confidence=link.confidence,
        evidence=link.evidence,
        sources=link.sources,
        basis=basis_of(link, rules.policy),
        first_seen=link.first_seen,
        last_seen=link.last_seen,
    )


def history_entry(revision: Revision, edit: Edit) -> HistoryEntry:
    """One edit as it is shown."""
    return HistoryEntry(
        revision=revision.number,
        time=revision.time,
        actor=revision.actor,
        address=revision.address,
        source=revision.source,
        revision_reason=revision.reason,
        entity=edit.entity,
        id=edit.id,
        action=edit.action,
        reason=edit.reason,
        changes=field_changes(edit.before, edit.after),
    )


def field_changes(before: Entity | None, after: Entity | None) -> tuple[FieldChange, ...]:
    """What differs, field by field, as plain JSON values."""
    return tuple(
        FieldChange(name, msgspec.to_builtins(old), msgspec.to_builtins(new))
        for name, (old, new) in changed_fields(before, after).items()
    )


def entity_name(entity: Entity | None, names: Mapping[str, str] = NO_NAMES) -> str:
    """What a person calls an entity: an item by its name, a link by its ends.

    An end that ``names`` knows (see :meth:`cmdb.service.Cmdb.end_names`) is called by its name,
    another by its id.
    """
    if isinstance(entity, Item):
        return f"{entity.kind} {entity.name}"
    if isinstance(entity, Link):
        start = names.get(entity.from_id, entity.from_id)
        return f"{entity.relation} {start} -> {names.get(entity.to_id, entity.to_id)}"
    if isinstance(entity, WaitingLink):
        return f"{entity.relation} {entity.report.from_key} -> {entity.report.to_key}"
    return ""
