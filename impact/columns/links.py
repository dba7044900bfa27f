"""Links in columns, and as values where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import overload

import numpy as np
import numpy.typing as npt

from cmdb.items import Link, LinkReport, link_id
from impact.columns.draft import Draft, Terms, time_of
from impact.columns.layers import roomy
from impact.columns.relations import RelationTable
from impact.compiled.arrays import I64, U32

U16 = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class LinkColumns:
    """Links by position, sorted by id as they were loaded; later ones behind. ``used`` counts them.

    Positions are never used again, and a row never changes: what a link became since lies over it.
    """

    relation: U16
    start: U32
    end: U32
    terms: U32
    seen: I64
    used: int
    relation_names: list[str]
    term_rows: list[Terms]
    _reports: dict[tuple[int, int], tuple[LinkReport, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Draft, table: RelationTable) -> LinkColumns:
        """The draft's links in order of their ids. O(links log links)."""
        relation = np.frombuffer(draft.relations, np.uint16)
        start, end = np.frombuffer(draft.starts, np.uint32), np.frombuffer(draft.ends, np.uint32)
        key = table.rank[relation].astype(np.uint64) << np.uint64(32) | start
        order = np.lexsort((end, key))
        return cls(
            relation=roomy(relation[order]),
            start=roomy(start[order]),
            end=roomy(end[order]),
            terms=roomy(np.frombuffer(draft.terms, np.uint32)[order]),
            seen=roomy(np.frombuffer(draft.link_seen, np.int64)[order]),
            used=len(order),
            relation_names=list(draft.relation_codes),
            term_rows=list(draft.term_codes),
        )

    def detached(self) -> LinkColumns:
        """The same, of columns that nobody else writes to. O(links)."""
        used = self.used
        return LinkColumns(
            relation=roomy(self.relation[:used]),
            start=roomy(self.start[:used]),
            end=roomy(self.end[:used]),
            terms=roomy(self.terms[:used]),
            seen=roomy(self.seen[:used]),
            used=used,
            relation_names=self.relation_names.copy(),
            term_rows=self.term_rows.copy(),
        )

    def link(self, at: int, ids: Sequence[str]) -> Link:
        """The link at a position. Its reports say who saw it, and when last; nothing else."""
        relation = self.relation_names[self.relation[at]]
        from_id, to_id = ids[int(self.start[at])], ids[int(self.end[at])]
        code, seen = int(self.terms[at]), int(self.seen[at])
        terms = self.term_rows[code]
        return Link(
            id=link_id(relation, from_id, to_id),
            relation=relation,
            from_id=from_id,
            to_id=to_id,
            status=terms.status,
            strength=terms.strength,
            gate=terms.gate,
            weight=terms.weight,
            confidence=terms.confidence,
            reports=self._reports.get((code, seen)) or self._reported(code, seen),
        )

    def _reported(self, code: int, seen: int) -> tuple[LinkReport, ...]:
        at = time_of(seen) or _LONG_AGO
        sources = self.term_rows[code].sources
        reports = tuple(LinkReport(source, "", "", at, at, at) for source in sources)
        if len(self._reports) < REPORTS_KEPT:
            self._reports[code, seen] = reports
        return reports


KEPT = 20_000
"""Links that are kept as values."""

REPORTS_KEPT = 10_000
"""Different combinations of sources and times that are kept as values."""


class LinkRows(Sequence[Link]):
    """The links of one version, by position. Positions of links that are gone stay empty: iterating
    passes them over."""

    def __init__(
        self,
        columns: LinkColumns,
        ids: Sequence[str],
        changed: Mapping[int, Link],
        there: Flags,
    ) -> None:
        self.columns = columns
        self.ids = ids
        self.changed = changed
        self.there = there
        self._kept: dict[int, Link] = {}

    def __len__(self) -> int:
        return self.columns.used

    @overload
    def __getitem__(self, at: int) -> Link: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Link]: ...
    def __getitem__(self, at: int | slice) -> Link | Sequence[Link]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        found = self.changed.get(at) or self._kept.get(at)
        if found is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            found = self._kept[at] = self.columns.link(at, self.ids)
        return found

    def __iter__(self) -> Iterator[Link]:
        return (self[at] for at in np.flatnonzero(self.there[: len(self)]).tolist())


class EndRows(Sequence[tuple[int, int]]):
    """The items that links join, by position."""

    def __init__(self, columns: LinkColumns) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return self.columns.used

    @overload
    def __getitem__(self, at: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[tuple[int, int]]: ...
    def __getitem__(self, at: int | slice) -> tuple[int, int] | Sequence[tuple[int, int]]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return int(self.columns.start[at]), int(self.columns.end[at])
