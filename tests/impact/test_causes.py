"""Causes: whoever failed is found by what it did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput, UnknownItem
from impact.cause_answer import Cause, CauseEvidence, CauseFactorName, Causes
from impact.causes import Alert, find_causes
from impact.edits import Edit
from impact.estate import Estate
from impact.states import State
from tests.impact.drawing import NOW, Drawing
from tests.impact.oracle import DEGRADED, DOWN, BruteForce
from tests.impact.random_estates import random_estate


def alerts(*names: str) -> list[Alert]:
    return [Alert(name) for name in names]


def blamed(causes: Causes) -> list[list[str]]:
    return [[item.id for item in cause.items] for cause in causes.causes]


def evidence(cause: Cause, factor: CauseFactorName) -> CauseEvidence:
    (found,) = (e for e in cause.evidence if e.factor == factor)
    return found


def everything(_: str) -> bool:
    return True


def shop() -> Estate:
    """Two services, each on a machine of its own, both on a hypervisor; one also uses a database
    with a standby."""
    return (
        Drawing()
        .link("shop", "RUNS_ON", "vm1")
        .link("till", "RUNS_ON", "vm2")
        .link("vm1", "HOSTED_ON", "hv")
        .link("vm2", "HOSTED_ON", "hv")
        .link("shop", "DEPENDS_ON", "db1")
        .link("db1", "FAILS_OVER_TO", "db2")
        .estate()
    )


@given(st.integers(0, 2**32), st.booleans())
def test_a_single_failure_or_one_with_the_same_symptoms_comes_first(seed: int, known: bool) -> None:
    """All that a failed item takes along alerts: it, or another that takes along exactly the same,
    is the first cause, whether or not it is known who is monitored."""
    random = Random(seed)
    drawn = random_estate(random)
    estate = drawn.build()
    if not estate.items:
        return
    force = BruteForce(drawn.items, drawn.links, drawn.include_planned)
    root, state = random.choice(estate.items).id, random.choice((DOWN, DEGRADED))

    def symptoms(items: Iterable[str], as_state: int) -> set[str]:
        states = force.states(dict.fromkeys(items, as_state))
        return {item for item, found in states.items() if found >= DEGRADED}

    alerting = symptoms([root], state)
    found = find_causes(
        estate, alerts(*sorted(alerting)), monitored=lambda _: known, most_tried=100
    )
    first = found.causes[0]
    assert len(first.items) == 1
    assert symptoms([first.items[0].id], State[first.state.upper()]) == alerting
    assert set(first.explains) == alerting
    assert (first.unexplained, first.predicted_but_quiet, found.unexplained) == ((), (), ())
    for cause in found.causes:
        ids = [item.id for item in cause.items]
        states = force.states(dict.fromkeys(ids, State[cause.state.upper()]))
        broken = {item for item, as_state in states.items() if as_state >= DEGRADED}
        assert set(cause.explains) == {item for item in alerting if states[item]}
        assert set(cause.explains) | set(cause.unexplained) == alerting
        assert cause.quiet == len(broken - alerting)
        assert set(cause.predicted_but_quiet) == broken - alerting


def test_what_all_alerts_share_is_the_cause_and_they_are_its_consequences() -> None:
    found = find_causes(shop(), alerts("shop", "till", "vm1", "vm2", "hv"))
    assert blamed(found)[0] == ["hv"]
    first = found.causes[0]
    assert found.confident
    assert first.explains == ("hv", "shop", "till", "vm1", "vm2")
    assert (evidence(first, "coverage").value, evidence(first, "precision").value) == (1, 1)
    assert (found.revision, found.as_of, found.unexplained) == (7, NOW, ())


def test_an_unmonitored_cause_may_be_quiet_and_a_monitored_one_may_not() -> None:
    quiet_host = alerts("shop", "till", "vm1", "vm2")
    assert blamed(find_causes(shop(), quiet_host))[0] == ["hv"]
    watched = find_causes(shop(), quiet_host, monitored={"hv"}.__contains__)
    (hv,) = (c for c in watched.causes if [i.id for i in c.items] == ["hv"])
    assert hv.predicted_but_quiet == ("hv",)
    assert evidence(hv, "precision").value == 0.8
    few = find_causes(shop(), alerts("shop", "vm1"), monitored=everything)
    assert blamed(few)[0] == ["vm1"]
    assert few.confident


def test_two_failures_at_once_are_found_and_each_explains_something() -> None:
    two = (
        Drawing()
        .link("a", "DEPENDS_ON", "x")
        .link("b", "DEPENDS_ON", "x")
        .link("c", "DEPENDS_ON", "y")
        .link("d", "DEPENDS_ON", "y")
        .estate()
    )
    found = find_causes(two, alerts("a", "b", "x", "c", "d", "y"), monitored=everything)
    assert blamed(found)[0] == ["x", "y"]
    assert found.causes[0].unexplained == ()
    assert found.confident


def test_redundancy_that_is_lost_takes_a_set() -> None:
    pair = Drawing().link("shop", "RUNS_ON", "web1", "web2", gate="web", min_up=1).estate()
    found = find_causes(pair, alerts("shop", "web1", "web2"), monitored=everything)
    assert blamed(found)[0] == ["web1", "web2"]
    assert found.causes[0].quiet == 0


def test_a_recent_edit_decides_between_two_that_explain_alike() -> None:
    twins = Drawing().link("app", "DEPENDS_ON", "left").link("app", "DEPENDS_ON", "right").estate()
    assert blamed(find_causes(twins, alerts("app")))[0] == ["app"]

    def edited(item: str, time: datetime) -> Edit:
        return Edit((item,), time, "updated", "memory changed", 6, "ops")

    for item in ("left", "right"):
        found = find_causes(
            twins, [Alert("app", NOW)], edits=[edited(item, NOW - timedelta(hours=1))]
        )
        ranked = [b for b in blamed(found) if b in (["left"], ["right"])]
        assert ranked[0] == [item]
        cause = next(c for c in found.causes if c.items[0].id == item)
        assert "memory changed" in evidence(cause, "recency").sentence
        assert "by ops (revision 6)" in evidence(cause, "recency").sentence
    later = find_causes(twins, [Alert("app", NOW)], edits=[edited("right", NOW + timedelta(1))])
    assert next(b for b in blamed(later) if b != ["app"]) == ["left"]
    assert all(evidence(c, "recency").value == 0 for c in later.causes)


def test_two_with_the_same_symptoms_are_no_confident_cause() -> None:
    ring = Drawing().link("a", "DEPENDS_ON", "b").link("b", "DEPENDS_ON", "a").estate()
    found = find_causes(ring, alerts("a", "b"))
    assert blamed(found) == [["a"], ["b"]]
    assert not found.confident
    edit = Edit(("b",), NOW, "updated", "memory changed", 6, "ops")
    told = find_causes(ring, [Alert("a", NOW), Alert("b", NOW)], edits=[edit])
    assert blamed(told) == [["b"], ["a"]]
    assert told.confident


def test_an_edit_above_a_candidate_raises_it_by_half() -> None:
    chain = Drawing().link("app", "DEPENDS_ON", "db").link("db", "RUNS_ON", "host").estate()
    edit = Edit(("host",), NOW, "updated", "kernel changed", 6, "ops")
    found = find_causes(chain, [Alert("app", NOW), Alert("db", NOW)], edits=[edit])
    values = {c.items[0].id: evidence(c, "recency").value for c in found.causes}
    assert values["host"] > values["db"] > values["app"] == 0


def test_what_was_the_cause_before_is_likelier_now() -> None:
    twins = Drawing().link("app", "DEPENDS_ON", "left").link("app", "DEPENDS_ON", "right").estate()
    found = find_causes(twins, alerts("app"), prior={"right": 3, "left": 0, "app": 0}.__getitem__)
    assert next(b for b in blamed(found) if b != ["app"]) == ["right"]
    cause = next(c for c in found.causes if c.items[0].id == "right")
    assert evidence(cause, "prior").value == 0.6
    assert evidence(cause, "prior").sentence == "It is known to have been the cause 3 times before."


def test_a_cause_does_not_begin_after_its_consequences() -> None:
    pair = Drawing().link("app", "DEPENDS_ON", "db").estate()
    early, late = NOW - timedelta(hours=2), NOW
    right = find_causes(pair, [Alert("db", early), Alert("app", late)])
    wrong = find_causes(pair, [Alert("db", late), Alert("app", early)])
    scores = [
        next(c.score for c in found.causes if [i.id for i in c.items] == ["db"])
        for found in (right, wrong)
    ]
    assert scores[0] > scores[1]
    assert evidence(right.causes[0], "timing").value == 1


def test_strong_alerts_count_more_than_weak_ones() -> None:
    two = Drawing().link("a", "DEPENDS_ON", "x").link("b", "DEPENDS_ON", "y").estate()
    found = find_causes(two, [Alert("a", strength=1.0), Alert("b", strength=0.1)])
    assert blamed(found)[0] == ["a"]
    assert evidence(found.causes[0], "coverage").value == 0.909
    assert found.confident


def test_nothing_that_explains_enough_is_no_confident_cause() -> None:
    apart = Drawing().add("Server", *"abcdefgh").estate()
    found = find_causes(apart, alerts(*"abcdefgh"), monitored=everything)
    assert not found.confident
    assert len(found.causes[0].items) == 3
    assert found.truncated
    one = find_causes(apart, alerts(*"abcdefgh"), limit=1)
    assert len(one.unexplained) == 5


def test_the_bound_on_candidates_is_said() -> None:
    estate = shop()
    found = find_causes(estate, alerts("shop", "till"), most_tried=2, limit=None)
    assert (found.tried, found.truncated) == (2, True)
    assert found.candidates == 7
    whole = find_causes(estate, alerts("shop", "till"), limit=None)
    assert (whole.tried, whole.truncated) == (7, False)


def test_the_same_question_has_the_same_answer_whatever_its_order() -> None:
    estate = shop()
    names = ["shop", "till", "vm1", "vm2", "db1"]
    assert find_causes(estate, alerts(*names)) == find_causes(estate, alerts(*names[::-1], "shop"))


@pytest.mark.parametrize(
    ("given_alerts", "error", "said"),
    [
        ([], InvalidInput, "at least one item"),
        ([Alert("shop", strength=0.0)], InvalidInput, "strength"),
        ([Alert("shop", strength=1.5)], InvalidInput, "strength"),
        ([Alert("shop", strength=float("nan"))], InvalidInput, "strength"),
        ([Alert("nobody")], UnknownItem, "nobody"),
    ],
)
def test_wrong_alerts_are_refused(
    given_alerts: list[Alert], error: type[InvalidInput], said: str
) -> None:
    with pytest.raises(error, match=said):
        find_causes(shop(), given_alerts)
    with pytest.raises(InvalidInput, match="limit"):
        find_causes(shop(), alerts("shop"), limit=-1)
