"""The built-in life cycles, as the ServiceNow base system and ITIL 4 know them.

Models of changes that users declare come from files; see :mod:`cmdb.changes.models`.
"""

from __future__ import annotations

from cmdb.records.lifecycle import LifeCycle, Phase, State, Transition

_W, _S, _P, _F, _E = Phase.WAITING, Phase.STARTED, Phase.PAUSED, Phase.FINISHED, Phase.ENDED
_RESOLUTION = ("close_code", "close_notes")
_REOPENED = ("resolved_at", "resolved_by", "close_code", "close_notes", "closed_at")


def _resolve(start: str) -> Transition:
    return Transition(
        start,
        "resolved",
        requires=_RESOLUTION,
        stamps=("acknowledged_at",),
        restamps=("resolved_at",),
        clears=("hold_reason",),
    )


def _cancel(start: str, to: str = "canceled") -> Transition:
    return Transition(start, to, requires=("close_notes",), stamps=("closed_at",))


INCIDENT = LifeCycle(
    "incident",
    "Incident",
    (
        State("new", "New", _W, 1),
        State("in_progress", "In Progress", _S, 2),
        State("on_hold", "On Hold", _P, 3),
        State("resolved", "Resolved", _F, 6),
        State("closed", "Closed", _E, 7),
        State("canceled", "Canceled", _E, 8),
    ),
    (
        Transition("new", "in_progress", stamps=("acknowledged_at",)),
        Transition("new", "on_hold", requires=("hold_reason",), stamps=("acknowledged_at",)),
        _resolve("new"),
        _cancel("new"),
        Transition("in_progress", "on_hold", requires=("hold_reason",)),
        _resolve("in_progress"),
        _cancel("in_progress"),
        Transition("on_hold", "in_progress", clears=("hold_reason",)),
        _resolve("on_hold"),
        _cancel("on_hold"),
        Transition("resolved", "closed", stamps=("closed_at",)),
        Transition("resolved", "in_progress", counts=("reopen_count",), clears=_REOPENED),
    ),
)

PROBLEM = LifeCycle(
    "problem",
    "Problem",
    (
        State("new", "New", _W, 101),
        State("assess", "Assess", _S, 102),
        State("root_cause_analysis", "Root Cause Analysis", _S, 103),
        State("fix_in_progress", "Fix in Progress", _S, 104),
        State("resolved", "Resolved", _F, 106),
        State("closed", "Closed", _E, 107),
    ),
    (
        Transition("new", "assess"),
        Transition("assess", "root_cause_analysis"),
        Transition(
            "assess",
            "closed",
            requires=("resolution_code", "close_notes"),
            checks=("duplicate_or_canceled",),
            stamps=("closed_at",),
        ),
        Transition("root_cause_analysis", "fix_in_progress", requires=("cause_notes",)),
        Transition(
            "root_cause_analysis",
            "closed",
            requires=("resolution_code", "close_notes"),
            checks=("risk_accepted",),
            stamps=("closed_at",),
        ),
        Transition(
            "fix_in_progress",
            "resolved",
            requires=("fix_notes", "resolution_code"),
            restamps=("resolved_at",),
        ),
        Transition(
            "fix_in_progress",
            "closed",
            requires=("resolution_code", "close_notes"),
            checks=("risk_accepted",),
            stamps=("closed_at",),
        ),
        Transition("resolved", "closed", stamps=("closed_at",)),
        Transition("resolved", "fix_in_progress", clears=("resolved_at", "resolution_code")),
    ),
)

_CHANGE_STATES = (
    State("new", "New", _W, -5),
    State("assess", "Assess", _W, -4),
    State("authorize", "Authorize", _W, -3),
    State("scheduled", "Scheduled", _W, -2),
    State("implement", "Implement", _S, -1),
    State("review", "Review", _F, 0),
    State("closed", "Closed", _E, 3),
    State("canceled", "Canceled", _E, 4),
)
_WINDOW = ("start_date", "end_date")
_PLANS = ("implementation_plan", "backout_plan", "test_plan")
_START = Transition(
    "scheduled",
    "implement",
    requires=("assigned_to",),
    checks=("freeze", "approved", "conflicts"),
    stamps=("work_start",),
)
_FINISH = Transition(
    "implement",
    "review",
    requires=("close_code",),
    checks=("outcome",),
    stamps=("work_start", "work_end"),
)
_CLOSE = Transition(
    "review",
    "closed",
    requires=("work_start", "work_end", "close_code", "review_notes"),
    checks=("outcome", "reviewed"),
    stamps=("closed_at",),
)


def _cancels(*states: str) -> tuple[Transition, ...]:
    return tuple(_cancel(state) for state in states)


NORMAL_CHANGE = LifeCycle(
    "change/normal",
    "Change",
    _CHANGE_STATES,
    (
        Transition("new", "assess", requires=("short_description",), checks=("items", "window")),
        Transition("assess", "authorize", checks=("assessed",)),
        Transition("assess", "new"),
        Transition(
            "authorize",
            "scheduled",
            requires=(*_WINDOW, *_PLANS),
            checks=("approved", "conflicts", "freeze"),
        ),
        Transition("authorize", "new"),
        _START,
        _FINISH,
        _CLOSE,
        *_cancels("new", "assess", "authorize", "scheduled", "implement"),
    ),
)

STANDARD_CHANGE = LifeCycle(
    "change/standard",
    "Change",
    _CHANGE_STATES,
    (
        Transition(
            "new",
            "scheduled",
            requires=("change_model", *_WINDOW, *_PLANS),
            checks=("items", "window", "preauthorised", "assessed", "conflicts", "freeze"),
        ),
        _START,
        _FINISH,
        _CLOSE,
        *_cancels("new", "scheduled", "implement"),
    ),
)

EMERGENCY_CHANGE = LifeCycle(
    "change/emergency",
    "Change",
    _CHANGE_STATES,
    (
        Transition("new", "authorize", checks=("items", "window", "assessed")),
        Transition("authorize", "new"),
        Transition(
            "authorize",
            "scheduled",
            requires=(*_WINDOW, "implementation_plan", "backout_plan"),
            checks=("approved",),
        ),
        Transition(
            "scheduled",
            "implement",
            requires=("assigned_to",),
            checks=("approved",),
            stamps=("work_start",),
        ),
        _FINISH,
        _CLOSE,
        *_cancels("new", "authorize", "scheduled", "implement"),
    ),
)

REQUEST = LifeCycle(
    "request",
    "ServiceRequest",
    (
        State("requested", "Requested", _W),
        State("in_process", "In Process", _S),
        State("closed_complete", "Closed Complete", _E),
        State("closed_incomplete", "Closed Incomplete", _E),
        State("closed_canceled", "Closed Canceled", _E),
        State("closed_rejected", "Closed Rejected", _E),
    ),
    (
        Transition("requested", "in_process", checks=("approved",)),
        Transition(
            "requested", "closed_rejected", requires=("close_notes",), stamps=("closed_at",)
        ),
        _cancel("requested", "closed_canceled"),
        Transition(
            "in_process",
            "closed_complete",
            checks=("fulfilled",),
            stamps=("fulfilled_at", "closed_at"),
        ),
        Transition(
            "in_process", "closed_incomplete", requires=("close_notes",), stamps=("closed_at",)
        ),
        _cancel("in_process", "closed_canceled"),
    ),
)

STEP = LifeCycle(
    "step",
    "Step",
    (
        State("open", "Open", _W, 1),
        State("in_progress", "Work in Progress", _S, 2),
        State("closed_complete", "Closed Complete", _E, 3),
        State("closed_incomplete", "Closed Incomplete", _E, 4),
        State("closed_skipped", "Closed Skipped", _E, 7),
    ),
    (
        Transition("open", "in_progress", checks=("earlier_steps",)),
        Transition("open", "closed_complete", checks=("earlier_steps",), stamps=("closed_at",)),
        Transition("open", "closed_skipped", requires=("close_notes",), stamps=("closed_at",)),
        Transition("in_progress", "closed_complete", stamps=("closed_at",)),
        Transition(
            "in_progress", "closed_incomplete", requires=("close_notes",), stamps=("closed_at",)
        ),
    ),
)

APPROVAL = LifeCycle(
    "approval",
    "Approval",
    (
        State("requested", "Requested", _W),
        State("approved", "Approved", _E),
        State("rejected", "Rejected", _E),
        State("not_required", "No Longer Required", _E),
    ),
    (
        Transition(
            "requested",
            "approved",
            requires=("decided_by",),
            checks=("authority",),
            stamps=("decided_at",),
        ),
        Transition(
            "requested",
            "rejected",
            requires=("decided_by", "comments"),
            checks=("authority",),
            stamps=("decided_at",),
        ),
        Transition("requested", "not_required"),
        Transition("approved", "not_required"),
    ),
)

CHANGE_CYCLES = {
    "standard": STANDARD_CHANGE,
    "normal": NORMAL_CHANGE,
    "emergency": EMERGENCY_CHANGE,
}
LIFE_CYCLES: tuple[LifeCycle, ...] = (
    INCIDENT,
    PROBLEM,
    *CHANGE_CYCLES.values(),
    REQUEST,
    STEP,
    APPROVAL,
)
"""All of them, for the tests and pages that walk over them."""

BY_KIND = {cycle.kind: cycle for cycle in LIFE_CYCLES if cycle.kind != "Change"}
"""The life cycle of each kind that has but one."""
