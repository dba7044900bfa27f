"""Small random estates that hold everything the definition speaks of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random
from typing import Literal, NamedTuple, TypeVar

from cmdb.catalogue import builtin
from cmdb.items import Gate, Item, ItemStatus, Link, link_id
from impact.estate import Estate
from impact.states import State

_T = TypeVar("_T")

COMPARED = int(os.environ.get("CMDB_TEST_ESTATES", "400"))
"""Random estates to compare on, seven times as many with brute force; 10,000 take ten minutes."""

KINDS = ("Server", "ServiceInstance", "Cluster", "NetworkDevice", "PowerFeed", "Database")
MIN_UPS = (0, 1, 1, 2, 2, 3, 9, 0.5, "1", "2.0", "50%", "34%", "66.7%", "100%", "120%", "x", -1)
WEIGHTS = (1.0, 1.0, 1.0, 2.0, 3.0, 0.5, 0.1, 0.0, -2.0)
STYLES: dict[str, tuple[str, ...]] = {
    "gates": ("DEPENDS_ON", "RUNS_ON", "CONTRIBUTES_TO", "MEMBER_OF", "POWERED_BY", "CONTAINS"),
    "standbys": ("DEPENDS_ON", "HOSTED_ON", "MEMBER_OF", "FAILS_OVER_TO", "FAILS_OVER_TO"),
    "network": ("LINKED_TO", "LINKED_TO", "LINKED_TO", "DEPENDS_ON", "POWERED_BY"),
    "everything": (*sorted(builtin().relations), "LINKED_TO", "MEMBER_OF", "FAILS_OVER_TO"),
}


class RandomEstate(NamedTuple):
    items: list[Item]
    links: list[Link]
    include_planned: bool

    def build(self) -> Estate:
        return Estate.build(self.items, self.links, builtin(), include_planned=self.include_planned)


def random_estate(random: Random, largest: int = 8) -> RandomEstate:
    relations = STYLES[random.choice(sorted(STYLES))]
    # All of one length, as the ids that are drawn for real.
    ids = [f"i{n:0{len(str(largest - 1))}}" for n in range(random.randint(1, largest))]
    items = [_item(random, item, relations) for item in ids]
    links: dict[str, Link] = {}
    for _ in range(random.randint(0, 3 * len(ids))):
        link = _link(random, random.choice(relations), random.choice(ids), random.choice(ids))
        links[link.id] = link
    return RandomEstate(items, list(links.values()), random.random() < 0.3)


def random_failure(random: Random, estate: Estate) -> dict[str, State]:
    ids = [item.id for item in estate.items]
    failed = random.sample(ids, random.randint(0, min(3, len(ids))))
    return {item: random.choice((State.DOWN, State.DOWN, State.DEGRADED)) for item in failed}


def _often(random: Random, usual: _T, others: Sequence[_T]) -> _T:
    return usual if random.random() < 0.85 else random.choice(others)


def _item(random: Random, item: str, relations: tuple[str, ...]) -> Item:
    devices = relations.count("LINKED_TO")
    kind = random.choice((*KINDS, *["NetworkDevice"] * 4 * (devices > 1)))
    properties: dict[str, str | int | float | bool | list[str]] = {}
    if kind == "Cluster" and random.random() < 0.7:
        properties["min_up"] = random.choice(MIN_UPS)
    if kind == "NetworkDevice":
        properties["network_role"] = random.choice(("core", "gateway", *["access"] * 6))
    status = _often(random, ItemStatus.ACTIVE, list(ItemStatus))
    return Item(id=item, kind=kind, name=item.upper(), status=status, properties=properties)


def _link(random: Random, relation: str, one: str, other: str) -> Link:
    statuses: tuple[Literal["active", "missing", "retired"], ...] = ("missing", "retired")
    gate = None
    if random.random() < 0.4:
        gate = Gate(name=random.choice("ab"), min_up=random.choice(MIN_UPS))
    return Link(
        id=link_id(relation, one, other),
        relation=relation,
        from_id=one,
        to_id=other,
        status=_often(random, "active", statuses),
        strength=random.choice(("hard", "hard", "soft")),
        gate=gate,
        weight=random.choice(WEIGHTS),
    )
