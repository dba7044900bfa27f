"""What a revision changes of a large estate, put beside the columns: not yet a version."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cmdb.catalogue import Relation
from cmdb.items import Item, Link
from impact.columns.build import is_anchor_item
from impact.columns.draft import NEVER, Codes, Terms, micros
from impact.columns.forming import standbys_of
from impact.columns.layers import extended, room_for
from impact.columns.relations import FROM_TO, NO_IMPACT, RelationTable
from impact.columns.version import Version
from impact.estate import left_out_statuses

LONG_ROW = 64
"""From so many links of an item on, one of them is looked for among those of its other end."""


@dataclass
class Change:
    """A version that is being made of an ``old`` one: put and drop all that changed, then settle.

    Nothing of the old version changes. ``removed`` are items that are taken to be not there at all.
    """

    old: Version
    dirty: set[int] = field(default_factory=set)
    """Items whose gates may have changed."""

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
        """The catalogue's."""
        return self.old.catalogue.relations

    # --- what changed ------------------------------------------------------------------------

    def put_item(self, item: Item) -> None:
        """The item is this now, or new."""
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
        """Take the item, by id, to be not there."""
        at = self.old.table.place[item_id]
        self.removed.add(at)
        if self.present[at]:
            self.present[at] = False
            self.relaid |= bool(self.is_device[at])
            self.is_device[at] = self.is_anchor[at] = 0
            self.touched.update(self._links_at(at))
            self.dirty.add(at)

    def put_link(self, link: Link) -> None:
        """The link is this now, or new; its ends are known."""
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
        """The link is gone."""
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


def _gate_facts(item: Item) -> tuple[object, ...]:
    """What the gates of an item, and what is said of them, depend on of the item itself."""
    return item.kind, item.name, item.properties.get("min_up")


def _longer(column: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    made = np.zeros(room, column.dtype)
    made[: len(column)] = column
    return made


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
