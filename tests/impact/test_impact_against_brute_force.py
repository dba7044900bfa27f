from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impact.analysis import analyse
from impact.states import State
from tests.impact.oracle import BruteForce
from tests.impact.random_estates import COMPARED, random_estate, random_failure


def assert_same(random: Random, largest: int = 8) -> set[State]:
    """Every state agrees with brute force; which states came up."""
    drawn = random_estate(random, largest)
    estate = drawn.build()
    oracle = BruteForce(drawn.items, drawn.links, drawn.include_planned)
    assert {item.id for item in estate.items} == set(oracle.items)
    failure = random_failure(random, estate)
    analysis = analyse(estate, failure)
    ours = {item.id: int(analysis.state(at)) for at, item in enumerate(estate.items)}
    assert ours == oracle.states({item: int(state) for item, state in failure.items()})
    return set(analysis.states.values())


@given(st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_the_states_are_those_of_brute_force(random: Random) -> None:
    assert_same(random)


@pytest.mark.parametrize("seed", range(20))
def test_the_states_are_those_of_brute_force_on_seeded_estates(seed: int) -> None:
    random = Random(seed)
    met: set[State] = set()
    for _ in range(7 * COMPARED // 20):
        met |= assert_same(random, largest=7 + seed % 4)
    assert met == {State.AT_RISK, State.DEGRADED, State.DOWN}
