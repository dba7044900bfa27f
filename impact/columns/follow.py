"""The next version of a large estate: what a revision changed, laid over what there was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cmdb.catalogue import Relation
from cmdb.items import Item, Link, link_id
from impact.columns.build import is_anchor_item, missing_members
from impact.columns.draft import NEVER, Codes, Terms, micros
from impact.columns.forming import standbys_of
from impact.columns.gates import Entries, is_too_heavy, rewritten
from impact.columns.items import ItemRows
from impact.columns.layers import Rows, extended, room_for
from impact.columns.links import LinkRows
from impact.columns.networks import Layout
from impact.columns.relations import FROM_TO, NO_IMPACT, RelationTable
from impact.columns.version import Version, graph_of
from impact.compiled.engine import Engine
from impact.estate import left_out_statuses
from impact.gates import Form, Gate, Wire, form_gates
from impact.health import Finding

Flags = npt.NDArray[np.bool_]


LONG_ROW = 64
"""From so many links of an item on, one of them is looked for among those of its other end."""


def follow(
    version: Version,
    items: Iterable[Item],
    links: Iterable[Link],
    *,
    gone: Iterable[Link] = (),
    revision: int,
    as_of: datetime,
) -> Version:
    """The version after these items and links became what they are now, each once, and the links
    ``gone`` were removed.

    ``version`` stays as it is, and must be the latest that was made of its columns. The cost grows
    with what changed and the gates and rows it is part of, and copies where rows are: some 30 bytes
    for every item and 2 for every link. Where cables or network devices changed, all networks are
    laid out anew.
    """
    change = _Change(version)
    for item in sorted(items, key=lambda item: item.id):
        change.put_item(item)
    for link in links:
        change.put_link(link)
    for link in gone:
        change.drop_link(link)
    change.settle()
    return change.version(revision, as_of)


def supposed(
    version: Version,
    *,
    items: Iterable[Item] = (),
    links: Iterable[Link] = (),
    without_items: Iterable[str] = (),
    without_links: Iterable[Link] = (),
    include_planned: bool = False,
) -> Version:
    """The version that there would be without some items, by id, and links, and with others.

    Nothing of it is ever seen in ``version`` or what follows that. The cost is that of following,
    and of a copy of all columns.
    """
    own = version.detached()
    change = _Change(dataclasses.replace(own, include_planned=include_planned))
    for item_id in without_items:
        change.drop_item(item_id)
    for link in without_links:
        change.drop_link(link)
    for item in sorted(items, key=lambda item: item.id):
        change.put_item(item)
    for link in links:
        change.put_link(link)
    change.settle()
    made = change.version(version.revision, version.as_of)
    return dataclasses.replace(made, removed=frozenset(change.removed))


@dataclass
class _Change:
    """A version that is being made. ``dirty`` are the items whose gates may have changed."""

    old: Version
    dirty: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)
    """Links that came, went or changed, or an end of which did."""

    recabled: set[int] = field(default_factory=set)
    """Items whose cables may have changed."""

    removed: set[int] = field(default_factory=set)
    relaid: bool = False
    """Whether network devices or anchors changed."""

    def __post_init__(self) -> None:
        old = self.old
        self.size, self.used = old.size, old.links.used
        self.out = left_out_statuses(old.include_planned)
        self.items = dict(old.changed_items)
        self.links = dict(old.changed_links)
        self.columns = old.links
        self.kinds = old.kinds
        self.present = old.present.copy()
        self.live, self.there = old.live.copy(), old.there.copy()
        self.is_device, self.is_anchor = old.layout.is_device.copy(), old.layout.is_anchor.copy()
        self.item_seen = old.item_seen
        self.links_at, self.cables = old.links_at, old.layout.cables
        self.standbys, self.layout = old.standbys, old.layout
        self.new_links: dict[tuple[str, int, int], int] = {}
        self.appended: list[Link] = []
        self.findings = dict(old.findings)
        self.gates_changed = dict(old.gates_changed)

    @property
    def relations(self) -> Mapping[str, Relation]:
        return self.old.catalogue.relations

    # --- what changed ------------------------------------------------------------------------

    def put_item(self, item: Item) -> None:
        at = self.old.table.place.get(item.id)
        if at is None:
            at = self._append_item(item)
            self.dirty.add(at)
        else:
            if _gate_facts(item) != _gate_facts(self.items.get(at) or self.old.table.item(at)):
                self.dirty.add(at)
            self.items[at] = item
            self.removed.discard(at)
        self.kinds |= {item.kind}
        is_there = item.status not in self.out
        is_device = is_there and self._is_a(item.kind, "NetworkDevice")
        is_anchor = is_device and is_anchor_item(item)
        if (is_device, is_anchor) != (bool(self.is_device[at]), bool(self.is_anchor[at])):
            self.is_device[at], self.is_anchor[at] = is_device, is_anchor
            self.relaid = True
        if is_there != bool(self.present[at]):
            self.present[at] = is_there
            self.touched.update(self._links_at(at))
            self.dirty.add(at)

    def drop_item(self, item_id: str) -> None:
        at = self.old.table.place[item_id]
        self.removed.add(at)
        if self.present[at]:
            self.present[at] = False
            self.relaid |= bool(self.is_device[at])
            self.is_device[at] = self.is_anchor[at] = 0
            self.touched.update(self._links_at(at))
            self.dirty.add(at)

    def put_link(self, link: Link) -> None:
        if link.status == "retired":
            self.drop_link(link)
            return
        place = self.old.table.place
        start, end = place[link.from_id], place[link.to_id]
        at = self._find(link.relation, start, end)
        if at is None:
            at = self._append_link(link, start, end)
        else:
            self.links[at] = link
        self.live[at] = True
        self.touched.add(at)

    def drop_link(self, link: Link) -> None:
        place = self.old.table.place
        if link.from_id not in place or link.to_id not in place:
            return
        at = self._find(link.relation, place[link.from_id], place[link.to_id])
        if at is not None:
            self.live[at] = False
            self.touched.add(at)

    def _append_item(self, item: Item) -> int:
        at = self.old.table.append(item)
        self.size = at + 1
        if at >= len(self.present):
            room = room_for(self.size)
            for name in ("present", "is_device", "is_anchor"):
                setattr(self, name, _longer(getattr(self, name), room))
        self.item_seen = extended(self.item_seen, at, _seen([item]))
        return at

    def _append_link(self, link: Link, start: int, end: int) -> int:
        at = self.used
        self.used = at + 1
        if at >= len(self.live):
            room = room_for(self.used)
            self.live, self.there = _longer(self.live, room), _longer(self.there, room)
        self.new_links[link.relation, start, end] = at
        self.appended.append(link)
        return at

    def _append_columns(self) -> None:
        """Put the new links behind the others."""
        if not self.appended:
            return
        columns, first = self.columns, self.columns.used
        ends = np.array([key[1:] for key in self.new_links], np.uint32)
        relations = [_code(columns.relation_names, link.relation) for link in self.appended]
        codes = [_term_code(self.old.term_codes, columns.term_rows, k) for k in self.appended]
        self.columns = dataclasses.replace(
            columns,
            relation=extended(columns.relation, first, np.array(relations, np.uint16)),
            start=extended(columns.start, first, ends[:, 0]),
            end=extended(columns.end, first, ends[:, 1]),
            terms=extended(columns.terms, first, np.array(codes, np.uint32)),
            seen=extended(columns.seen, first, _seen(self.appended)),
            used=self.used,
        )

    def _find(self, relation: str, start: int, end: int) -> int | None:
        """The position of a link, of one that is gone as well."""
        known = self.new_links.get((relation, start, end))
        if known is not None:
            return known
        names, columns = self.columns.relation_names, self.columns
        if relation not in names:
            return None
        code = names.index(relation)
        row = self._row(start)
        if len(row) > LONG_ROW and len(self._row(end)) < len(row):
            row = self._row(end)
        wanted = (start, end, code)
        rows = (columns.start[row], columns.end[row], columns.relation[row])
        for at, *found in zip(row.tolist(), *(column.tolist() for column in rows), strict=True):
            if (*found,) == wanted:
                return int(at)
        return None

    def _row(self, item: int) -> npt.NDArray[Any]:
        if item >= len(self.old.links_at.start):
            return np.zeros(0, np.uint32)
        return self.old.links_at.of(item)

    def _links_at(self, item: int) -> list[int]:
        links: list[int] = self._row(item).tolist()
        return links

    def _is_a(self, kind: str, ancestor: str) -> bool:
        kinds = self.old.catalogue.kinds
        return kind in kinds and ancestor in self.old.catalogue.kind(kind).lineage

    # --- what follows from it ----------------------------------------------------------------

    def settle(self) -> None:
        """Work out what else changes."""
        self._append_columns()
        self._extend_rows()
        switched = self._switch_links()
        self._find_standbys(switched)
        for link in self.touched:
            self._mark(link)

    def _extend_rows(self) -> None:
        """Tell items of their new links."""
        added: dict[int, list[int]] = {}
        for (_, start, end), link in self.new_links.items():
            for item in {start, end}:
                added.setdefault(item, []).append(link)
        if not added and len(self.present) == len(self.links_at.start):
            return
        owners: list[int] = []
        links: list[int] = []
        for item in sorted(added):
            row = [*self._links_at(item), *added[item]]
            owners += [item] * len(row)
            links += row
        self.links_at = self.links_at.replaced(
            np.array(sorted(added), np.uint32),
            np.array(owners, np.uint32),
            (np.array(links, np.uint32),),
            len(self.present),
        )

    def _switch_links(self) -> list[int]:
        """Find which links take part now; returns those of standbys and cables that changed."""
        switched: list[int] = []
        for link in self.touched:
            start, end = int(self.columns.start[link]), int(self.columns.end[link])
            is_there = bool(self.live[link] and self.present[start] and self.present[end])
            if is_there != bool(self.there[link]):
                self.there[link] = is_there
                switched.append(link)
        return switched

    def _mark(self, link: int) -> None:
        """Note whose gates a link is part of."""
        direction = self.directions[self.columns.relation[link]]
        if direction != NO_IMPACT:
            ends = self.columns.end if direction == FROM_TO else self.columns.start
            self.dirty.add(int(ends[link]))

    @cached_property
    def table(self) -> RelationTable:
        """What relations mean; asked for once all links are in."""
        return RelationTable.of(self.columns.relation_names, self.relations)

    @cached_property
    def directions(self) -> list[int]:
        """By relation code."""
        directions: list[int] = self.table.direction.tolist()
        return directions

    def _find_standbys(self, switched: Sequence[int]) -> None:
        columns = self.columns
        table = self.table
        codes = columns.relation
        cables = [link for link in switched if table.topology[codes[link]]]
        self.recabled.update(int(columns.start[link]) for link in cables)
        self.recabled.update(int(columns.end[link]) for link in cables)
        changed = [link for link in switched if table.standby[codes[link]]]
        if not changed:
            return
        before, self.standbys = self.standbys, standbys_of(columns, self.there, table)
        starts = {int(columns.start[link]) for link in changed}
        for primary in before.leading_to(starts) | self.standbys.leading_to(starts):
            for link in self._row(primary).tolist():
                self._mark(link)
            for (_, start, end), link in self.new_links.items():
                if primary in (start, end):
                    self._mark(link)

    # --- the version -------------------------------------------------------------------------

    def version(self, revision: int, as_of: datetime) -> Version:
        """Form the gates of what is dirty, and put all together."""
        removed: dict[int, Gate] = {}
        added: dict[int, Gate] = {}
        order: dict[int, int] = {}
        for item in sorted(self.dirty):
            self._form(item, removed, added, order)
        room = len(self.present)
        entries, tallies = self.old.entries, self.old.tallies
        if removed or added or len(entries.start) < room:
            new = Entries.of(added.items(), tallies.used)
            entries = rewritten(entries, removed, new, order, room)
            tallies = tallies.extended(new.tallied)
        self._lay_out(room)
        heavy = self.old.heavy
        heavy += sum(map(is_too_heavy, added.values())) - sum(map(is_too_heavy, removed.values()))
        made = dataclasses.replace(
            self.old,
            revision=revision,
            as_of=as_of,
            kinds=self.kinds,
            size=self.size,
            changed_items=self.items,
            present=self.present,
            item_seen=self.item_seen,
            links=self.columns,
            changed_links=self.links,
            live=self.live,
            there=self.there,
            links_at=self.links_at,
            gates_changed=self.gates_changed,
            entries=entries,
            tallies=tallies,
            heavy=heavy,
            standbys=self.standbys,
            layout=self.layout,
            findings=self.findings,
            engine=None,
        )
        if heavy:
            return made
        engine = Engine(graph_of(entries, tallies, self.layout))
        if self.old.engine is not None:
            engine.take_over(self.old.engine)
        return dataclasses.replace(made, engine=engine)

    def _form(
        self, item: int, removed: dict[int, Gate], added: dict[int, Gate], order: dict[int, int]
    ) -> None:
        """Form an item's gates anew; those that are as they were keep their positions."""
        kept = self._untouched(item)
        changed = [at for at in self.old.gates_of.get(item, ()) if at not in kept]
        gates_before = ((at, self.old.gates[at]) for at in changed)
        before = {(gate.form, gate.name): (at, gate) for at, gate in gates_before}
        named = {(Form.SINGLE, self._link_name(link)): at for at, link in kept.items()}
        gates, findings = self._gates(item, set(kept.values()))
        for gate in gates:
            key = gate.form, gate.name
            at, old = before.pop(key, (-1, None))
            if old != gate:
                if old is not None:
                    removed[at] = old
                at = self.old.gates.append(gate)
                added[at] = gate
            named[key] = at
        removed.update(before.values())
        positions = [named[key] for key in sorted(named)]
        order.update((at, place) for place, at in enumerate(positions))
        self.gates_changed[item] = positions
        self.findings.pop(item, None)
        if findings:
            self.findings[item] = tuple(findings)

    def _untouched(self, item: int) -> dict[int, int]:
        """The positions of the item's gates that are one whole link and stay so, with the link."""
        if self.standbys is not self.old.standbys or not self.present[item]:
            return {}
        positions = self.old.gates_of.get(item, ())
        links = self.old.gates.single_links(positions)
        pairs = zip(positions, links, strict=True)
        return {at: link for at, link in pairs if link >= 0 and link not in self.touched}

    def _link_name(self, link: int) -> str:
        columns, ids = self.columns, self.old.table.ids
        relation = columns.relation_names[columns.relation[link]]
        return link_id(relation, ids[columns.start[link]], ids[columns.end[link]])

    def _gates(self, item: int, kept: set[int]) -> tuple[list[Gate], list[Finding]]:
        """The item's gates, without those of the links in ``kept``."""
        if not self.present[item]:
            return [], []
        mine: list[int] = []
        wires: list[Wire] = []
        row, columns = self.links_at.of(item), self.columns
        row = row[self.live[row]]
        rows = (columns.relation[row], columns.start[row], columns.end[row], self.there[row])
        lists = (column.tolist() for column in (row, *rows))
        for link, relation, start, end, is_there in zip(*lists, strict=True):
            direction = self.directions[relation]
            dependent, provider = (end, start) if direction == FROM_TO else (start, end)
            if dependent != item or link in kept or direction == NO_IMPACT:
                continue
            mine.append(link)
            if is_there and provider != item:
                wires.append(Wire(link, provider, item))
        items, links = self.item_rows, self.link_rows
        gates, findings = form_gates(items, links, self.relations, wires, self.standbys)
        # Where each link is a member of its gate, no gate is without members.
        if len(mine) > len(wires) or self._is_a(items.kind(item), "Cluster"):
            named = [links[link] for link in mine]
            findings += missing_members(items, item, named, gates, self.old.catalogue)
        return gates, findings

    @cached_property
    def item_rows(self) -> ItemRows:
        """The items as they are now; asked for once all changes are in."""
        return ItemRows(self.old.table, self.size, self.items, self.present)

    @cached_property
    def link_rows(self) -> LinkRows:
        """The links as they are now; asked for once all changes are in."""
        return LinkRows(self.columns, self.old.table.ids, self.links, self.there)

    def _lay_out(self, room: int) -> None:
        if not (self.recabled or self.relaid or len(self.layout.flags) < room):
            return
        cables = self._cables(room) if self.recabled else _roomier(self.cables, room)
        self.layout = Layout.of(cables, self.is_device, self.is_anchor)

    def _cables(self, room: int) -> Rows:
        """The rows with those of the items that have other cables now."""
        columns = self.columns
        rows: list[tuple[int, int, int]] = []
        for item in sorted(self.recabled):
            beside: dict[int, int] = {}
            for link in self.links_at.of(item).tolist():
                ends = {int(columns.start[link]), int(columns.end[link])} - {item}
                if self.there[link] and ends and self._is_cable(link):
                    other = ends.pop()
                    beside[other] = min(link, beside.get(other, link), key=self._id_order)
            rows += [(other, link, item) for other, link in sorted(beside.items())]
        table = np.array(rows, np.uint32).reshape(-1, 3)
        return self.cables.replaced(
            np.array(sorted(self.recabled), np.uint32),
            table[:, 2],
            (table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()),
            room,
        )

    def _id_order(self, link: int) -> tuple[str, int, int]:
        columns = self.columns
        name = columns.relation_names[columns.relation[link]]
        return name, int(columns.start[link]), int(columns.end[link])

    def _is_cable(self, link: int) -> bool:
        return bool(self.table.topology[self.columns.relation[link]])


def _roomier(rows: Rows, room: int) -> Rows:
    nothing = np.zeros(0, np.uint32)
    return rows.replaced(nothing, nothing, tuple(nothing for _ in rows.columns), room)


def _longer(column: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    made = np.zeros(room, column.dtype)
    made[: len(column)] = column
    return made


def _gate_facts(item: Item) -> tuple[object, ...]:
    """What the gates of an item, and what is said of them, depend on of the item itself."""
    return item.kind, item.name, item.properties.get("min_up")


def _seen(things: Sequence[Item | Link]) -> npt.NDArray[np.int64]:
    times = (thing.last_seen for thing in things)
    return np.array([NEVER if time is None else micros(time) for time in times], np.int64)


def _code(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _term_code(codes: Codes[Terms], rows: list[Terms], link: Link) -> int:
    terms = Terms(link.status, link.strength, link.gate, link.weight, link.confidence, link.sources)
    code = codes[terms]
    if code == len(rows):
        rows.append(terms)
    return code
