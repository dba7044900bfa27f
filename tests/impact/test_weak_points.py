from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput, UnknownItem
from cmdb.items import Item, ItemStatus, Link, link_id
from impact.compiled import choice
from impact.compiled.choice import engine_of
from impact.estate import Estate
from impact.gates import Gate
from impact.propagate import propagate_plainly
from impact.states import State
from impact.takedowns import PlainTakedowns, is_redundant, takedowns, upstream_of
from impact.weak_points import WeakPoints, weak_points
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate


@pytest.fixture(params=["plain", "compiled"], scope="module", autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Everything is asked of plain Python and of the kernels."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "compiled":
            patch.setattr(choice, "COMPILE_FROM", 0)
            patch.setattr(choice, "COMPILE_AT_ONCE", 0)
        yield request.param


def by_trying(estate: Estate, target: int) -> set[str]:
    """Every other item, failed alone."""
    down = (
        (item, propagate_plainly(estate, {item: State.DOWN}).get(target))
        for item in range(len(estate.items))
        if item != target
    )
    return {estate.items[item].id for item, state in down if state is State.DOWN}


def shared_by_trying(estate: Estate, gate: Gate) -> set[str]:
    """Every item but the dependent whose failure alone takes the gate's output down."""
    found: set[str] = set()
    for item in range(len(estate.items)):
        states = propagate_plainly(estate, {item: State.DOWN})
        output = gate.output(gate.weight_by_state(states), broken=True)
        if item != gate.dependent and output is State.DOWN:
            found.add(estate.items[item].id)
    return found


def assert_exact(random: Random, largest: int) -> WeakPoints | None:
    estate = random_estate(random, largest).build()
    if not estate.items:
        return None
    target = random.randrange(len(estate.items))
    found = weak_points(estate, estate.items[target].id, limit=None)
    assert {row.id for row in found.weak_points} == by_trying(estate, target)
    expected: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for item in upstream_of(estate, [target]):
        for at in estate.gates_of.get(item, ()):
            gate = estate.gates[at]
            if not gate.soft and is_redundant(gate) and (ids := shared_by_trying(estate, gate)):
                members = tuple(estate.items[member].id for member in gate.members)
                expected[estate.items[item].id, gate.label or gate.name, members] = ids
    ours = {(r.id, r.gate, r.members): {s.id for s in r.shared} for r in found.false_redundancies}
    assert ours == expected
    weak = {row.id for row in found.weak_points} | {estate.items[target].id}
    for row in found.false_redundancies:
        assert all(shared.weak_point == (shared.id in weak) for shared in row.shared)
    for point in found.weak_points:
        assert (point.path[0], point.path[-1]) == (point.id, estate.items[target].id)
        assert point.because is not None
    return found


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_weak_points_are_those_found_by_trying(random: Random) -> None:
    assert_exact(random, 9)


def test_weak_points_are_those_found_by_trying_on_seeded_estates() -> None:
    found = [assert_exact(Random(seed), 14) for seed in range(300)]
    assert sum(len(one.weak_points) for one in found if one) > 100
    assert sum(len(one.false_redundancies) for one in found if one) >= 3


def test_large_random_estates_have_the_same_weak_points_either_way(way: str) -> None:
    if way == "plain":
        return
    pairs = 0
    for seed in range(200):
        random = Random(seed)
        drawn = random_estate(random, 60)
        estate, plain = drawn.build(), drawn.build()
        target = random.randrange(len(estate.items))
        assert engine_of(estate) is not None
        found, expected = takedowns(estate, target), PlainTakedowns.of(plain, target)
        assert found.complete
        assert found.looked_at == expected.looked_at
        assert set(found.weak_points()) == set(expected.weak_points())
        assert sorted(map(found.step, found.weak_points())) == [
            expected.step(item) for item in expected.weak_points()
        ]
        assert {at: set(items) for at, items in found.shared().items()} == {
            at: set(items) for at, items in expected.shared().items()
        }
        pairs += sum(map(len, expected.shared().values()))
        bounded = takedowns(estate, target, most_looks=0)
        assert set(bounded.weak_points()) == set(found.weak_points())
        assert all(set(items) <= set(found.shared()[at]) for at, items in bounded.shared().items())
    assert pairs > 30


def test_without_gates_they_are_the_dominators() -> None:
    """Every dependency redundant: two providers in one gate. Then what takes an item down alone is
    what lies on every way from the top to it."""
    for seed in range(40):
        random = Random(seed)
        names = [f"i{n}" for n in range(12)]
        drawing = Drawing()
        graph: networkx.DiGraph[str] = networkx.DiGraph()
        graph.add_edges_from(("top", name) for name in names[:2])
        for place, name in enumerate(names):
            drawing.add("Server", name)
            for provider in random.sample(names[:place], min(place, 2)) if place > 1 else []:
                drawing.link(name, "DEPENDS_ON", provider, gate="all")
                graph.add_edge(provider, name)
        immediate = networkx.immediate_dominators(graph, "top")
        expected, at = set[str](), immediate["i11"]
        while at != "top":
            expected.add(at)
            at = immediate[at]
        found = weak_points(drawing.estate(), "i11")
        assert {row.id for row in found.weak_points} == expected


def test_two_replicas_on_one_host_are_no_redundancy() -> None:
    drawing = Drawing().add("ServiceInstance", "shop").add("Server", "host")
    for name in ("vm1", "vm2"):
        drawing.add("VirtualMachine", name)
        drawing.link("shop", "DEPENDS_ON", name, gate="web")
        drawing.link(name, "HOSTED_ON", "host")
    found = weak_points(drawing.estate(), "shop")
    assert [(row.id, row.path) for row in found.weak_points] == [("host", ("host", "vm2", "shop"))]
    assert (found.weak_points[0].services_down, found.weak_points[0].items_down) == (1, 4)
    (false,) = found.false_redundancies
    assert (false.id, false.gate, false.members) == ("shop", "web", ("vm1", "vm2"))
    assert [(shared.id, shared.weak_point) for shared in false.shared] == [("host", True)]
    assert "any one of its 2 members may fail, but Server 'host' takes down" in false.sentence


def test_a_soft_dependency_is_no_weak_point() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "mail", soft=True)
    drawing.link("shop", "DEPENDS_ON", "db")
    found = weak_points(drawing.estate(), "shop")
    assert [row.id for row in found.weak_points] == ["db"]
    assert found.counts.looked_at == 2


def test_lists_are_cut_and_counts_are_not() -> None:
    drawing = Drawing()
    for name in "abc":
        drawing.link("shop", "DEPENDS_ON", name)
    found = weak_points(drawing.estate(), "shop", limit=2)
    assert [row.id for row in found.weak_points] == ["a", "b"]
    assert (found.counts.weak_points, found.truncated) == (3, True)


def test_a_long_chain_is_all_weak_points() -> None:
    items = [Item(f"i{n:04}", "Server", "", ItemStatus.ACTIVE) for n in range(2000)]
    links = [
        Link(link_id("DEPENDS_ON", a.id, b.id), "DEPENDS_ON", a.id, b.id)
        for a, b in pairwise(items)
    ]
    found = weak_points(Estate.build(items, links, builtin()), "i0000", limit=3)
    assert found.counts.weak_points == 1999
    assert [row.id for row in found.weak_points] == ["i0001", "i0002", "i0003"]


def test_what_can_not_be_asked() -> None:
    estate = Drawing().add("Server", "web1").estate()
    with pytest.raises(UnknownItem):
        weak_points(estate, "nobody")
    with pytest.raises(InvalidInput, match="The limit must be 0 or more, not -1"):
        weak_points(estate, "web1", limit=-1)
    alone = weak_points(estate, "web1")
    assert (alone.weak_points, alone.false_redundancies) == ((), ())
