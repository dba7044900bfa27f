"""Gates in columns, and as values where they are asked for; and who is a member of which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from impact.columns.forming import Formed
from impact.columns.layers import Column, Rows, extended, roomy
from impact.columns.links import LinkColumns
from impact.columns.relations import FROM_TO, RelationTable
from impact.compiled.arrays import HARD, I32, I64, LARGEST_WEIGHT, SOFT, TALLIED, U8, U32
from impact.gates import Form, Gate

TO, CODE, TALLY, WEIGHT, GATE, MEMBER = range(6)
"""The columns of entries."""


class GateRows(Sequence[Gate]):
    """Gates by position. A position is never used again, so all versions share them: which are an
    item's own is for its version to say."""

    def __init__(
        self,
        code: I32,
        groups: list[Gate],
        columns: LinkColumns,
        ids: Sequence[str],
        ends: SingleEnds,
    ) -> None:
        self.code = code
        self.groups = groups
        self.columns = columns
        self.ids = ids
        self._ends = ends
        self.added: list[Gate] = []

    def __len__(self) -> int:
        return len(self.code) + len(self.added)

    @overload
    def __getitem__(self, at: int) -> Gate: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Gate]: ...
    def __getitem__(self, at: int | slice) -> Gate | Sequence[Gate]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        if at >= len(self.code):
            return self.added[at - len(self.code)]
        code = int(self.code[at])
        return self.groups[-1 - code] if code < 0 else self._single(code)

    @cached_property
    def flat(self) -> GroupColumns:
        """The gates of more than one link that were loaded. O(their members) once."""
        return GroupColumns.of(self.groups)

    def single_ends(self, links: I32) -> tuple[U32, U32, npt.NDArray[np.bool_]]:
        """Provider, dependent and softness of links that were a gate each when loaded."""
        return self._ends.columns_of(links)

    def single_links(self, positions: Sequence[int]) -> list[int]:
        """The link that each of these gates is, where it is one link and was so when the estate was
        loaded; a negative number for the others."""
        loaded = len(self.code)
        if isinstance(positions, range):
            links: list[int] = self.code[positions.start : positions.stop].tolist()
            return links
        return [int(self.code[at]) if at < loaded else -1 for at in positions]

    def detached(self) -> GateRows:
        """The same, to which nobody else adds gates."""
        made = GateRows(self.code, self.groups, self.columns, self.ids, self._ends)
        made.added = self.added.copy()
        return made

    def append(self, gate: Gate) -> int:
        """Put a gate behind the others; returns its position."""
        self.added.append(gate)
        return len(self) - 1

    def _single(self, link: int) -> Gate:
        provider, dependent, soft = self._ends(link)
        return Gate(
            dependent=dependent,
            form=Form.SINGLE,
            name=self.columns.link(link, self.ids).id,
            members=(provider,),
            weights=(1,),
            needed=1,
            total=1,
            scale=1,
            soft=soft,
            links=(link,),
        )


@dataclass(frozen=True)
class GroupColumns:
    """Gates in columns, with where their members and links start."""

    start: I64
    member: U32
    link_start: I64
    link: U32
    """Those to standbys too."""
    soft: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, gates: Sequence[Gate]) -> GroupColumns:
        """Those of these gates, in order."""
        members = [gate.members for gate in gates]
        links = [(*gate.links, *gate.standby_links) for gate in gates]
        return cls(
            _starts(members),
            np.fromiter(chain.from_iterable(members), np.uint32),
            _starts(links),
            np.fromiter(chain.from_iterable(links), np.uint32),
            np.fromiter((gate.soft for gate in gates), np.bool_),
        )


def _starts(rows: Sequence[Sequence[int]]) -> I64:
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=starts[1:])
    return starts


@dataclass(frozen=True)
class SingleEnds:
    """Provider, dependent and softness of links that are a gate each, as they were loaded."""

    columns: LinkColumns
    relations: RelationTable
    soft_terms: npt.NDArray[np.bool_]

    def __call__(self, link: int) -> tuple[int, int, bool]:
        """All three, for a link by position."""
        columns, table = self.columns, self.relations
        relation = columns.relation[link]
        pair = int(columns.start[link]), int(columns.end[link])
        dependent, provider = pair[::-1] if table.direction[relation] == FROM_TO else pair
        soft = table.soft[relation] or self.soft_terms[columns.terms[link]]
        return provider, dependent, bool(soft)

    def columns_of(self, links: I32) -> tuple[U32, U32, npt.NDArray[np.bool_]]:
        """The same of many links."""
        columns, table = self.columns, self.relations
        relation = columns.relation[links]
        turned = table.direction[relation] == FROM_TO
        start, end = columns.start[links], columns.end[links]
        soft = table.soft[relation] | self.soft_terms[columns.terms[links]]
        return np.where(turned, start, end), np.where(turned, end, start), soft


@dataclass(frozen=True)
class Tallies:
    """The gates whose members have to be counted."""

    total: I64
    needed: I64
    soft: U8
    used: int

    @classmethod
    def of(cls, gates: Sequence[Gate]) -> Tallies:
        """Those of these gates, in order, with room for more."""
        return cls(
            total=roomy(np.fromiter((_held(gate.total) for gate in gates), np.int64, len(gates))),
            needed=roomy(np.fromiter((_held(g.needed) for g in gates), np.int64, len(gates))),
            soft=roomy(np.fromiter((gate.soft for gate in gates), np.uint8, len(gates))),
            used=len(gates),
        )

    def detached(self) -> Tallies:
        """The same, of columns that nobody else writes to."""
        used = self.used
        return Tallies(
            roomy(self.total[:used]), roomy(self.needed[:used]), roomy(self.soft[:used]), used
        )

    def extended(self, gates: Sequence[Gate]) -> Tallies:
        """With these behind."""
        more = Tallies.of(gates)
        return Tallies(
            extended(self.total, self.used, more.total[: more.used]),
            extended(self.needed, self.used, more.needed[: more.used]),
            extended(self.soft, self.used, more.soft[: more.used]),
            self.used + more.used,
        )


def _held(weight: int) -> int:
    return min(weight, 2**62)


def is_plain(gate: Gate) -> bool:
    """Whether the gate hands on its only member's state (or one step better, where soft)."""
    return len(gate.members) == 1 and gate.needed > 0


def is_too_heavy(gate: Gate) -> bool:
    """Whether no kernel can count what its members weigh."""
    return gate.total > LARGEST_WEIGHT


@dataclass
class Entries:
    """Entries to be written: who is a member of which gate."""

    member: list[int] = field(default_factory=list)
    to: list[int] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    tally: list[int] = field(default_factory=list)
    weight: list[int] = field(default_factory=list)
    gate: list[int] = field(default_factory=list)
    tallied: list[Gate] = field(default_factory=list)

    @classmethod
    def of(cls, gates: Iterable[tuple[int, Gate]], first_tally: int = 0) -> Entries:
        """The entries of these gates, given with their positions."""
        made = cls()
        for position, gate in gates:
            count = len(gate.members)
            if is_plain(gate):
                code, tally = (SOFT if gate.soft else HARD), 0
            else:
                code, tally = TALLIED, first_tally + len(made.tallied)
                made.tallied.append(gate)
            made.member += gate.members
            made.to += [gate.dependent] * count
            made.code += [code] * count
            made.tally += [tally] * count
            made.weight += (min(weight, LARGEST_WEIGHT) for weight in gate.weights)
            made.gate += [position] * count
        return made

    def columns(self) -> tuple[Column, ...]:
        """In the order of the columns of entries."""
        return (
            np.array(self.to, np.uint32),
            np.array(self.code, np.uint8),
            np.array(self.tally, np.uint32),
            np.array(self.weight, np.int32),
            np.array(self.gate, np.uint32),
            np.array(self.member, np.uint32),
        )


def all_entries(formed: Formed, ends: SingleEnds, items: int) -> tuple[Rows, Tallies]:
    """The entries of all gates, member by member and in the order of the gates. O(members)."""
    single = np.flatnonzero(formed.code >= 0)
    provider, _, soft = ends.columns_of(formed.code[single])
    groups = np.flatnonzero(formed.code < 0)
    found = Entries.of(
        (int(at), formed.groups[-1 - int(formed.code[at])]) for at in groups.tolist()
    )
    one = (
        formed.dependent[single],
        np.where(soft, SOFT, HARD).astype(np.uint8),
        np.zeros(len(single), np.uint32),
        np.ones(len(single), np.int32),
        single.astype(np.uint32),
        provider.astype(np.uint32),
    )
    both = _joined(one, found.columns())
    order = np.lexsort((both[GATE], both[MEMBER]))
    rows = Rows.grouped(both[MEMBER][order], tuple(column[order] for column in both), items)
    return rows, Tallies.of(found.tallied)


def rewritten(
    entries: Rows,
    removed: Mapping[int, Gate],
    added: Entries,
    order: Mapping[int, int],
    size: int,
) -> Rows:
    """The rows without the entries of some gates and with those of others. ``order`` gives every
    gate of a dependent of those added its place among the gates of that dependent.

    O(entries of the members of both), and ``size`` to copy where rows are.
    """
    gone = np.array(sorted(removed), np.uint32)
    new = added.columns()
    left = np.fromiter(chain.from_iterable(g.members for g in removed.values()), np.uint32)
    touched = np.unique(np.concatenate([new[MEMBER], left])).astype(np.uint32)
    places = entries.gathered(touched[touched < len(entries.start)])
    old = tuple(column[places] for column in entries.columns)
    kept = ~np.isin(old[GATE], gone)
    both = _joined(tuple(column[kept] for column in old), new)
    rank = np.fromiter((order.get(gate, 0) for gate in both[GATE].tolist()), np.int64)
    by = np.lexsort((rank, both[TO], both[MEMBER]))
    return entries.replaced(touched, both[MEMBER][by], tuple(column[by] for column in both), size)


def _joined(one: tuple[Column, ...], other: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(np.concatenate([a, b]) for a, b in zip(one, other, strict=True))


class GatesOf(Mapping[int, Sequence[int]]):
    """The gates of each item, in one version."""

    def __init__(self, start: U32, changed: Mapping[int, Sequence[int]]) -> None:
        self.start = start
        self.changed = changed

    def get(self, item: int, default: Any = None) -> Any:
        """As of a dict: asked far more often than any other."""
        found = self.changed.get(item)
        if found is None and item < len(self.start) - 1:
            found = range(int(self.start[item]), int(self.start[item + 1]))
        return found or default

    def __getitem__(self, item: int) -> Sequence[int]:
        found: Sequence[int] | None = self.get(item)
        if not found:
            raise KeyError(item)
        return found

    def __iter__(self) -> Iterator[int]:
        base = np.flatnonzero(np.diff(self.start.astype(np.int64))).tolist()
        return (item for item in dict.fromkeys(chain(base, self.changed)) if self.get(item))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class GatesWith(Mapping[int, Sequence[int]]):
    """The gates that each item is a member of, in one version."""

    def __init__(self, entries: Rows) -> None:
        self.entries = entries

    def get(self, item: int, default: Any = None) -> Any:
        """As of a dict: asked far more often than any other."""
        return self.entries.of(item, GATE).tolist() or default

    def __getitem__(self, item: int) -> Sequence[int]:
        found: list[int] = self.entries.of(item, GATE).tolist()
        if not found:
            raise KeyError(item)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self.entries.end > self.entries.start).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.entries.end > self.entries.start))
