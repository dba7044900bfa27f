"""The ranking of an estate's weak points, held against its definition."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput
from cmdb.items import Gate, Item, ItemStatus, Link, link_id
from impact.blast_radius import service_kinds
from impact.estate import Estate
from impact.estate_weak_points import EstateWeakPoints, RankedItem, estate_weak_points
from impact.propagate import propagate_plainly
from impact.states import State
from impact.weak_points import weak_points
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate


def lost(estate: Estate, item: int) -> tuple[int, int]:
    """Services and items that go down with an item, itself included."""
    states = propagate_plainly(estate, {item: State.DOWN})
    down = [i for i, state in states.items() if state is State.DOWN]
    return sum(is_service(estate, i) for i in down), len(down)


def is_service(estate: Estate, item: int) -> bool:
    return estate.items[item].kind in service_kinds(estate)


def others(estate: Estate, item: int) -> int:
    """Services that go down with an item, other than itself."""
    return lost(estate, item)[0] - is_service(estate, item)


@pytest.mark.parametrize("part", range(4))
def test_both_rankings_have_what_each_failure_costs(part: int) -> None:
    met = 0
    for seed in range(part * 60, (part + 1) * 60):
        estate = random_estate(Random(seed), 14).build()
        found = estate_weak_points(estate, limit=None)
        costs = {estate.items[at].id: lost(estate, at) for at in range(len(estate.items))}
        saved = {estate.items[at].id: others(estate, at) for at in range(len(estate.items))}
        expected = {item: cost for item, cost in costs.items() if saved[item]}
        for rows in (found.by_services_down, found.by_saved_per_redundancy):
            assert {r.id: (r.services_down, r.items_down) for r in rows} == expected, seed
            assert all(
                r.saved_per_redundancy == round(saved[r.id] / r.redundancies, 3) for r in rows
            )
        assert found.counts.weak_points == len(expected)
        by_cost = [row.services_down for row in found.by_services_down]
        by_saved = [row.saved_per_redundancy for row in found.by_saved_per_redundancy]
        assert by_cost == sorted(by_cost, reverse=True)
        assert by_saved == sorted(by_saved, reverse=True)
        met += len(expected)
    assert met > 10


def layered(random: Random) -> tuple[list[Item], list[Link]]:
    """Services over servers, some links alone and some in pools of two."""
    items = [Item(f"a{n}", "Server", f"a{n}", ItemStatus.ACTIVE) for n in range(5)]
    items += [Item(f"b{n}", "SoftwareInstance", f"b{n}", ItemStatus.ACTIVE) for n in range(6)]
    items += [Item(f"c{n}", "ServiceInstance", f"c{n}", ItemStatus.ACTIVE) for n in range(4)]
    links: dict[str, Link] = {}
    for above, below, relation in (("a", "b", "RUNS_ON"), ("b", "c", "DEPENDS_ON")):
        providers = [item.id for item in items if item.id[0] == above]
        for dependent in (item.id for item in items if item.id[0] == below):
            pooled = random.random() < 0.4
            for provider in random.sample(providers, 2 if pooled else random.randint(1, 2)):
                key = link_id(relation, dependent, provider)
                gate = Gate("pool") if pooled else None
                links[key] = Link(key, relation, dependent, provider, gate=gate)
    return items, [*links.values()]


def with_twin(items: list[Item], links: list[Link], item: str) -> Estate:
    """Each link to the item that is a gate of its own gets a redundancy: a twin of the item."""
    twin = Item("twin", "Server", "twin", ItemStatus.ACTIVE)
    made: list[Link] = []
    for link in links:
        if link.to_id != item or link.gate is not None:
            made.append(link)
            continue
        gate = Gate(f"twins of {link.id}")
        made.append(msgspec.structs.replace(link, gate=gate))
        key = link_id(link.relation, link.from_id, "twin")
        made.append(msgspec.structs.replace(link, id=key, to_id="twin", gate=gate))
    return Estate.build([*items, twin], made, builtin())


def test_with_those_redundancies_the_failure_takes_no_service_down() -> None:
    for seed in range(60):
        items, links = layered(Random(seed))
        found = estate_weak_points(Estate.build(items, links, builtin()), limit=None)
        for row in found.by_services_down:
            used = {link.to_id for link in links if link.from_id[0] == "c"}
            alone = [
                link
                for link in links
                if link.to_id == row.id
                and link.gate is None
                and (link.from_id in used or link.from_id[0] == "c")
            ]
            assert row.redundancies == len(alone)
            assert row.saved_per_redundancy == round(row.services_down / len(alone), 3)
            mended = with_twin(items, links, row.id)
            assert others(mended, mended.index[row.id]) == 0


def rows(found: EstateWeakPoints) -> list[RankedItem]:
    return [*found.by_services_down]


def test_a_switch_counts_what_it_alone_connects() -> None:
    drawing = Drawing().add("NetworkDevice", "core", network_role="core")
    drawing.add("NetworkDevice", "switch")
    drawing.link("switch", "LINKED_TO", "core")
    for name in ("s1", "s2", "s3"):
        drawing.add("Server", name).link(name, "LINKED_TO", "switch")
        drawing.add("ServiceInstance", f"on {name}").link(f"on {name}", "DEPENDS_ON", name)
    by_name = {row.name: row for row in rows(estate_weak_points(drawing.estate()))}
    assert (by_name["switch"].services_down, by_name["switch"].redundancies) == (3, 3)
    assert (by_name["core"].services_down, by_name["core"].redundancies) == (3, 1)
    assert by_name["core"].saved_per_redundancy == 3


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    found = estate_weak_points(
        random_estate(Random(5), 30).build(), progress=lambda *counts: told.append(counts)
    )
    if found.counts.looked_at:
        assert told[-1] == (found.counts.looked_at,) * 2


def test_lists_are_cut_and_counts_are_not() -> None:
    estate = Estate.build(*layered(Random(1)), builtin())
    whole, cut = estate_weak_points(estate, limit=None), estate_weak_points(estate, limit=1)
    assert (len(cut.by_services_down), len(cut.by_saved_per_redundancy)) == (1, 1)
    assert cut.counts == whole.counts
    assert cut.truncated
    assert cut.by_services_down[0] == whole.by_services_down[0]
    with pytest.raises(InvalidInput, match="must be 0 or more"):
        estate_weak_points(estate, limit=-1)


def test_an_empty_estate_has_none() -> None:
    found = estate_weak_points(Estate.build([], [], builtin()))
    assert (found.counts.services, found.counts.weak_points, found.truncated) == (0, 0, False)


def test_what_goes_down_is_counted_as_the_weak_points_of_a_service_do() -> None:
    """One meaning of "services down" and "items down" in both answers: the item itself counts."""
    met = 0
    for seed in range(60):
        estate = random_estate(Random(seed), 14).build()
        ranked = {row.id: row for row in estate_weak_points(estate, limit=None).by_services_down}
        for at in range(len(estate.items)):
            for row in weak_points(estate, estate.items[at].id, limit=None).weak_points:
                if row.id in ranked:
                    other = ranked[row.id]
                    counted = (row.services_down, row.items_down)
                    assert counted == (other.services_down, other.items_down), seed
                    met += 1
    assert met > 20
