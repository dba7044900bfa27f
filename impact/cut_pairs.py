"""Pairs of failures that take a service down, where neither does alone: its cut sets of size two.

Two failures do together what neither does alone only where a gate loses members to both, or a
network devices to both: else what goes DOWN is what goes DOWN with the one and with the other. So
only pairs that meet in a hard gate of what the service rests on, or in a network, are tried, and
each is tried for real.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

import msgspec

from impact.downs import Downs
from impact.estate import Estate
from impact.page import Page
from impact.takedowns import spare, upstream_of

DEFAULT_LIMIT = 100

MOST_WALKS = 20_000
"""Failures that are tried, alone and in pairs, before the search is broken off."""


class CutItem(msgspec.Struct, frozen=True):
    """One of two items, and how many steps it is above the service."""

    id: str
    kind: str
    name: str
    distance: int


class CutPair(msgspec.Struct, frozen=True):
    """Two items that together take the service down. ``services_down`` and ``items_down`` count
    what goes down with both, this service and the two included."""

    items: tuple[CutItem, CutItem]
    services_down: int
    items_down: int


class CutPairs(msgspec.Struct, frozen=True):
    """The minimal pairs of failures of the service or other item ``id``: the nearest first, then by
    kind, name and id.

    ``total`` counts all that were found, ``looked_at`` what the service rests on, ``walks`` the
    failures that were tried. ``complete`` says that there are no others; else the search was broken
    off. ``truncated`` says that the list was cut.
    """

    revision: int
    as_of: datetime
    id: str
    kind: str
    name: str
    pairs: tuple[CutPair, ...]
    total: int
    looked_at: int
    walks: int
    complete: bool
    truncated: bool


def cut_pairs(
    estate: Estate,
    item_id: str,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
    most_walks: int = MOST_WALKS,
) -> CutPairs:
    """Every pair of other items of which both DOWN take this one DOWN, and neither alone does.

    Exact and all where ``complete``; those listed are exact in any case. ``limit`` and ``offset``
    say what of the list is given. Raises what :meth:`~impact.estate.Estate.position` raises, and
    :class:`~cmdb.errors.InvalidInput` for a negative limit or offset. Costs a walk for everything
    that the item rests on and for every pair that meets somewhere, up to ``most_walks``.
    """
    page = Page(limit, offset)
    search = _Search(estate, estate.position(item_id), most_walks)
    found = search.pairs()

    def order(pair: tuple[int, int]) -> tuple[object, ...]:
        labels = sorted(estate.label_of(item) for item in pair)
        return sum(search.steps[item] for item in pair), *labels

    kind, name, id_ = estate.label_of(search.target)
    return CutPairs(
        revision=estate.revision,
        as_of=estate.as_of,
        id=id_,
        kind=kind,
        name=name,
        pairs=tuple(search.row(pair) for pair in page.of(sorted(found, key=order))),
        total=len(found),
        looked_at=len(search.steps) - 1,
        walks=search.walks,
        complete=search.complete,
        truncated=page.cuts(len(found)),
    )


@dataclass
class _Search:
    estate: Estate
    target: int
    most_walks: int
    complete: bool = True
    walks: int = 0
    steps: dict[int, int] = field(default_factory=dict)
    alone: dict[int, frozenset[int]] = field(default_factory=dict)
    """What goes DOWN with each item that does not take the target down alone."""

    def __post_init__(self) -> None:
        self.downs = Downs(self.estate)
        self.steps = upstream_of(self.estate, [self.target])

    def pairs(self) -> set[tuple[int, int]]:
        """All pairs, or all up to the bound; the nearest are tried first."""
        for item in sorted(self.steps, key=lambda item: (self.steps[item], item)):
            if self.downs.walks >= self.most_walks:
                self.complete = False
                break
            down = frozenset(self.downs.of([item]))
            if item != self.target and self.target not in down:
                self.alone[item] = down
        found: set[tuple[int, int]] = set()
        tried: set[tuple[int, int]] = set()
        for pair in self._meeting():
            one, other = pair
            if pair in tried or other in self.alone[one] or one in self.alone[other]:
                continue
            if self.downs.walks >= self.most_walks:
                self.complete = False
                break
            tried.add(pair)
            if self.target in self.downs.of(pair):
                found.add(pair)
        self.walks = self.downs.walks
        return found

    def _meeting(self) -> Iterator[tuple[int, int]]:
        """The pairs that together may do more than both alone, some of them more than once."""
        gates = self.estate.gates
        for position, lost in self._lost().items():
            most = spare(gates[position])
            rows = sorted(lost, key=self._nearest)
            for one, other in combinations(rows, 2):
                if lost[one] + lost[other] > most:
                    yield min(one, other), max(one, other)
        for items in self._by_network().values():
            for one, other in combinations(items, 2):
                yield min(one, other), max(one, other)

    def _nearest(self, item: int) -> tuple[int, int]:
        return self.steps[item], item

    def _lost(self) -> Mapping[int, dict[int, int]]:
        """By hard gate of what the target rests on, the gates nearest to it first: what its members
        weigh that go DOWN with an item, for items that do not take its dependent along."""
        estate = self.estate
        lost: dict[int, dict[int, int]] = {}
        for item, down in self.alone.items():
            for member in down:
                for position in estate.gates_with.get(member, ()):
                    gate = estate.gates[position]
                    if gate.soft or len(gate.members) == 1:
                        continue
                    if gate.dependent in self.steps and gate.dependent not in down:
                        mine = lost.setdefault(position, {})
                        mine[item] = mine.get(item, 0) + gate.weight_of(member)
        return dict(
            sorted(lost.items(), key=lambda row: self.steps[estate.gates[row[0]].dependent])
        )

    def _by_network(self) -> Mapping[int, list[int]]:
        """By network, the items that take a device of it down."""
        topology = self.estate.topology
        found: dict[int, list[int]] = {}
        for item in sorted(self.alone, key=self._nearest):
            devices = (other for other in self.alone[item] if other in topology.devices)
            for network in {topology.network_of[device] for device in devices}:
                found.setdefault(network, []).append(item)
        return found

    def row(self, pair: tuple[int, int]) -> CutPair:
        """What is said of a pair."""
        down = self.downs.of(pair)
        one, other = sorted(pair, key=lambda item: (self.steps[item], self.estate.label_of(item)))
        return CutPair(
            items=(self._item(one), self._item(other)),
            services_down=sum(item in self.downs.services for item in down),
            items_down=len(down),
        )

    def _item(self, item: int) -> CutItem:
        kind, name, id_ = self.estate.label_of(item)
        return CutItem(id_, kind, name, self.steps[item])
