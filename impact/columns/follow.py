"""The next version of a large estate: what a revision changed, laid over what there was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cmdb.items import Item, Link, link_id
from impact.columns.build import missing_members
from impact.columns.change import Change
from impact.columns.gates import Entries, is_too_heavy, rewritten
from impact.columns.items import ItemRows
from impact.columns.layers import Rows
from impact.columns.links import LinkRows
from impact.columns.networks import Layout
from impact.columns.relations import FROM_TO, NO_IMPACT, is_ordinary
from impact.columns.version import Version, graph_of
from impact.compiled.engine import Engine
from impact.gates import Form, Gate, Wire, form_gates
from impact.health import Finding

Flags = npt.NDArray[np.bool_]


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
    change = _Following(version)
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
    change = _Following(dataclasses.replace(own, include_planned=include_planned))
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


class _Following(Change):
    """A change that is made into a version."""

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
        return {
            at: link
            for at, link in pairs
            if link >= 0 and link not in self.touched and self._is_ordinary(link)
        }

    def _is_ordinary(self, link: int) -> bool:
        """Whether nothing is found wrong with what the link became, if it changed: what is found is
        found anew each time."""
        changed = self.links.get(link)
        return changed is None or is_ordinary(changed.weight)

    def _link_name(self, link: int) -> str:
        columns, ids = self.columns, self.old.table.ids
        relation = columns.relation_names[columns.relation[link]]
        return link_id(relation, ids[columns.start[link]], ids[columns.end[link]])

    def _gates(self, item: int, kept: set[int]) -> tuple[list[Gate], list[Finding]]:
        """The item's gates, without those of the links in ``kept``."""
        if not self.present[item]:
            return [], []
        mine = [row for row in self._dependencies.get(item, ()) if row[0] not in kept]
        wires = [
            Wire(link, provider, item)
            for link, provider, is_there in mine
            if is_there and provider != item
        ]
        items, links = self.item_rows, self.link_rows
        gates, findings = form_gates(items, links, self.relations, wires, self.standbys)
        # Where each link is a member of its gate, no gate is without members.
        if len(mine) > len(wires) or self._is_a(items.kind(item), "Cluster"):
            named = [links[link] for link, _, _ in mine]
            findings += missing_members(items, item, named, gates, self.old.catalogue)
        return gates, findings

    @cached_property
    def _dependencies(self) -> dict[int, list[tuple[int, int, bool]]]:
        """By item that is dirty, its live links that carry impact to it, with the provider and
        whether both ends take part."""
        rows, columns = self.links_at, self.columns
        dirty = np.array(sorted(self.dirty), np.uint32)
        links = rows.columns[0][rows.gathered(dirty)]
        owner = np.repeat(dirty, rows.end[dirty] - rows.start[dirty])
        direction = self.table.direction[columns.relation[links]]
        start, end = columns.start[links], columns.end[links]
        is_turned = direction == FROM_TO
        mine = np.where(is_turned, end, start) == owner
        mine &= self.live[links] & (direction != NO_IMPACT)
        found: dict[int, list[tuple[int, int, bool]]] = {}
        provider = np.where(is_turned, start, end)[mine].tolist()
        there = self.there[links][mine].tolist()
        for item, *row in zip(
            owner[mine].tolist(), links[mine].tolist(), provider, there, strict=True
        ):
            found.setdefault(item, []).append((*row,))
        return found

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
