"""What was to blame before, on handfuls of incidents, and never by what was not known yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cmdb.incidents.precedents import Past, precedents

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def past(days: float, affected: str, cause: str, known: float | None = None) -> Past:
    opened = NOW - timedelta(days=days)
    return Past(
        opened, NOW - timedelta(days=days if known is None else known), (affected,), (cause,)
    )


def test_what_caused_it_most_and_lately_comes_first() -> None:
    history = [past(n, "shop", "db") for n in (3, 4, 5)] + [past(2, "shop", "web")]
    found = precedents(["shop"], NOW, history)
    assert [(row.item, row.times) for row in found] == [("db", 3), ("shop", 0), ("web", 1)]
    old = [past(400 + n, "shop", "db") for n in range(3)] + [past(n, "shop", "web") for n in (1, 2)]
    assert precedents(["shop"], NOW, old)[0].item == "web"


def test_other_items_incidents_only_say_what_mostly_breaks() -> None:
    history = [past(n, "wiki", "db") for n in range(1, 100)] + [past(2, "shop", "web")]
    assert [row.item for row in precedents(["shop"], NOW, history)] == ["shop", "web", "db"]
    assert precedents(["new"], NOW, history)[1].item == "db"


def test_without_history_the_affected_items_are_all_there_is() -> None:
    assert [row.item for row in precedents(["b", "a"], NOW, [])] == ["a", "b"]
    assert precedents([], NOW, []) == []


PASTS = st.lists(
    st.builds(
        past,
        st.integers(-50, 50),
        st.sampled_from("xy"),
        st.sampled_from("pqrs"),
        st.integers(-50, 50),
    ),
    max_size=12,
)


@given(PASTS)
def test_nothing_that_was_not_known_yet_counts(history: list[Past]) -> None:
    known = [p for p in history if p.opened < NOW and p.known < NOW]
    assert precedents(["x"], NOW, history) == precedents(["x"], NOW, known)
    assert sum(row.score for row in precedents(["x"], NOW, history, limit=99)) <= 1.001
