"""Networks in columns, read as :class:`impact.network.Topology` has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from impact.columns.layers import Rows
from impact.compiled.arrays import DEVICE, I32, JUDGED, NO_HOPS, U8
from impact.compiled.layout import NO_NETWORK, lay_out
from impact.network import Network, Topology

T = TypeVar("T")

CABLE_TO, CABLE_LINK, CABLE_FROM = 0, 1, 2
"""The columns of cables."""


@dataclass(frozen=True)
class Layout:
    """What :func:`impact.compiled.layout.lay_out` found of cables, whose ends are in both orders,
    each pair of items once."""

    cables: Rows
    is_device: U8
    is_anchor: U8
    network_of: I32
    hops: I32
    flags: U8
    networks: int

    @classmethod
    def of(cls, cables: Rows, is_device: U8, is_anchor: U8) -> Layout:
        """Lay the networks out. O(items and cables)."""
        size = len(cables.start)
        network_of, hops = np.empty(size, np.int32), np.empty(size, np.int32)
        flags = np.empty(size, np.uint8)
        count = lay_out(
            cables.start,
            cables.end,
            cables.columns[CABLE_TO],
            is_device,
            is_anchor,
            network_of,
            hops,
            flags,
        )
        return cls(cables, is_device, is_anchor, network_of, hops, flags, count)

    @cached_property
    def grouped(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The items that have a network, network by network, and where each network starts."""
        items = np.flatnonzero(self.network_of != NO_NETWORK)
        networks = self.network_of[items]
        order = np.argsort(networks, kind="stable")
        return items[order], np.searchsorted(networks[order], np.arange(self.networks + 1))

    def topology(self) -> Topology:
        """The same as values that are made where they are asked for."""
        neighbours = _Beside(self, only_devices=False)
        return Topology(
            devices=_Flagged(self.flags, DEVICE),
            neighbours=neighbours,
            beside=_Beside(self, only_devices=True),
            networks=_Networks(self),
            network_of=_NetworkOf(self.network_of),
            judged=_Flagged(self.flags, JUDGED),
        )


class _Flagged(AbstractSet[int]):
    """The items with a flag."""

    def __init__(self, flags: U8, flag: int) -> None:
        self.flags = flags
        self.flag = flag

    def __contains__(self, item: object) -> bool:
        return isinstance(item, int) and bool(self.flags[item] & self.flag)

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self.flags & self.flag).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.flags & self.flag))

    @classmethod
    def _from_iterable(cls, items: Iterable[T]) -> AbstractSet[T]:
        return frozenset(items)


class _Beside(Mapping[int, Sequence[tuple[int, int]]]):
    """What is beside each item, with the link between them."""

    def __init__(self, layout: Layout, *, only_devices: bool) -> None:
        self.layout = layout
        self.only_devices = only_devices

    def __getitem__(self, item: int) -> Sequence[tuple[int, int]]:
        cables = self.layout.cables
        first, last = cables.start[item], cables.end[item]
        if first == last:
            raise KeyError(item)
        others = cables.columns[CABLE_TO][first:last]
        links = cables.columns[CABLE_LINK][first:last]
        if self.only_devices:
            kept = self.layout.is_device[others] != 0
            others, links = others[kept], links[kept]
        return tuple(zip(others.tolist(), links.tolist(), strict=True))

    def __iter__(self) -> Iterator[int]:
        cables = self.layout.cables
        return iter(np.flatnonzero(cables.end > cables.start).tolist())

    def __len__(self) -> int:
        cables = self.layout.cables
        return int(np.count_nonzero(cables.end > cables.start))


class _NetworkOf(Mapping[int, int]):
    """The network of each item that has one."""

    def __init__(self, network_of: I32) -> None:
        self.network_of = network_of

    def __getitem__(self, item: int) -> int:
        network = int(self.network_of[item])
        if network == NO_NETWORK:
            raise KeyError(item)
        return network

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self.network_of != NO_NETWORK).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.network_of != NO_NETWORK))


class _Networks(Sequence[Network]):
    """All networks, each made when it is first asked for."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.made: dict[int, Network] = {}

    def __len__(self) -> int:
        return self.layout.networks

    @overload
    def __getitem__(self, at: int) -> Network: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Network]: ...
    def __getitem__(self, at: int | slice) -> Network | Sequence[Network]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        found = self.made.get(at)
        if found is None:
            found = self.made[at] = self._network(at)
        return found

    def _network(self, at: int) -> Network:
        layout = self.layout
        items, starts = layout.grouped
        mine = items[starts[at] : starts[at + 1]]
        hops = layout.hops[mine]
        reached = hops != NO_HOPS
        return Network(
            items=tuple(mine.tolist()),
            anchors=tuple(mine[layout.is_anchor[mine] != 0].tolist()),
            hops=dict(zip(mine[reached].tolist(), hops[reached].tolist(), strict=True)),
        )
