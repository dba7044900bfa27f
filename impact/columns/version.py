"""One version of a large estate: what an analysis reads, and what the next version is made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import inf
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from cmdb.catalogue import Catalogue
from cmdb.items import Item, Link
from impact.columns.draft import NEVER, Codes, Terms
from impact.columns.gates import (
    CODE,
    GATE,
    MEMBER,
    TALLY,
    TO,
    WEIGHT,
    GateRows,
    GatesOf,
    GatesWith,
    Tallies,
)
from impact.columns.items import ItemRows, ItemTable, OutsideRows, Places
from impact.columns.layers import Rows
from impact.columns.links import EndRows, LinkColumns, LinkRows
from impact.columns.networks import CABLE_FROM, CABLE_LINK, CABLE_TO, Layout
from impact.compiled.arrays import I64, U32, Arrays, Graph
from impact.compiled.engine import Engine
from impact.estate import Estate, Memo, lineages_of, unanchored, unknown_relations
from impact.gates import Standbys
from impact.health import Finding
from impact.weak_evidence import WeakFrom, allowed_of, is_doubtful, weak_since

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Version:
    """All columns, and what lies over them. Versions share what did not change.

    Arrays by item and by link are longer than there are items and links. ``live`` marks links that
    are not retired, ``there`` those whose ends take part as well. ``kinds`` are those met so far.
    ``gate_start`` has the gates of the items as they were loaded, ``gates_changed`` those of the
    others. ``heavy`` counts gates whose weights no kernel can hold. ``findings`` are by dependent,
    none is empty. ``removed`` are items that a hypothesis took out.
    """

    catalogue: Catalogue
    revision: int
    as_of: datetime
    include_planned: bool
    table: ItemTable
    kinds: frozenset[str]
    size: int
    changed_items: Mapping[int, Item]
    present: Flags
    item_seen: I64
    links: LinkColumns
    term_codes: Codes[Terms]
    changed_links: Mapping[int, Link]
    live: Flags
    there: Flags
    links_at: Rows
    gates: GateRows
    gate_start: U32
    gates_changed: Mapping[int, Sequence[int]]
    entries: Rows
    tallies: Tallies
    heavy: int
    standbys: Standbys
    layout: Layout
    findings: Mapping[int, tuple[Finding, ...]]
    removed: frozenset[int]
    engine: Engine | None

    @cached_property
    def items(self) -> ItemRows:
        """The items of this version."""
        return ItemRows(self.table, self.size, self.changed_items, self.present)

    @cached_property
    def link_rows(self) -> LinkRows:
        """The links of this version."""
        return LinkRows(self.links, self.table.ids, self.changed_links, self.there)

    @cached_property
    def gates_of(self) -> GatesOf:
        """The gates of each item."""
        return GatesOf(self.gate_start, self.gates_changed)

    @cached_property
    def estate(self) -> Estate:
        """What an analysis reads."""
        items = self.items
        lineages, _ = lineages_of(self.kinds, self.catalogue)
        return Estate(
            revision=self.revision,
            as_of=self.as_of,
            now=self.as_of,
            catalogue=self.catalogue,
            items=items,
            links=self.link_rows,
            ends=EndRows(self.links),
            index=Places(items),
            gates=self.gates,
            gates_of=self.gates_of,
            gates_with=GatesWith(self.entries),
            links_at=LinksAt(self.links_at, self.there),
            topology=self.layout.topology(),
            lineages=lineages,
            findings=Findings(self._findings),
            left_out=OutsideRows(items, self.removed),
            labels=items.label,
            texts=items.text,
            version=self,
            memo=Memo(engine=self.engine, is_settled=True, weak=self.weak),
        )

    def detached(self) -> Version:
        """The same, of columns that nobody else writes to: what follows it stays apart. O(all)."""
        table, links = self.table.detached(), self.links.detached()
        return dataclasses.replace(
            self,
            table=table,
            links=links,
            term_codes=Codes(self.term_codes),
            links_at=self.links_at.detached(),
            gates=self.gates.detached(),
            entries=self.entries.detached(),
            tallies=self.tallies.detached(),
            layout=dataclasses.replace(self.layout, cables=self.layout.cables.detached()),
        )

    def _findings(self) -> Iterable[Finding]:
        _, of_kinds = lineages_of({self.items.kind(at) for at in self._there()}, self.catalogue)
        relations = self.links.relation[: self.links.used][self.there[: self.links.used]]
        names = {self.links.relation_names[code] for code in np.unique(relations).tolist()}
        yield from of_kinds
        yield from unknown_relations(names, self.catalogue)
        for found in self.findings.values():
            yield from found
        yield from unanchored(self.layout.topology(), self.items)

    def _there(self) -> list[int]:
        there: list[int] = np.flatnonzero(self.present[: self.size]).tolist()
        return there

    @cached_property
    def weak(self) -> WeakFrom:
        """From when on items and links are weak evidence."""
        allowed = _Allowed(self.catalogue)
        doubtful = [is_doubtful(t.status, t.confidence, t.sources) for t in self.links.term_rows]

        def item(at: int) -> float:
            changed = self.changed_items.get(at)
            if changed is not None:
                return weak_since(changed, allowed[changed.kind])
            if self.table.is_missing(at):
                return -inf
            return _since(int(self.item_seen[at]), allowed[self.table.kind(at)])

        def link(at: int) -> float:
            kind = self.items.kind(int(self.links.start[at]))
            changed = self.changed_links.get(at)
            if changed is not None:
                return weak_since(changed, allowed[kind])
            if doubtful[self.links.terms[at]]:
                return -inf
            return _since(int(self.links.seen[at]), allowed[kind])

        return WeakFrom(_Reckoned(item), _Reckoned(link))


def graph_of(entries: Rows, tallies: Tallies, layout: Layout) -> Graph:
    """The same as kernels see it."""
    cables = layout.cables
    arrays = Arrays(
        entry_start=entries.start,
        entry_end=entries.end,
        entry_to=entries.columns[TO],
        entry_code=entries.columns[CODE],
        entry_tally=entries.columns[TALLY],
        entry_weight=entries.columns[WEIGHT],
        tally_total=tallies.total,
        tally_needed=tallies.needed,
        tally_soft=tallies.soft,
        cable_start=cables.start,
        cable_end=cables.end,
        cable_to=cables.columns[CABLE_TO],
        flags=layout.flags,
        hops=layout.hops,
    )
    return Graph(
        arrays,
        entry_gate=entries.columns[GATE],
        entry_member=entries.columns[MEMBER],
        cable_link=cables.columns[CABLE_LINK],
        cable_from=cables.columns[CABLE_FROM],
    )


def _since(seen: int, allowed: float) -> float:
    return inf if seen == NEVER else seen / 1e6 + allowed


class _Allowed(dict[str, float]):
    """For how many seconds an item of a kind may go unseen."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.catalogue = catalogue

    def __missing__(self, kind: str) -> float:
        found = self[kind] = allowed_of(self.catalogue, kind).total_seconds()
        return found


class _Reckoned(Sequence[float]):
    """Numbers that are reckoned when asked for."""

    def __init__(self, reckon: Callable[[int], float]) -> None:
        self.reckon = reckon

    def __len__(self) -> int:
        return 0  # nobody goes through all of them

    @overload
    def __getitem__(self, at: int) -> float: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[float]: ...
    def __getitem__(self, at: Any) -> Any:
        return self.reckon(at)


class Findings(Sequence[Finding]):
    """Findings that are put together when first asked for."""

    def __init__(self, find: Callable[[], Iterable[Finding]]) -> None:
        self.find = find

    @cached_property
    def all(self) -> tuple[Finding, ...]:
        """All of them, sorted, each once."""
        return tuple(sorted({*self.find()}))

    def __len__(self) -> int:
        return len(self.all)

    @overload
    def __getitem__(self, at: int) -> Finding: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Finding]: ...
    def __getitem__(self, at: int | slice) -> Finding | Sequence[Finding]:
        return self.all[at]


class LinksAt(Mapping[int, Sequence[int]]):
    """The links that touch each item, in one version, by position."""

    def __init__(self, rows: Rows, there: Flags) -> None:
        self.rows = rows
        self.there = there

    def get(self, item: int, default: Any = None) -> Any:
        """As of a dict: asked far more often than any other."""
        links = self.rows.of(item)
        found = links[self.there[links]].tolist()
        return found or default

    def __getitem__(self, item: int) -> Sequence[int]:
        found: list[int] = self.get(item)
        if not found:
            raise KeyError(item)
        return found

    def __iter__(self) -> Iterator[int]:
        base = np.flatnonzero(self.rows.end > self.rows.start).tolist()
        return (item for item in base if self.get(item))

    def __len__(self) -> int:
        return sum(1 for _ in self)
