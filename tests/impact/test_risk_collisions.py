"""What a failure collides with is what the collisions of all say."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput
from impact import collisions as compared
from impact.analysis import Analysis, analyse
from impact.collisions import PlannedFailure, find_collisions
from impact.estate import Estate
from impact.risk_collisions import colliding
from impact.states import State
from impact.window import Window
from tests.impact.drawing import NOW, Drawing
from tests.impact.random_estates import random_estate

NIGHT = Window(NOW, NOW + timedelta(hours=2))


def plan(name: str, *items: str, start: float = 0) -> PlannedFailure:
    begins = NOW + timedelta(hours=start)
    return PlannedFailure(name, items, Window(begins, begins + timedelta(hours=2)))


def pair() -> Estate:
    return (
        Drawing()
        .add("ServiceInstance", "shop")
        .link("shop", "RUNS_ON", "web1", "web2", gate="web")
        .link("shop", "DEPENDS_ON", "db")
        .estate()
    )


def failing(estate: Estate, *items: str) -> Analysis:
    return analyse(estate, dict.fromkeys(items, State.DOWN))


@given(st.integers(0, 2**32))
def test_they_are_those_of_all_planned_failures(seed: int) -> None:
    random = Random(seed)
    estate = random_estate(random).build()
    ids = [item.id for item in estate.items]
    if not ids:
        return
    own, *others = (
        plan(
            f"p{number}",
            *random.sample(ids, random.randint(1, min(2, len(ids)))),
            start=random.choice((0, 0, 1, 3)) if number else 0,
        )
        for number in range(random.randint(1, 5))
    )
    rows = colliding(failing(estate, *own.items), NIGHT, others)
    found = find_collisions(estate, [own, *others], limit=None).collisions
    with_own = [{*c.planned} - {"p0"} for c in found if "p0" in c.planned]
    assert len({row.id for row in rows}) == len(rows)
    assert {row.id for row in rows} == set[str]().union(*with_own)


def test_every_row_says_what_they_do_together() -> None:
    def said(failed: str, *others: PlannedFailure) -> list[str]:
        return [row.text for row in colliding(failing(pair(), failed), NIGHT, others)]

    assert said("web1", plan("a", "web2")) == ["Together with a, ServiceInstance shop is down."]
    assert said("web1", plan("a", "web1")) == ["a works on Server web1 as well."]
    assert said("db", plan("a", "shop")) == [
        "a works on ServiceInstance shop, which is down by this failure."
    ]
    assert said("shop", plan("a", "db")) == ["a makes ServiceInstance shop down, which is to fail."]
    assert said("web1", plan("a", "db")) == []
    assert said("web1", plan("a", "web2", start=2)) == []


def test_a_collision_of_three_names_both_others() -> None:
    estate = (
        Drawing()
        .add("ServiceInstance", "shop")
        .link("shop", "RUNS_ON", "web1", "web2", "web3", gate="web")
        .estate()
    )
    rows = colliding(failing(estate, "web1"), NIGHT, [plan("a", "web2"), plan("b", "web3")])
    text = "Together with a and b, ServiceInstance shop is down."
    assert [(row.id, row.text) for row in rows] == [("a", text), ("b", text)]


def test_what_can_t_be_compared_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = failing(pair(), "web1")
    with pytest.raises(InvalidInput, match="must have a name"):
        colliding(analysis, NIGHT, [plan(" ", "web2")])
    with pytest.raises(InvalidInput, match="can't be compared"):
        colliding(analysis, NIGHT, [plan("a", "web2"), plan("a", "db")])
    monkeypatch.setattr(compared, "MOST_TESTS", 0)
    with pytest.raises(InvalidInput, match="too many combinations"):
        colliding(analysis, NIGHT, [plan("a", "web2")])
