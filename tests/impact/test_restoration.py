from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.errors import InvalidInput
from impact.analysis import analyse
from impact.propagate import propagate_plainly
from impact.restoration import RestorationOrder, restoration_order
from impact.states import State
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate, random_failure


def ids(order: RestorationOrder) -> list[list[list[str]]]:
    return [[[item.id for item in g.items] for g in wave.groups] for wave in order.waves]


def assert_holds(random: Random, largest: int) -> RestorationOrder:
    """With only the first waves back, all that is back is fit to serve."""
    estate = random_estate(random, largest).build()
    analysis = analyse(estate, random_failure(random, estate))
    order = restoration_order(analysis, limit=None)
    waves = [[estate.position(i) for group in wave for i in group] for wave in ids(order)]
    broken = {item for item, state in analysis.states.items() if state >= State.DEGRADED}
    assert sorted(item for wave in waves for item in wave) == sorted(broken)
    for number in range(len(waves) + 1):
        back = {item for wave in waves[:number] for item in wave}
        still = {item: analysis.states[item] for item in broken - back}
        after = propagate_plainly(estate, still)
        assert all(after.get(item, State.UP) < State.DEGRADED for item in back)
    return order


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_what_is_back_stays_up_while_the_rest_is_not(random: Random) -> None:
    assert_holds(random, 10)


def test_what_is_back_stays_up_on_seeded_estates() -> None:
    orders = [assert_holds(Random(seed), 20) for seed in range(400)]
    assert max(order.counts.waves for order in orders) > 3
    assert any(order.counts.groups_together for order in orders)


def test_providers_come_first_and_what_can_go_at_once_goes_at_once() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db", "cache")
    drawing.link("db", "RUNS_ON", "host").link("cache", "RUNS_ON", "host")
    order = restoration_order(drawing.fail("host"))
    assert ids(order) == [[["host"]], [["cache"], ["db"]], [["shop"]]]
    assert (order.counts.items, order.counts.waves, order.truncated) == (4, 3, False)


def test_items_that_need_each_other_start_together() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "b").link("b", "DEPENDS_ON", "a", "disk")
    order = restoration_order(drawing.fail("disk"))
    assert ids(order) == [[["disk"]], [["a", "b"]]]
    assert order.counts.groups_together == 1


def test_devices_nearer_to_the_core_come_first() -> None:
    drawing = Drawing().add("NetworkDevice", "core", network_role="core")
    drawing.add("NetworkDevice", "near", "far")
    drawing.link("near", "LINKED_TO", "core").link("far", "LINKED_TO", "near")
    drawing.link("host", "LINKED_TO", "far")
    assert ids(restoration_order(drawing.fail("near", "far"))) == [
        [["near"]],
        [["far"]],
        [["host"]],
    ]


def test_a_gate_that_held_waits_for_nothing() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "web1", "web2", gate="web")
    order = restoration_order(drawing.fail("web1"))
    assert (ids(order), order.counts.at_risk) == ([[["web1"]]], 1)


def test_a_limit_cuts_the_last_waves() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db").link("db", "RUNS_ON", "host")
    order = restoration_order(drawing.fail("host"), limit=2)
    assert ids(order) == [[["host"]], [["db"]]]
    assert (order.counts.items, order.truncated) == (3, True)
    with pytest.raises(InvalidInput, match="The limit must be 0 or more"):
        restoration_order(drawing.fail("host"), limit=-1)
    assert restoration_order(drawing.fail()).waves == ()
