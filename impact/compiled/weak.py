"""The takedowns of an item, as kernels found them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from impact.compiled.arrays import U32
from impact.compiled.singles import Cone


@dataclass(frozen=True)
class Singles:
    """Who takes the target DOWN alone, and who breaks which redundant gate alone.

    ``weak`` says for each item of the cone whether it takes the target down; the target does.
    ``gates`` and ``items`` say which gate each item breaks, the farthest item first. ``complete``
    says that these are all.
    """

    cone: Cone
    weak: npt.NDArray[np.bool_]
    gates: U32
    items: U32
    complete: bool

    @property
    def looked_at(self) -> int:
        """How many items are in the cone, the target included."""
        return len(self.cone.items)

    def step(self, item: int) -> int:
        """How many steps above the target the item is."""
        return int(self.cone.steps[item])

    def weak_points(self) -> list[int]:
        """Every other item whose DOWN alone takes the target down, the nearest first."""
        found: list[int] = self.cone.items[1:][self.weak[1:]].tolist()
        return found

    def is_weak(self, item: int) -> bool:
        """Whether the item's DOWN alone takes the target down, or is the target's."""
        return item in self._weak

    @cached_property
    def _weak(self) -> frozenset[int]:
        return frozenset(self.cone.items[self.weak].tolist())

    def shared(self) -> Mapping[int, list[int]]:
        """By gate that tolerates the loss of any one member: the items whose DOWN alone takes its
        output DOWN all the same, the nearest first."""
        return _Shared(self)


class _Shared(Mapping[int, list[int]]):
    """Lists that are made when asked for: there may be a million items in all of them."""

    def __init__(self, singles: Singles) -> None:
        order = np.argsort(singles.gates, kind="stable")
        self._items, gates = singles.items[order], singles.gates[order]
        first = np.flatnonzero(np.append(True, gates[1:] != gates[:-1])[: len(gates)])
        ends = np.append(first, len(order))[1:]
        spans: zip[tuple[int, int]] = zip(first.tolist(), ends.tolist(), strict=True)
        self._spans = dict(zip(gates[first].tolist(), spans, strict=True))

    def __getitem__(self, gate: int) -> list[int]:
        first, end = self._spans[gate]
        items: list[int] = self._items[first:end][::-1].tolist()
        return items

    def __iter__(self) -> Iterator[int]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)
