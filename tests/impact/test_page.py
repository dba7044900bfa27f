"""Pages: put together they are the whole, for every list of every answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput
from impact import answer
from impact.analysis import Analysis, analyse
from impact.causes import Alert, find_causes
from impact.collisions import find_collisions
from impact.compare import compare
from impact.cut_pairs import cut_pairs
from impact.dependencies import dependencies, dependents
from impact.dependencies_comparison import compare_dependencies
from impact.estate import Estate
from impact.estate_weak_points import estate_weak_points
from impact.page import Page
from impact.propagate import at_least
from impact.restoration import RestorationOrder, restoration_order
from impact.states import State
from impact.suspects import find_suspects
from impact.weak_points import compare_weak_points, weak_points
from tests.impact.answers import edits, planned_failures
from tests.impact.drawing import NOW, Drawing
from tests.impact.random_estates import random_estate


@given(
    st.lists(st.integers(), max_size=12),
    st.none() | st.integers(0, 14),
    st.integers(0, 14),
    st.integers(0, 12),
)
def test_a_page_has_its_rows_and_says_whether_they_are_all(
    rows: list[int], limit: int | None, offset: int, split: int
) -> None:
    page = Page(limit, offset)
    expected = rows[offset:] if limit is None else rows[offset : offset + limit]
    assert list(page.of(rows)) == expected
    assert page.cuts(len(rows)) == (len(expected) < len(rows))
    assert page.cuts(0, len(rows)) == page.cuts(len(rows))
    parts = page.of(rows[:split]) + page.of(rows[split:], first=len(rows[:split]))
    assert list(parts) == expected


@pytest.mark.parametrize(("limit", "offset"), [(-1, 0), (1, -1), (None, -5)])
def test_a_page_is_not_negative(limit: int | None, offset: int) -> None:
    with pytest.raises(InvalidInput, match="must be 0 or more, not -"):
        Page(limit, offset)


Asked = Callable[[int | None, int], Any]


def pools(random: Random) -> Estate:
    """A shop on pools of two, whose members share hosts."""
    drawing = Drawing()
    for pool in "abcd":
        for member in (f"{pool}1", f"{pool}2"):
            drawing.link("shop", "DEPENDS_ON", member, gate=pool)
            drawing.link(member, "RUNS_ON", f"host{random.randint(1, 3)}")
    return drawing.estate()


def questions(random: Random, estate: Estate) -> dict[str, tuple[Asked, Sequence[str]]]:
    """Every answer with lists, as a function of limit and offset, and the names of its lists."""
    ids = [item.id for item in estate.items]
    one, other = random.choice(ids), random_estate(random, 12).build()
    pooled = pools(random)
    analysis = analyse(estate, random.sample(ids, min(2, len(ids))))
    down = {estate.items[at].id for at in at_least(analysis.states, State.DEGRADED)}
    alerts = [Alert(item) for item in sorted(down)]
    failed = {one: State.DOWN}
    return {
        "impact": (
            lambda limit, offset: answer(analysis, limit=limit, offset=offset),
            ("affected", "gates_held", "services", "owners", "weak_evidence"),
        ),
        "weak points": (
            lambda limit, offset: weak_points(estate, one, limit=limit, offset=offset),
            ("weak_points",),
        ),
        "false redundancies": (
            lambda limit, offset: weak_points(pooled, "shop", limit=limit, offset=offset),
            ("false_redundancies",),
        ),
        "pairs": (
            lambda limit, offset: cut_pairs(pooled, "shop", limit=limit, offset=offset),
            ("pairs",),
        ),
        "ranking": (
            lambda limit, offset: estate_weak_points(estate, limit=limit, offset=offset),
            ("by_services_down", "by_saved_per_redundancy"),
        ),
        "causes": (
            lambda limit, offset: find_causes(estate, alerts, limit=limit, offset=offset),
            ("causes",),
        ),
        "suspects": (
            lambda limit, offset: find_suspects(
                estate,
                [one],
                edits(Random(1), ids),
                since=NOW - timedelta(days=2),
                until=NOW,
                limit=limit,
                offset=offset,
            ),
            ("suspects",),
        ),
        "collisions": (
            lambda limit, offset: find_collisions(
                estate, planned_failures(Random(2), ids), limit=limit, offset=offset
            ),
            ("collisions",),
        ),
        "dependencies": (
            lambda limit, offset: dependencies(estate, one, limit=limit, offset=offset),
            ("items",),
        ),
        "dependents": (
            lambda limit, offset: dependents(estate, one, limit=limit, offset=offset),
            ("items",),
        ),
        "impact compared": (
            lambda limit, offset: compare(estate, other, failed, limit=limit, offset=offset),
            ("changes",),
        ),
        "dependencies compared": (
            lambda limit, offset: compare_dependencies(
                estate, other, one, limit=limit, offset=offset
            ),
            ("new", "gone", "changed"),
        ),
        "weak points compared": (
            lambda limit, offset: compare_weak_points(
                estate, other, one, limit=limit, offset=offset
            ),
            ("new", "gone"),
        ),
    }


LISTS = sorted(questions(Random(0), Drawing().link("a", "RUNS_ON", "b").estate()))


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_an_answer_put_together_are_the_whole(name: str) -> None:
    longest = 0
    for seed in range(25):
        random = Random(seed)
        estate = random_estate(random, 12).build()
        if not estate.items:
            continue
        ask, lists = questions(random, estate)[name]
        whole = ask(None, 0)
        size = random.randint(1, 3)
        most = max(len(getattr(whole, rows)) for rows in lists)
        longest = max(longest, most)
        pages = [ask(size, offset) for offset in range(0, most + 1, size)]
        for rows in lists:
            together = [row for page in pages for row in getattr(page, rows)]
            expected = list(getattr(whole, rows))
            if name == "false redundancies":  # what is shared of each is cut to the limit
                together = [(row.id, row.gate) for row in together]
                expected = [(row.id, row.gate) for row in expected]
            assert together == expected, seed
        is_cut = [page.truncated for page in pages]
        if not whole.truncated and name not in {"impact", "false redundancies", "weak points"}:
            assert all(is_cut) == (most > size) or most == 0, seed
    assert longest > 2


def listed(order: RestorationOrder) -> list[tuple[int, str]]:
    return [(w.number, item.id) for w in order.waves for g in w.groups for item in g.items]


def test_pages_of_a_restoration_order_count_items() -> None:
    together = 0
    for seed in range(60):
        random = Random(seed)
        estate = random_estate(random, 14).build()
        if not estate.items:
            continue
        ids = [item.id for item in estate.items]
        analysis: Analysis = analyse(estate, random.sample(ids, min(3, len(ids))))
        whole = restoration_order(analysis, limit=None)
        size = random.randint(1, 3)
        pages = [
            restoration_order(analysis, limit=size, offset=offset)
            for offset in range(0, whole.counts.items, size)
        ]
        assert [row for page in pages for row in listed(page)] == listed(whole), seed
        assert all(len(listed(page)) <= size for page in pages)
        assert all(page.counts == whole.counts for page in pages)
        sizes = {g.total for page in pages for w in page.waves for g in w.groups}
        assert sizes == {len(g.items) for w in whole.waves for g in w.groups}
        together += whole.counts.groups_together
    assert together > 2
