"""Pairs of failures are those found by trying all, as far as the search went."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from cmdb.errors import InvalidInput, UnknownItem
from impact.compiled import choice
from impact.cut_pairs import CutPairs, cut_pairs
from impact.estate import Estate
from impact.propagate import propagate_plainly
from impact.states import State
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate


def falls(estate: Estate, target: int, *items: int) -> bool:
    states = propagate_plainly(estate, dict.fromkeys(items, State.DOWN))
    return states.get(target) is State.DOWN


def by_trying(estate: Estate, target: int) -> set[frozenset[str]]:
    others = [i for i in range(len(estate.items)) if i != target and not falls(estate, target, i)]
    return {
        frozenset({estate.items[one].id, estate.items[other].id})
        for one, other in combinations(others, 2)
        if falls(estate, target, one, other)
    }


def redundant(random: Random) -> Estate:
    """A service over pools, over servers in pairs of feeds, switches and cores."""
    drawing = Drawing().add("ServiceInstance", "i0")
    for core in ("core1", "core2"):
        drawing.add("NetworkDevice", core, network_role="core")
    for n in range(3):
        drawing.add("NetworkDevice", f"switch{n}").add("PowerFeed", f"feed{n}")
        cores = random.sample(["core1", "core2"], random.randint(1, 2))
        drawing.link(f"switch{n}", "LINKED_TO", *cores)
    for n in range(4):
        drawing.add("Server", f"server{n}")
        feeds = random.sample(range(3), random.randint(1, 2))
        drawing.link(f"server{n}", "POWERED_BY", *(f"feed{feed}" for feed in feeds))
        switches = random.sample(range(3), random.randint(1, 2))
        drawing.link(f"server{n}", "LINKED_TO", *(f"switch{switch}" for switch in switches))
        drawing.link(f"app{n}", "RUNS_ON", f"server{n}", soft=random.random() < 0.1)
    for name in ("web", "data"):
        apps = random.sample(range(4), random.randint(2, 4))
        least = random.choice((1, 1, 2, "50%"))
        drawing.link("i0", "DEPENDS_ON", *(f"app{n}" for n in apps), gate=name, min_up=least)
    return drawing.estate()


def found_pairs(found: CutPairs) -> set[frozenset[str]]:
    return {frozenset(item.id for item in pair.items) for pair in found.pairs}


@pytest.mark.parametrize("part", range(5))
def test_all_pairs_are_those_found_by_trying(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if part == 4:  # by kernels
        monkeypatch.setattr(choice, "COMPILE_FROM", 0)
        monkeypatch.setattr(choice, "COMPILE_AT_ONCE", 0)
    met = 0
    for seed in range(part * 80, (part + 1) * 80):
        random = Random(seed)
        estate = random_estate(random, 12).build() if seed % 2 else redundant(random)
        if not estate.items:
            continue
        target = random.randrange(len(estate.items)) if seed % 2 else estate.index["i0"]
        found = cut_pairs(estate, estate.items[target].id, limit=None)
        assert found.complete
        assert found_pairs(found) == by_trying(estate, target), seed
        assert len(found.pairs) == found.total
        met += found.total
    assert met > 100


def test_broken_off_it_says_so_and_what_it_has_is_right() -> None:
    broken_off = 0
    for seed in range(40):
        estate = redundant(Random(seed))
        found = cut_pairs(estate, "i0", limit=None, most_walks=20 + seed)
        expected = by_trying(estate, estate.index["i0"])
        assert found_pairs(found) <= expected
        assert found_pairs(found) == expected or not found.complete
        assert found.walks <= 20 + seed
        broken_off += not found.complete
    assert broken_off > 5


def shop() -> Drawing:
    drawing = Drawing().add("ServiceInstance", "shop")
    for name in ("vm1", "vm2"):
        drawing.add("VirtualMachine", name)
        drawing.link("shop", "DEPENDS_ON", name, gate="web")
        drawing.add("Server", f"host of {name}")
        drawing.link(name, "HOSTED_ON", f"host of {name}")
    return drawing


def test_the_nearest_come_first_with_what_they_take_down() -> None:
    found = cut_pairs(shop().estate(), "shop")
    named = [tuple((item.name, item.distance) for item in pair.items) for pair in found.pairs]
    assert named == [
        (("vm1", 1), ("vm2", 1)),
        (("vm2", 1), ("host of vm1", 2)),
        (("vm1", 1), ("host of vm2", 2)),
        (("host of vm1", 2), ("host of vm2", 2)),
    ]
    assert [(pair.services_down, pair.items_down) for pair in found.pairs] == [
        (1, 3),
        (1, 4),
        (1, 4),
        (1, 5),
    ]
    cut = cut_pairs(shop().estate(), "shop", limit=1)
    assert (len(cut.pairs), cut.total, cut.truncated) == (1, 4, True)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(UnknownItem):
        cut_pairs(shop().estate(), "nothing")
    with pytest.raises(InvalidInput, match="must be 0 or more"):
        cut_pairs(shop().estate(), "shop", limit=-1)
