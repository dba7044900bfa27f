"""Collisions: exactly those that letting every combination fail shows."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput, UnknownItem
from impact import collisions
from impact.collision_answer import Collision, Collisions
from impact.collisions import PlannedFailure, find_collisions
from impact.estate import Estate
from impact.states import State
from impact.window import Window
from tests.impact.drawing import NOW, Drawing
from tests.impact.oracle import UP, BruteForce
from tests.impact.random_estates import RandomEstate, random_estate

HOUR = timedelta(hours=1)


def plan(
    name: str, *items: str, start: float = 0, hours: float = 2, state: State = State.DOWN
) -> PlannedFailure:
    first = NOW + start * HOUR
    return PlannedFailure(name, items, Window(first, first + hours * HOUR), state)


def pair() -> Estate:
    """A service on two servers of which one will do."""
    return (
        Drawing()
        .add("ServiceInstance", "shop")
        .link("shop", "RUNS_ON", "web1", "web2", gate="web", min_up=1)
        .estate()
    )


def only(found: Collisions) -> Collision:
    (collision,) = found.collisions
    return collision


def test_two_halves_of_a_redundancy_collide() -> None:
    found = find_collisions(pair(), [plan("a", "web1"), plan("b", "web2", start=1)])
    collision = only(found)
    assert collision.planned == ("a", "b")
    assert (collision.start, collision.end) == (NOW + HOUR, NOW + 2 * HOUR)
    assert [(w.id, w.apart, w.together) for w in collision.worse] == [("shop", "at_risk", "down")]
    assert (collision.worse_total, collision.services) == (1, 1)
    assert (collision.shared, collision.inside) == ((), ())
    assert (found.planned, found.total, found.truncated, found.incomplete) == (2, 1, False, False)


def test_what_only_touches_in_time_does_not_collide() -> None:
    assert find_collisions(pair(), [plan("a", "web1"), plan("b", "web2", start=2)]).total == 0


def test_shared_items_and_items_in_the_other_s_radius_collide() -> None:
    found = find_collisions(pair(), [plan("a", "web1"), plan("b", "web1", "shop")])
    collision = only(found)
    assert [i.id for i in collision.shared] == ["web1"]
    (inside,) = collision.inside
    assert (inside.id, inside.planned_by, inside.hit_by) == ("shop", "b", "a")
    assert inside.state == "at_risk"
    assert collision.worse == ()


def test_three_that_do_what_no_two_of_them_do() -> None:
    three = Drawing().link("shop", "RUNS_ON", "a", "b", "c", gate="web", min_up=1).estate()
    plans = [plan(name, name) for name in "abc"]
    found = find_collisions(three, plans)
    assert only(found).planned == ("a", "b", "c")
    assert [(w.apart, w.together) for w in only(found).worse] == [("at_risk", "down")]
    assert find_collisions(three, plans, triples=False).total == 0
    late = [*plans[:2], plan("c", "c", start=1.5, hours=1)]
    assert only(find_collisions(three, late)).start == NOW + 1.5 * HOUR
    chain = [plan("a", "a"), plan("b", "b", start=1), plan("c", "c", start=2)]
    assert find_collisions(three, chain).total == 0


def test_two_ways_out_of_a_network_collide() -> None:
    network = (
        Drawing()
        .add("NetworkDevice", "core", network_role="core")
        .add("NetworkDevice", "left", "right")
        .link("left", "LINKED_TO", "core")
        .link("right", "LINKED_TO", "core")
        .link("host", "LINKED_TO", "left", "right")
        .estate()
    )
    found = find_collisions(network, [plan("a", "left"), plan("b", "right")])
    assert [(w.id, w.apart, w.together) for w in only(found).worse] == [("host", "at_risk", "down")]


@given(st.integers(0, 2**32))
def test_all_pairs_and_triples_are_those_of_brute_force(seed: int) -> None:
    random = Random(seed)
    drawn = random_estate(random)
    estate = drawn.build()
    ids = [item.id for item in estate.items]
    if not ids:
        return
    plans = [
        plan(
            f"p{number}",
            *random.sample(ids, random.randint(1, min(2, len(ids)))),
            start=random.choice((0, 0, 0, 1, 2, 3)),
            state=random.choice((State.DOWN, State.DOWN, State.DEGRADED)),
        )
        for number in range(random.randint(2, 5))
    ]
    found = find_collisions(estate, plans, limit=None)
    rows = {
        c.planned: (
            {w.id: (State[w.apart.upper()], State[w.together.upper()]) for w in c.worse},
            {i.id for i in c.shared},
            {(i.id, i.planned_by) for i in c.inside},
        )
        for c in found.collisions
    }
    assert rows == by_brute_force(drawn, plans)
    assert not found.incomplete
    shuffled = random.sample(plans, len(plans))
    assert find_collisions(estate, shuffled, limit=None) == found


Row = tuple[dict[str, tuple[int, int]], set[str], set[tuple[str, str]]]


def by_brute_force(drawn: RandomEstate, plans: list[PlannedFailure]) -> dict[tuple[str, ...], Row]:
    force = BruteForce(drawn.items, drawn.links, drawn.include_planned)

    def states(some: tuple[PlannedFailure, ...]) -> dict[str, int]:
        failed: dict[str, int] = {}
        for one in some:
            for item in one.items:
                failed[item] = max(one.state, failed.get(item, 0))
        return force.states(failed)

    rows: dict[tuple[str, ...], Row] = {}
    for size in (2, 3):
        for some in combinations(plans, size):
            if max(p.window.start for p in some) >= min(p.window.end for p in some):
                continue
            fewer = [states(part) for k in range(1, size) for part in combinations(some, k)]
            apart = {item: max(f[item] for f in fewer) for item in force.items}
            together = states(some)
            worse = {
                item: (apart[item], state)
                for item, state in together.items()
                if state > apart[item]
            }
            shared: set[str] = set()
            inside: set[tuple[str, str]] = set()
            if size == 2:
                shared = {*some[0].items} & {*some[1].items}
                for one, other in (some, some[::-1]):
                    reached = states((other,))
                    mine = {*one.items} - {*other.items}
                    inside |= {(item, one.name) for item in mine if reached[item] > UP}
            if worse or shared or inside:
                rows[tuple(p.name for p in some)] = (worse, shared, inside)
    return rows


def test_the_gravest_comes_first_and_a_cut_list_is_said() -> None:
    estate = (
        Drawing()
        .add("ServiceInstance", "shop")
        .link("shop", "RUNS_ON", "web1", "web2", gate="web", min_up=1)
        .link("batch", "RUNS_ON", "job1", "job2", gate="jobs", min_up=1, soft=True)
        .estate()
    )
    plans = [plan(name, name) for name in ("job1", "job2", "web1", "web2")]
    found = find_collisions(estate, plans)
    assert [c.planned for c in found.collisions] == [("web1", "web2"), ("job1", "job2")]
    cut = find_collisions(estate, plans, limit=1)
    assert (cut.collisions, cut.total, cut.truncated) == (found.collisions[:1], 2, True)


def test_combinations_that_were_not_tested_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collisions, "MOST_TESTS", 0)
    found = find_collisions(pair(), [plan("a", "web1"), plan("b", "web2")])
    assert (found.total, found.incomplete) == (0, True)


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        ([plan("a", "web1"), plan("a", "web2")], "two planned failures have this name"),
        ([plan("a")], "names no item"),
        ([plan("a", "web1", hours=0)], "does not end after it starts"),
        ([plan("a", "web1", hours=-1)], "does not end after it starts"),
        ([plan("a", "web1", state=State.AT_RISK)], "down or degraded"),
    ],
)
def test_plans_that_can_t_be_are_refused(plans: list[PlannedFailure], said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        find_collisions(pair(), plans)
    assert said in str(caught.value.problems[0])


def test_unknown_items_and_limits_are_refused_and_no_plans_are_no_collisions() -> None:
    with pytest.raises(UnknownItem):
        find_collisions(pair(), [plan("a", "nobody")])
    with pytest.raises(InvalidInput, match="limit"):
        find_collisions(pair(), [], limit=-1)
    assert find_collisions(pair(), []).total == 0


def test_too_much_to_compare_is_said_with_the_widest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collisions, "MOST_REACHED", 3)
    plans = [plan("a", "web1"), plan("b", "web2"), plan("c", "web1", "web2")]
    with pytest.raises(
        InvalidInput, match=r"The first 2 of 3 .* leave out the widest, such as 'a'"
    ):
        find_collisions(pair(), plans)
