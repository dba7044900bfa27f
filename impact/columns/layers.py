"""Rows and values that versions of an estate share: what changes is laid over what stays.

Whoever reads a version sees neither what was changed nor what was added after it. One writer makes
each version from the latest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from impact.compiled.arrays import U32

Column = npt.NDArray[Any]
C = TypeVar("C", bound=np.generic)

ROOM = 8
"""Columns are made one part in so many longer than they need to be."""


def room_for(count: int) -> int:
    """How long to make a column of so many, so that the next revisions fit in."""
    return count + max(count // ROOM, 4096)


def roomy(values: npt.NDArray[C]) -> npt.NDArray[C]:
    """A copy with room behind."""
    made = np.zeros(room_for(len(values)), values.dtype)
    made[: len(values)] = values
    return made


def extended(column: npt.NDArray[C], used: int, values: npt.NDArray[Any]) -> npt.NDArray[C]:
    """The column with these values behind the first ``used``: the same array where they fit."""
    if used + len(values) > len(column):
        longer = np.zeros(room_for(used + len(values)), column.dtype)
        longer[:used] = column[:used]
        column = longer
    column[used : used + len(values)] = values
    return column


def spread(starts: npt.NDArray[Any], ends: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """All places from each start up to its end, one span after the other."""
    starts = starts.astype(np.int64)
    counts = ends.astype(np.int64) - starts
    last = np.cumsum(counts)
    if not len(last) or not last[-1]:
        return np.zeros(0, np.int64)
    within = np.arange(last[-1]) - np.repeat(last - counts, counts)
    places: npt.NDArray[np.int64] = np.repeat(starts, counts) + within
    return places


def distinct(values: npt.NDArray[C]) -> npt.NDArray[C]:
    """The values sorted, each once: sorting is many times as fast as the hashing that numpy does
    for it."""
    values = np.sort(values)
    kept: npt.NDArray[C] = values[np.append(True, values[1:] != values[:-1])[: len(values)]]
    return kept


@dataclass(frozen=True)
class Rows:
    """For each item a row of entries: those from ``start`` to ``end`` of every column.

    A row that changes is written anew behind all others, so that versions share the columns and
    differ in where rows are. ``used`` is how much of the columns was written.
    """

    start: U32
    end: U32
    columns: tuple[Column, ...]
    used: int

    @classmethod
    def grouped(cls, owners: npt.NDArray[Any], columns: tuple[Column, ...], items: int) -> Rows:
        """Rows of entries that are sorted by the item that owns them, with room for ``items``."""
        ends = np.cumsum(np.bincount(owners, minlength=items)).astype(np.uint32)
        starts = np.zeros_like(ends)
        starts[1:] = ends[:-1]
        return cls(starts, ends, tuple(roomy(column) for column in columns), len(owners))

    def of(self, item: int, column: int = 0) -> Column:
        """The item's entries in a column."""
        return self.columns[column][self.start[item] : self.end[item]]

    def count(self) -> int:
        """The number of entries. O(items)."""
        return int((self.end - self.start).sum(dtype=np.int64))

    def gathered(self, items: U32) -> npt.NDArray[np.int64]:
        """Where the entries of these items are in the columns, item by item."""
        return spread(self.start[items], self.end[items])

    def replaced(
        self, items: U32, owners: npt.NDArray[Any], columns: tuple[Column, ...], size: int
    ) -> Rows:
        """These items' rows replaced by entries sorted by owner. ``size`` is the items there are
        room for now. O(``size``) to copy where rows are, and what is written."""
        base = self if self._has_room(len(owners)) else self._packed()
        start, end = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
        start[: len(base.start)], end[: len(base.end)] = base.start, base.end
        first = np.searchsorted(owners, items, side="left")
        last = np.searchsorted(owners, items, side="right")
        start[items], end[items] = base.used + first, base.used + last
        made = tuple(
            extended(column, base.used, new)
            for column, new in zip(base.columns, columns, strict=True)
        )
        return Rows(start, end, made, base.used + len(owners))

    def detached(self) -> Rows:
        """The same, of columns that nobody else writes to. O(all entries)."""
        columns = tuple(roomy(column[: self.used]) for column in self.columns)
        return Rows(self.start, self.end, columns, self.used)

    def _has_room(self, count: int) -> bool:
        return self.used + count <= len(self.columns[0])

    def _packed(self) -> Rows:
        """The same rows without what no row refers to any more. O(all entries)."""
        items = np.arange(len(self.start), dtype=np.uint32)
        counts = self.end - self.start
        places = self.gathered(items)
        owners = np.repeat(items, counts)
        columns = tuple(column[places] for column in self.columns)
        return Rows.grouped(owners, columns, len(self.start))
