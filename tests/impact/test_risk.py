"""Risk: factors that add up, each for a reason that can be taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput
from impact.risk import (
    FACTORS,
    ItemHistory,
    Risk,
    RiskEvidence,
    RiskFactor,
    RiskFactorName,
    assess_risk,
    scaled_weights,
)
from impact.states import State
from impact.window import Window, business_hours, window
from tests.impact.drawing import NOW, Drawing


def shop(criticality: str = "critical") -> Drawing:
    """A service on two servers of which one will do, and a database it can't do without."""
    return (
        Drawing()
        .add("ServiceInstance", "shop", criticality=criticality)
        .link("shop", "RUNS_ON", "web1", "web2", gate="web", min_up=1)
        .link("shop", "DEPENDS_ON", "db")
    )


def factor(risk: Risk, name: RiskFactorName) -> RiskFactor:
    (found,) = (f for f in risk.factors if f.factor == name)
    return found


def test_the_factors_add_up_and_every_weight_is_there() -> None:
    risk = assess_risk(shop().fail("db"))
    assert [f.factor for f in risk.factors] == list(FACTORS)
    assert sum(f.weight for f in risk.factors) == 100
    assert risk.total == round(sum(f.points for f in risk.factors), 1)
    assert (risk.items, risk.state, risk.affected, risk.revision) == (("db",), "down", 2, 7)


def test_what_is_needed_is_riskier_than_what_is_redundant() -> None:
    needed, redundant = assess_risk(shop().fail("db")), assess_risk(shop().fail("web1"))
    assert needed.total > redundant.total
    assert factor(needed, "services").value == 0.8
    assert factor(redundant, "services").value == pytest.approx(0.8 * 0.2)
    assert factor(needed, "weak_points").evidence[0].id == "shop"
    assert factor(needed, "weak_points").value == 0.5
    assert factor(redundant, "weak_points").value == 0
    assert factor(redundant, "redundancy").value == 0.25
    assert factor(redundant, "redundancy").evidence[0].text == (
        "ServiceInstance shop, web: 1 of 2 left, all needed"
    )
    assert factor(needed, "redundancy").value == 0


def test_two_that_fail_together_are_no_weak_points_unless_each_is_one_alone() -> None:
    both = factor(assess_risk(shop().fail("web1", "web2")), "weak_points")
    assert (both.value, both.evidence_total) == (0, 0)
    one = factor(assess_risk(shop().fail("web1", "db")), "weak_points")
    assert one.sentence == "1 failing item takes 1 service down alone."


def test_a_service_counts_by_its_criticality_and_a_failure_by_its_state() -> None:
    values = [
        factor(assess_risk(shop(c).fail("db")), "services").value
        for c in ("low", "medium", "high", "critical")
    ]
    assert values == sorted(set(values))
    degraded = assess_risk(shop().fail("db", state=State.DEGRADED))
    assert factor(degraded, "services").value == 0.4
    assert degraded.state == "degraded"


def test_weak_evidence_raises_the_risk_by_its_share() -> None:
    sure = shop().link("shop", "DEPENDS_ON", "cache")
    doubted = shop().link("shop", "DEPENDS_ON", "cache", confidence=0.2)
    assert factor(assess_risk(sure.fail("cache")), "data_quality").value == 0
    weak = factor(assess_risk(doubted.fail("cache")), "data_quality")
    assert weak.sentence == (
        "1 of the 3 items and links that the answer rests on are weak evidence."
    )
    assert weak.value == 0.333


def test_history_and_collisions_count_where_they_are_known() -> None:
    analysis = shop().fail("db")
    unknown = assess_risk(analysis)
    assert "not known" in factor(unknown, "history").sentence
    assert "not compared" in factor(unknown, "collisions").sentence
    known = assess_risk(
        analysis,
        history=[ItemHistory("db", 2, ("inc1",))],
        collisions=[RiskEvidence("patch", "Together with patch, shop goes down.")],
    )
    assert factor(known, "history").value == pytest.approx(1 - 0.7 * 0.95**2, abs=0.001)
    assert factor(known, "collisions").value == 0.5
    none = assess_risk(analysis, history=[ItemHistory("db", 0)], collisions=[])
    assert none.total == unknown.total


def test_business_hours_in_the_window_raise_it() -> None:
    analysis = shop().fail("db")
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    night = assess_risk(analysis, window=window(monday, monday + timedelta(hours=6)))
    day = assess_risk(analysis, window=window(monday, monday + timedelta(hours=12)))
    assert factor(night, "window").value == 0
    assert factor(day, "window").value == 0.5
    assert factor(day, "window").sentence == (
        "4 of its 12 hours are business hours (mon-fri 08:00-18:00 UTC)."
    )
    assert (day.start, day.end) == (monday, monday + timedelta(hours=12))


def test_weights_are_scaled_and_a_factor_can_be_switched_off() -> None:
    only: dict[str, float] = {str(name): 0.0 for name in FACTORS} | {"services": 3.0}
    risk = assess_risk(shop().fail("db"), weights=only)
    assert (risk.total, factor(risk, "services").weight) == (80.0, 100.0)
    assert factor(risk, "weak_points").points == 0


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"service": 1.0}, "There is no risk factor 'service'"),
        ({"services": -1.0}, "must be 0 or more"),
        ({"services": float("nan")}, "must be 0 or more"),
        (dict.fromkeys(FACTORS, 0.0), "At least one"),
    ],
)
def test_wrong_weights_are_refused(weights: dict[str, float], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        scaled_weights(weights)


@given(
    st.integers(0, 60 * 24 * 20),
    st.integers(1, 60 * 24 * 30),
    st.sampled_from(["mon-fri 08:00-18:00", "sat-mon 22:30-24:00", "wed-wed 00:00-24:00"]),
)
def test_business_hours_are_those_counted_minute_by_minute(
    start: int, minutes: int, text: str
) -> None:
    hours = business_hours(text)
    first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    span = Window(first, first + timedelta(minutes=minutes))
    inside = 0
    for minute in range(minutes):
        now = first + timedelta(minutes=minute)
        since = timedelta(hours=now.hour, minutes=now.minute)
        inside += now.weekday() in hours.days and hours.start <= since < hours.end
    assert hours.hours_in(span) == pytest.approx(inside / 60)


def test_a_window_of_centuries_is_counted_at_once() -> None:
    span = window(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    weeks = (span.end - span.start) / timedelta(weeks=1)
    assert business_hours("mon-fri 08:00-18:00").hours_in(span) == pytest.approx(50 * weeks, abs=50)


def test_a_window_must_end_after_it_starts() -> None:
    for end in (NOW, NOW - timedelta(hours=1)):
        with pytest.raises(InvalidInput, match="must end after it starts"):
            window(NOW, end)


@pytest.mark.parametrize(
    "text", ["", "always", "mon-fri 8-18", "mon-fri 18:00-08:00", "mon-fri 00:00-24:01"]
)
def test_business_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="Business hours"):
        business_hours(text)
