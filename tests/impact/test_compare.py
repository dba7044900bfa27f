"""The same failure on two estates."""

from __future__ import annotations

from random import Random

import pytest

from cmdb.errors import InvalidInput, UnknownItem
from cmdb.items import ItemStatus
from impact.answer import Counts, OtherState
from impact.compare import compare
from impact.states import State
from tests.impact.drawing import Drawing
from tests.impact.oracle import BruteForce
from tests.impact.random_estates import RandomEstate, random_estate

STATES = ("up", "at_risk", "degraded", "down")


def test_it_lists_whose_state_differs_the_largest_step_first() -> None:
    before = Drawing().link("shop", "DEPENDS_ON", "a", "b", gate="g").link("log", "USES", "a")
    after = Drawing().link("shop", "DEPENDS_ON", "a").link("log", "DEPENDS_ON", "a", soft=True)
    found = compare(
        before.estate(revision=3), after.estate(revision=9), {"a": State.DOWN, "b": State.UP}
    )
    assert found.changes == (
        OtherState("log", "Server", "log", "up", "degraded"),
        OtherState("shop", "Server", "shop", "at_risk", "down"),
    )
    assert (found.worse, found.better, found.appeared, found.gone) == (2, 0, 0, 0)
    assert (found.before.revision, found.after.revision, found.revision) == (3, 9, 9)
    assert (found.before.counts, found.after.counts) == (Counts(1, 0, 1), Counts(2, 1, 0))


def test_an_item_that_is_not_there_does_not_fail_there() -> None:
    before = Drawing().link("shop", "DEPENDS_ON", "a")
    after = Drawing().link("shop", "DEPENDS_ON", "b").add("Server", "a", status=ItemStatus.RETIRED)
    found = compare(before.estate(), after.estate(), {"a": State.DOWN, "b": State.DOWN})
    assert (found.before.failed, found.after.failed) == (("a",), ("b",))
    assert {(c.id, c.before, c.after) for c in found.changes} == {
        ("a", "down", None),
        ("b", None, "down"),
    }
    assert (found.appeared, found.gone) == (1, 1)


def test_what_is_there_at_neither_is_unknown_and_a_limit_is_not_negative() -> None:
    estate = Drawing().add("Server", "a").estate()
    with pytest.raises(UnknownItem):
        compare(estate, estate, {"x": State.DOWN})
    with pytest.raises(InvalidInput, match="0 or more"):
        compare(estate, estate, {"a": State.DOWN}, limit=-1)


def test_the_list_is_cut_openly() -> None:
    before, after = Drawing().add("Server", "a"), Drawing()
    for number in range(9):
        before.add("Server", f"s{number}")
        after.link(f"s{number}", "DEPENDS_ON", "a")
    found = compare(before.estate(), after.estate(), {"a": State.DOWN}, limit=2)
    assert (len(found.changes), found.worse, found.truncated) == (2, 9, True)


@pytest.mark.parametrize("seed", range(200))
def test_it_is_the_difference_of_two_brute_forces(seed: int) -> None:
    random = Random(seed)
    first = random_estate(random)
    links = [link for link in first.links if random.random() < 0.6]
    items = [item for item in first.items if random.random() < 0.9]
    second = RandomEstate(items, links, first.include_planned)
    before, after = first.build(), second.build()
    failed = [item.id for item in before.items if random.random() < 0.3]
    found = compare(before, after, dict.fromkeys(failed, State.DOWN))
    sides = []
    for drawn in (first, second):
        oracle = BruteForce(drawn.items, drawn.links, drawn.include_planned)
        sides.append(oracle.states({i: 3 for i in failed if i in oracle.items}))
    expected = {}
    for item in sides[0].keys() | sides[1].keys():
        was, now = (None if item not in s else STATES[s[item]] for s in sides)
        if was != now and {was, now} != {None, "up"}:
            expected[item] = was, now
    assert {c.id: (c.before, c.after) for c in found.changes} == expected
