"""Every state times every transition, against a table that is written down here once more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cmdb.catalogue import builtin
from cmdb.errors import IllegalTransition, InvalidInput
from cmdb.items import Value
from cmdb.records.lifecycle import LifeCycle, Phase, State, Transition, move
from cmdb.records.lifecycles import LIFE_CYCLES

NOW = datetime(2026, 11, 25, 3, 12, tzinfo=UTC)

EXPECTED: dict[str, dict[str, str]] = {
    "incident": {
        "new": "in_progress on_hold resolved canceled",
        "in_progress": "on_hold resolved canceled",
        "on_hold": "in_progress resolved canceled",
        "resolved": "closed in_progress",
        "closed": "",
        "canceled": "",
    },
    "problem": {
        "new": "assess",
        "assess": "root_cause_analysis closed",
        "root_cause_analysis": "fix_in_progress closed",
        "fix_in_progress": "resolved closed",
        "resolved": "closed fix_in_progress",
        "closed": "",
    },
    "change/normal": {
        "new": "assess canceled",
        "assess": "authorize new canceled",
        "authorize": "scheduled new canceled",
        "scheduled": "implement canceled",
        "implement": "review canceled",
        "review": "closed",
        "closed": "",
        "canceled": "",
    },
    "change/standard": {
        "new": "scheduled canceled",
        "assess": "",
        "authorize": "",
        "scheduled": "implement canceled",
        "implement": "review canceled",
        "review": "closed",
        "closed": "",
        "canceled": "",
    },
    "change/emergency": {
        "new": "authorize canceled",
        "assess": "",
        "authorize": "scheduled new canceled",
        "scheduled": "implement canceled",
        "implement": "review canceled",
        "review": "closed",
        "closed": "",
        "canceled": "",
    },
    "request": {
        "requested": "in_process closed_rejected closed_canceled",
        "in_process": "closed_complete closed_incomplete closed_canceled",
        "closed_complete": "",
        "closed_incomplete": "",
        "closed_canceled": "",
        "closed_rejected": "",
    },
    "step": {
        "open": "in_progress closed_complete closed_skipped",
        "in_progress": "closed_complete closed_incomplete",
        "closed_complete": "",
        "closed_incomplete": "",
        "closed_skipped": "",
    },
    "approval": {
        "requested": "approved rejected not_required",
        "approved": "not_required",
        "rejected": "",
        "not_required": "",
    },
}

PAIRS = [
    (cycle, start.name, to.name)
    for cycle in LIFE_CYCLES
    for start in cycle.states
    for to in cycle.states
]


def test_every_life_cycle_is_in_the_table() -> None:
    assert {c.name: {s.name for s in c.states} for c in LIFE_CYCLES} == {
        name: set(states) for name, states in EXPECTED.items()
    }


@pytest.mark.parametrize(("cycle", "start", "to"), PAIRS, ids=lambda v: getattr(v, "name", v))
def test_a_record_goes_where_the_table_says_and_nowhere_else(
    cycle: LifeCycle, start: str, to: str
) -> None:
    allowed = EXPECTED[cycle.name][start].split()
    if to in allowed:
        assert cycle.transition("X1", start, to).to == to
        return
    with pytest.raises(IllegalTransition) as refused:
        cycle.transition("X1", start, to)
    assert refused.value.allowed == cycle.allowed(start)
    assert set(refused.value.allowed) == set(allowed)
    for name in allowed:
        assert name in refused.value.message
    if not allowed:
        assert "ends" in refused.value.message


@pytest.mark.parametrize("cycle", LIFE_CYCLES, ids=lambda c: c.name)
def test_life_cycles_name_what_the_catalogue_has(cycle: LifeCycle) -> None:
    properties = builtin().kind(cycle.kind).properties
    assert {state.name for state in cycle.states} == set(properties["state"].choices)
    for transition in cycle.transitions:
        named = (*transition.requires, *transition.stamps, *transition.restamps)
        assert {*named, *transition.counts, *transition.clears} <= properties.keys()
    codes = [state.code for state in cycle.states if state.code is not None]
    assert len(codes) == len(set(codes))


TRANSITIONS = [(cycle, t) for cycle in LIFE_CYCLES for t in cycle.transitions]


@pytest.mark.parametrize(
    ("cycle", "transition"),
    TRANSITIONS,
    ids=[f"{cycle.name}:{t.start}-{t.to}" for cycle, t in TRANSITIONS],
)
def test_a_transition_wants_its_fields_and_does_what_it_declares(
    cycle: LifeCycle, transition: Transition
) -> None:
    given = dict.fromkeys(transition.requires, "said")
    for name in transition.requires:
        if name in (*transition.stamps, *transition.restamps):
            continue
        lacking = {other: value for other, value in given.items() if other != name}
        with pytest.raises(InvalidInput) as refused:
            move(transition, "X1", {"state": transition.start}, lacking, NOW)
        assert [problem.field for problem in refused.value.problems] == [name]
    before: dict[str, Value] = {"state": transition.start}
    before.update(dict.fromkeys(transition.clears, "old"))
    before.update(dict.fromkeys(transition.counts, 2))
    after = move(transition, "X1", before, given, NOW)
    assert after["state"] == transition.to
    for name in (*transition.stamps, *transition.restamps):
        if name not in given:
            assert after[name] == "2026-11-25T03:12:00Z"
    for name in transition.counts:
        assert after[name] == 3
    for name in transition.clears:
        assert after[name] is None


def test_a_stamp_keeps_what_is_there_and_a_restamp_does_not() -> None:
    way = Transition("a", "b", stamps=("one",), restamps=("two",))
    after = move(way, "X1", {"one": "early", "two": "early"}, {}, NOW)
    assert after == {"state": "b", "two": "2026-11-25T03:12:00Z"}
    assert move(way, "X1", {}, {"two": "given"}, NOW)["two"] == "given"


def test_a_state_goes_by_its_name_its_label_and_its_code() -> None:
    incident = LIFE_CYCLES[0]
    for said in ("in_progress", "In Progress", "in-progress", "2"):
        assert incident.state(said).name == "in_progress"
    with pytest.raises(InvalidInput, match="there are new, in_progress"):
        incident.state("open")


def test_a_life_cycle_that_leads_nowhere_is_no_life_cycle() -> None:
    with pytest.raises(ValueError, match="no state 'b'"):
        LifeCycle("x", "Incident", (State("a", "A", Phase.WAITING),), (Transition("a", "b"),))
