"""The first version of a large estate, from a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmdb.catalogue import Catalogue
from cmdb.items import Item, Link
from impact.columns.draft import Draft
from impact.columns.forming import Formed, form_all, standbys_of, wires_of
from impact.columns.gates import GateRows, SingleEnds, all_entries, is_too_heavy
from impact.columns.items import ItemRows, ItemTable, ReadItem, last_seen, presence
from impact.columns.layers import Rows, room_for, roomy
from impact.columns.links import LinkColumns, LinkRows
from impact.columns.networks import Layout
from impact.columns.relations import FROM_TO, NO_IMPACT, RelationTable, TermsTable
from impact.columns.version import Version, graph_of
from impact.compiled.arrays import U8
from impact.compiled.engine import Engine
from impact.estate import cluster_empty, gate_gone, left_out_statuses
from impact.gates import Form, Gate
from impact.health import Finding
from impact.network import ANCHOR_ROLES

Flags = npt.NDArray[np.bool_]


class _Tables(NamedTuple):
    relations: RelationTable
    terms: TermsTable


def build_version(
    draft: Draft,
    catalogue: Catalogue,
    read: ReadItem,
    *,
    revision: int,
    as_of: datetime,
    include_planned: bool = False,
) -> Version:
    """The version of all that the draft has, which the version takes over.

    Its estate is that of :meth:`impact.estate.Estate.build`. O(n log n) in items and links: under a
    microsecond a link, and a few for each gate of more than one.
    """
    if not draft.place:
        draft.settle_items()
    size = len(draft.ids)
    relations = RelationTable.of(draft.relation_codes, catalogue.relations)
    columns = LinkColumns.of(draft, relations)
    tables = _Tables(relations, TermsTable.of(columns.term_rows))
    table = ItemTable.of(draft, read)
    present = presence(draft, left_out_statuses(include_planned))
    live = roomy(np.ones(columns.used, np.bool_))
    there = live.copy()
    used = columns.used
    there[:used] = present[columns.start[:used]] & present[columns.end[:used]]
    items = ItemRows(table, size, {}, present)
    links = LinkRows(columns, table.ids, {}, there)
    wires = wires_of(columns, there, relations)
    standbys = standbys_of(columns, there, relations)
    primaries = np.zeros(room_for(size), np.bool_)
    primaries[standbys.primaries()] = True
    formed = form_all(
        columns, wires, tables, standbys, primaries, (items, links, catalogue.relations)
    )
    entries, tallies = all_entries(
        formed, SingleEnds(columns, relations, tables.terms.soft), len(present)
    )
    gates = GateRows(
        formed.code,
        formed.groups,
        columns,
        table.ids,
        SingleEnds(columns, relations, tables.terms.soft),
    )
    layout = Layout.of(
        _cables(columns, there, relations, len(present)), *_devices(items, catalogue)
    )
    heavy = sum(map(is_too_heavy, formed.groups))
    return Version(
        catalogue=catalogue,
        revision=revision,
        as_of=as_of,
        include_planned=include_planned,
        table=table,
        kinds=frozenset(table.kind_names),
        size=size,
        changed_items={},
        present=present,
        item_seen=last_seen(draft),
        links=columns,
        term_codes=draft.term_codes,
        changed_links={},
        live=live,
        there=there,
        links_at=_links_at(columns, len(present)),
        gates=gates,
        gate_start=_starts(formed, size),
        gates_changed={},
        entries=entries,
        tallies=tallies,
        heavy=heavy,
        standbys=standbys,
        layout=layout,
        findings=_all_findings(formed, (columns, live, there), tables, items, links, catalogue),
        removed=frozenset(),
        engine=None if heavy else Engine(graph_of(entries, tallies, layout)),
    )


def _starts(formed: Formed, size: int) -> npt.NDArray[np.uint32]:
    starts = np.zeros(size + 1, np.uint32)
    np.cumsum(np.bincount(formed.dependent, minlength=size), out=starts[1:])
    return starts


def _links_at(columns: LinkColumns, items: int) -> Rows:
    used = columns.used
    start, end = columns.start[:used], columns.end[:used]
    other = np.flatnonzero(start != end).astype(np.uint32)
    owners = np.concatenate([start, end[other]])
    links = np.concatenate([np.arange(used, dtype=np.uint32), other])
    order = np.lexsort((links, owners))
    return Rows.grouped(owners[order], (links[order],), items)


def _cables(columns: LinkColumns, there: Flags, table: RelationTable, items: int) -> Rows:
    """The cables, from both ends, each pair of items once with its first link."""
    used = columns.used
    start, end = columns.start[:used], columns.end[:used]
    links = np.flatnonzero(there[:used] & table.topology[columns.relation[:used]] & (start != end))
    return cable_rows(start[links], end[links], links, items)


def cable_rows(
    start: npt.NDArray[np.uint32],
    end: npt.NDArray[np.uint32],
    links: npt.NDArray[np.int64],
    items: int,
) -> Rows:
    """Rows of these cables, from both ends, each pair of items once with its first link."""
    one = np.concatenate([start, end])
    other = np.concatenate([end, start])
    both = np.concatenate([links, links]).astype(np.uint32)
    order = np.lexsort((both, other, one))
    one, other, both = one[order], other[order], both[order]
    first = np.ones(len(one), np.bool_)
    first[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    one, other, both = one[first], other[first], both[first]
    return Rows.grouped(one, (other, both, one), items)


def _devices(items: ItemRows, catalogue: Catalogue) -> tuple[U8, U8]:
    """Which items are network devices, and which of those anchors."""
    is_device = np.zeros(len(items.there), np.uint8)
    is_anchor = np.zeros_like(is_device)
    for at in items_of(items, catalogue, "NetworkDevice"):
        if items.there[at]:
            is_device[at] = 1
            is_anchor[at] = is_anchor_item(items[at])
    return is_device, is_anchor


def items_of(items: ItemRows, catalogue: Catalogue, ancestor: str) -> list[int]:
    """The items of kinds that are such, whether they take part or not, as they were loaded."""
    table = items.table
    codes = [
        code
        for code, kind in enumerate(table.kind_names)
        if kind in catalogue.kinds and ancestor in catalogue.kind(kind).lineage
    ]
    found: list[int] = np.flatnonzero(np.isin(np.array(table.kinds, np.uint16), codes)).tolist()
    return found


def is_anchor_item(item: Item) -> bool:
    """Whether a network device is one that others reach the network by."""
    return item.properties.get("network_role") in ANCHOR_ROLES


def _all_findings(
    formed: Formed,
    columns: tuple[LinkColumns, Flags, Flags],
    tables: _Tables,
    items: ItemRows,
    links: LinkRows,
    catalogue: Catalogue,
) -> dict[int, tuple[Finding, ...]]:
    """What was found while forming gates, and gates that lost all members."""
    findings = dict(formed.findings)
    suspects = {*_with_lost_links(columns, tables)} | {*items_of(items, catalogue, "Cluster")}
    suspects = {at for at in suspects if items.there[at]}
    if not suspects:
        return findings
    gates = _gates_of_some(formed, suspects)
    at_item = _named_links(columns[0], columns[1], tables)
    for at in sorted(suspects):
        named = [links[link] for link in at_item.get(at, ())]
        if found := missing_members(items, at, named, gates.get(at, ()), catalogue):
            findings[at] = (*findings.get(at, ()), *found)
    return findings


def _named(columns: LinkColumns, live: Flags, tables: _Tables) -> npt.NDArray[np.int64]:
    used = columns.used
    direction = tables.relations.direction[columns.relation[:used]]
    named = tables.terms.name[columns.terms[:used]] >= 0
    return np.flatnonzero(live[:used] & named & (direction != NO_IMPACT))


def _with_lost_links(columns: tuple[LinkColumns, Flags, Flags], tables: _Tables) -> Iterator[int]:
    """The dependents with a link of a named gate that has no effect."""
    links, live, there = columns
    found = _named(links, live, tables)
    found = found[~there[found] | (links.start[found] == links.end[found])]
    yield from _dependents(links, found, tables.relations).tolist()


def _dependents(
    columns: LinkColumns, links: npt.NDArray[np.int64], table: RelationTable
) -> npt.NDArray[np.uint32]:
    turned = table.direction[columns.relation[links]] == FROM_TO
    return np.where(turned, columns.end[links], columns.start[links])


def _named_links(columns: LinkColumns, live: Flags, tables: _Tables) -> dict[int, list[int]]:
    found = _named(columns, live, tables)
    by_item: dict[int, list[int]] = {}
    dependents = _dependents(columns, found, tables.relations)
    for link, dependent in zip(found.tolist(), dependents.tolist(), strict=True):
        by_item.setdefault(dependent, []).append(link)
    return by_item


def _gates_of_some(formed: Formed, items: set[int]) -> dict[int, list[Gate]]:
    """The gates of these items that are not one link each."""
    found: dict[int, list[Gate]] = {}
    for gate in formed.groups:
        if gate.dependent in items:
            found.setdefault(gate.dependent, []).append(gate)
    return found


def missing_members(
    items: Sequence[Item],
    at: int,
    links: Iterable[Link],
    gates: Iterable[Gate],
    catalogue: Catalogue,
) -> list[Finding]:
    """What is to be said of an item's gates that have lost all members. ``links`` are its links as
    a dependent, whether their other end takes part or not."""
    item, formed = items[at], [gate for gate in gates if gate.form in (Form.NAMED, Form.CLUSTER)]
    named = {link.gate.name for link in links if link.gate is not None and link.gate.name}
    there = {gate.name for gate in formed if gate.form is Form.NAMED}
    found = [gate_gone(item, name) for name in sorted(named - there)]
    lineage = catalogue.kind(item.kind).lineage if item.kind in catalogue.kinds else ()
    if "Cluster" in lineage and not formed and "min_up" in item.properties:
        found.append(cluster_empty(item))
    return found
