"""Items in columns, and as values where they are asked for."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np
import numpy.typing as npt

from cmdb.items import Item, ItemStatus
from impact.columns.draft import STATUSES, Draft, Seen
from impact.columns.layers import roomy
from impact.compiled.arrays import I64
from impact.estate import LeftOut, text_in

U16 = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]

ReadItem = Callable[[str, Seen | None], Item]
"""The item of its JSON and what touched it since."""

KEPT = 20_000
"""Items that are kept as values."""


@dataclass
class ItemTable:
    """All items by position, those that are left out too: sorted by id as they were loaded, later
    ones behind. What an item became since it was put here lies over it."""

    ids: list[str]
    names: list[str]
    kinds: array[int]
    """By position, in ``kind_names``."""

    kind_names: list[str]
    bodies: list[str | Item]
    touched: dict[int, Seen]
    place: dict[str, int]
    statuses: array[int]
    read: ReadItem
    _kept: dict[int, Item] = field(default_factory=dict)
    _texts: dict[str, dict[int, str | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Draft, read: ReadItem) -> ItemTable:
        """The draft's items."""
        return cls(
            ids=draft.ids,
            names=draft.names,
            kinds=draft.kinds,
            kind_names=list(draft.kind_codes),
            bodies=draft.bodies,
            touched=draft.touched,
            place=draft.place,
            statuses=draft.statuses,
            read=read,
        )

    def item(self, at: int) -> Item:
        """The item as it was put here."""
        found = self._kept.get(at)
        if found is None:
            body = self.bodies[at]
            found = body if isinstance(body, Item) else self.read(body, self.touched.get(at))
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[at] = found
        return found

    def text(self, at: int, name: str) -> str | None:
        """A property of the item as it was put here, where it is a text. Noted when first asked
        for, by who asks for a few properties of very many items."""
        texts = self._texts.setdefault(name, {})
        if at not in texts:
            texts[at] = text_in(self.item(at), name)
        return texts[at]

    def detached(self) -> ItemTable:
        """The same, to which nobody else adds items. O(items)."""
        return dataclasses.replace(
            self,
            ids=self.ids.copy(),
            names=self.names.copy(),
            kinds=self.kinds[:],
            kind_names=self.kind_names.copy(),
            bodies=self.bodies.copy(),
            statuses=self.statuses[:],
            place=self.place.copy(),
            _kept={},
            _texts={},
        )

    def kind(self, at: int) -> str:
        """The kind of the item as it was put here."""
        return self.kind_names[self.kinds[at]]

    def is_missing(self, at: int) -> bool:
        """Whether the item's sources no longer saw it when it was put here."""
        return STATUSES[self.statuses[at]] is ItemStatus.MISSING

    @property
    def missing_code(self) -> int:
        """What ``statuses`` has for an item that its sources no longer see."""
        return STATUSES.index(ItemStatus.MISSING)

    def append(self, item: Item) -> int:
        """Put an item behind the others; returns its position."""
        at = len(self.ids)
        self.ids.append(item.id)
        self.names.append(item.name)
        if item.kind not in self.kind_names:
            self.kind_names.append(item.kind)
        self.kinds.append(self.kind_names.index(item.kind))
        self.bodies.append(item)
        self.statuses.append(STATUSES.index(item.status))
        self.place[item.id] = at
        return at


class ItemRows(Sequence[Item]):
    """The items of one version, by position. Positions of items that are left out stay empty:
    iterating passes them over."""

    def __init__(
        self, table: ItemTable, size: int, changed: Mapping[int, Item], there: Flags
    ) -> None:
        self.table = table
        self.size = size
        self.changed = changed
        self.there = there

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | Sequence[Item]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(self.size))]
        return self.changed.get(at) or self.table.item(at)

    def __iter__(self) -> Iterator[Item]:
        return (self[at] for at in np.flatnonzero(self.there[: self.size]).tolist())

    def label(self, at: int) -> tuple[str, str, str]:
        """The kind, name and id of the item at a position, without reading the rest of it."""
        changed, table = self.changed.get(at), self.table
        if changed is not None:
            return changed.kind, changed.name, changed.id
        return table.kind_names[table.kinds[at]], table.names[at], table.ids[at]

    def text(self, at: int, name: str) -> str | None:
        """A property of the item at a position, where it is a text."""
        changed = self.changed.get(at)
        return self.table.text(at, name) if changed is None else text_in(changed, name)

    def kind(self, at: int) -> str:
        """The kind of the item at a position."""
        changed = self.changed.get(at)
        return self.table.kind(at) if changed is None else changed.kind


class Places(Mapping[str, int]):
    """Where the items of one version are, by id."""

    def __init__(self, rows: ItemRows) -> None:
        self.rows = rows

    def __getitem__(self, item: str) -> int:
        at = self.rows.table.place[item]
        if at >= self.rows.size or not self.rows.there[at]:
            raise KeyError(item)
        return at

    def __iter__(self) -> Iterator[str]:
        ids = self.rows.table.ids
        return (ids[at] for at in np.flatnonzero(self.rows.there[: self.rows.size]).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.rows.there[: self.rows.size]))


class OutsideRows(Mapping[str, LeftOut]):
    """The items that one version leaves out, by id; without those that are not even there."""

    def __init__(self, rows: ItemRows, removed: frozenset[int] = frozenset()) -> None:
        self.rows = rows
        self.removed = removed

    def __getitem__(self, item: str) -> LeftOut:
        rows = self.rows
        at = rows.table.place[item]
        if at >= rows.size or rows.there[at] or at in self.removed:
            raise KeyError(item)
        found = rows[at]
        return LeftOut(found.kind, found.name, found.status)

    def __iter__(self) -> Iterator[str]:
        rows = self.rows
        places = np.flatnonzero(~rows.there[: rows.size]).tolist()
        return (rows.table.ids[at] for at in places if at not in self.removed)

    def __len__(self) -> int:
        return int(np.count_nonzero(~self.rows.there[: self.rows.size])) - len(self.removed)


def presence(draft: Draft, out: set[ItemStatus]) -> Flags:
    """Which of the draft's items take part, with room for more."""
    takes_part = np.array([status not in out for status in STATUSES], np.bool_)
    return roomy(takes_part[np.frombuffer(draft.statuses, np.uint8)])


def last_seen(draft: Draft) -> I64:
    """When the draft's items were last seen, with room for more."""
    return roomy(np.frombuffer(draft.item_seen, np.int64))
