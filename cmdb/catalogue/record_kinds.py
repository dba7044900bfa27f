"""The built-in kinds of records, named after ITIL 4 and the tables that most service desks know.

How a record moves from state to state is declared in :mod:`cmdb.records`; here is what it holds.
"""

from __future__ import annotations

from datetime import timedelta

from cmdb.catalogue.model import Category, Kind, Property, PropertyType

_S, _I, _N, _B, _T, _L = (
    PropertyType.STRING,
    PropertyType.INTEGER,
    PropertyType.NUMBER,
    PropertyType.BOOLEAN,
    PropertyType.DATETIME,
    PropertyType.STRINGS,
)
_LASTING = timedelta(days=36_500)
"""Records do not go stale: nobody scans them again."""

INCIDENT_STATES = ("new", "in_progress", "on_hold", "resolved", "closed", "canceled")
PROBLEM_STATES = (
    "new",
    "assess",
    "root_cause_analysis",
    "fix_in_progress",
    "resolved",
    "closed",
)
CHANGE_STATES = (
    "new",
    "assess",
    "authorize",
    "scheduled",
    "implement",
    "review",
    "closed",
    "canceled",
)
REQUEST_STATES = (
    "requested",
    "in_process",
    "closed_complete",
    "closed_incomplete",
    "closed_canceled",
    "closed_rejected",
)
STEP_STATES = ("open", "in_progress", "closed_complete", "closed_incomplete", "closed_skipped")
APPROVAL_STATES = ("requested", "approved", "rejected", "not_required")
ALERT_STATES = ("firing", "acknowledged", "resolved")


def _state(choices: tuple[str, ...]) -> Property:
    return Property("state", _S, "Where it stands in its life cycle.", choices=choices)


TASK = Kind(
    "Task",
    "tasks",
    "Work that has a number, a state and somebody who sees to it.",
    "Record",
    Category.RECORD,
    abstract=True,
    layer="records",
    properties=(
        Property("number", _S, "What people call the record by.", expected=True),
        Property("short_description", _S, "What it is about, in a line.", expected=True),
        Property("opened_at", _T, "When it was opened."),
        Property("closed_at", _T, "When it was closed."),
        Property("opened_by", _S, "Who opened it."),
        Property("assigned_to", _S, "Who sees to it."),
        Property("assignment_group", _S, "The team that sees to it."),
        Property("impact", _I, "How much is hit: 1 (high) to 3 (low)."),
        Property("urgency", _I, "How soon it matters: 1 (high) to 3 (low)."),
        Property("priority", _I, "From impact and urgency: 1 (critical) to 5 (planning)."),
        Property("correlation_id", _S, "The id that another tool knows it by."),
        Property("work_notes", _L, "What people wrote down while they worked on it."),
        Property("close_code", _S, "How it ended."),
        Property("close_notes", _S, "How it ended, in words."),
    ),
    stale_after=_LASTING,
)

RECORDS = (
    TASK,
    Kind(
        "Incident",
        "incidents",
        "An unplanned interruption or loss of quality of a service.",
        "Task",
        Category.RECORD,
        layer="records",
        properties=(
            _state(INCIDENT_STATES),
            Property("category", _S, "What kind of trouble it is."),
            Property(
                "hold_reason",
                _S,
                "What it waits for.",
                choices=("caller", "problem", "vendor", "change"),
            ),
            Property("impact_computed", _I, "The impact that the blast radius suggests, 1 to 3."),
            Property("impact_manual", _I, "The impact that a person set; it wins. 1 to 3."),
            Property("acknowledged_at", _T, "When somebody first took it up."),
            Property("resolved_at", _T, "When service was restored."),
            Property("resolved_by", _S, "Who restored it."),
            Property("reopen_count", _I, "How often it was reopened."),
            Property("reassignment_count", _I, "How often it went to another team."),
            Property(
                "major_incident_state",
                _S,
                "Whether it is handled as a major incident.",
                choices=("proposed", "accepted", "rejected"),
            ),
            Property("major_incident_owner", _S, "Who leads a major incident."),
            Property("review", _S, "What a major incident taught."),
            Property("analysis", _S, "Causes, suspects and services as last computed, as JSON."),
            Property("analysis_revision", _I, "The revision that the analysis is true of."),
        ),
    ),
    Kind(
        "Problem",
        "problems",
        "A cause, or possible cause, of incidents.",
        "Task",
        Category.RECORD,
        layer="records",
        properties=(
            _state(PROBLEM_STATES),
            Property("origin", _S, "What it came from.", choices=("reactive", "proactive")),
            Property("known_error", _B, "Whether it is analysed and not fixed."),
            Property("workaround", _S, "What helps until it is fixed."),
            Property("cause_notes", _S, "What the cause is."),
            Property("fix_notes", _S, "How it is or will be fixed."),
            Property(
                "resolution_code",
                _S,
                "How it ended.",
                choices=("fix_applied", "risk_accepted", "duplicate", "canceled"),
            ),
            Property("duplicate_of", _S, "The number of the problem that it repeats."),
            Property("resolved_at", _T, "When it was resolved."),
        ),
    ),
    Kind(
        "Change",
        "changes",
        "The addition, modification or removal of anything that could affect services.",
        "Task",
        Category.RECORD,
        layer="records",
        properties=(
            _state(CHANGE_STATES),
            Property(
                "change_type",
                _S,
                "How it is authorised.",
                choices=("standard", "normal", "emergency"),
            ),
            Property("change_model", _S, "The model whose states and checks it follows."),
            Property("requested_by", _S, "Who asked for it."),
            Property("start_date", _T, "Planned start."),
            Property("end_date", _T, "Planned end."),
            Property("work_start", _T, "Actual start."),
            Property("work_end", _T, "Actual end."),
            Property("implementation_plan", _S, "What is done, step by step."),
            Property("backout_plan", _S, "How it is undone."),
            Property("test_plan", _S, "How it is tested."),
            Property("risk", _S, "How risky it is.", choices=("high", "moderate", "low")),
            Property("risk_score", _N, "The computed risk, 0 to 100."),
            Property(
                "conflict_status",
                _S,
                "Whether it is in the way of others.",
                choices=("not_run", "conflict", "no_conflict"),
            ),
            Property("assessment", _S, "Impact, risk and collisions as last computed, as JSON."),
            Property("assessment_revision", _I, "The revision that the assessment is true of."),
            Property("cab_required", _B, "Whether the change advisory board must agree."),
            Property("unauthorized", _B, "Whether it was made before anybody agreed."),
            Property("actions", _S, "What is done to each item, as JSON: id to action."),
            Property(
                "review_status",
                _S,
                "Where the post-implementation review stands.",
                choices=("pending", "done"),
            ),
            Property("review_notes", _S, "What the review found."),
            Property("commit", _S, "The revision of the source code that it brings."),
            Property("committed_at", _T, "When that was committed."),
            Property("deployment", _B, "Whether it brings software to production."),
            Property("waiver", _S, "Why a freeze does not hold for it, and who said so."),
        ),
    ),
    Kind(
        "ServiceRequest",
        "serviceRequests",
        "A user's request for something that is normally provided.",
        "Task",
        Category.RECORD,
        layer="records",
        properties=(
            _state(REQUEST_STATES),
            Property("catalog_item", _S, "What of the request catalogue is asked for."),
            Property("requested_for", _S, "Who is to have it."),
            Property("form", _S, "What was filled in, as JSON."),
            Property("stage", _S, "What it waits for."),
            Property("until", _T, "When what was granted ends."),
            Property("fulfilled_at", _T, "When it was fulfilled."),
        ),
    ),
    Kind(
        "Step",
        "steps",
        "One task of a change or a request.",
        "Task",
        Category.RECORD,
        layer="records",
        properties=(
            _state(STEP_STATES),
            Property("order", _I, "Its place among its siblings; equal ones run side by side."),
        ),
    ),
    Kind(
        "Approval",
        "approvals",
        "One yes that a change or a request needs.",
        "Record",
        Category.RECORD,
        layer="records",
        properties=(
            _state(APPROVAL_STATES),
            Property("number", _S, "What people call the record by.", expected=True),
            Property(
                "authority",
                _S,
                "Whose word it takes.",
                choices=("policy", "peer", "owner", "cab", "manager"),
            ),
            Property("approver", _S, "Who may decide where it is not everybody: a team or person."),
            Property("decided_by", _S, "Who decided."),
            Property("decided_at", _T, "When."),
            Property("comments", _S, "Why."),
        ),
        stale_after=_LASTING,
    ),
    Kind(
        "MaintenanceWindow",
        "maintenanceWindows",
        "A time in which work is agreed, or forbidden.",
        "Record",
        Category.RECORD,
        layer="records",
        properties=(
            Property(
                "window_type",
                _S,
                "Whether changes belong into it or must stay out of it.",
                choices=("maintenance", "blackout", "freeze"),
            ),
            Property("start_date", _T, "When it first begins."),
            Property("end_date", _T, "When it first ends."),
            Property("time_zone", _S, "The IANA time zone that it is kept in."),
            Property("recurrence", _S, "How it recurs, as an RFC 5545 RRULE."),
        ),
        stale_after=_LASTING,
    ),
    Kind(
        "Alert",
        "alerts",
        "What a monitoring tool noticed.",
        "Record",
        Category.RECORD,
        layer="records",
        properties=(
            _state(ALERT_STATES),
            Property("summary", _S, "What it says."),
            Property(
                "severity",
                _S,
                "How bad the tool says it is.",
                choices=("critical", "error", "warning", "info"),
            ),
            Property("started_at", _T, "When it began."),
            Property("ended_at", _T, "When it ended."),
            Property("received_at", _T, "When it was last heard of."),
            Property("source_tool", _S, "The tool that noticed it."),
            Property("fingerprint", _S, "What the tool knows it by."),
            Property("notifications", _I, "How often the tool told of it."),
            Property("labels_json", _S, "All that the tool said of it, as JSON."),
            Property("bound_by", _S, "The identifier or rule that led to its item."),
        ),
        stale_after=_LASTING,
    ),
    Kind(
        "InferenceDecision",
        "inferenceDecisions",
        "What a person decided of something that was inferred.",
        "Record",
        Category.RECORD,
        layer="records",
        properties=(
            Property("inference_key", _S, "What the inference is known by.", expected=True),
            Property(
                "decision",
                _S,
                "Whether it holds; open: as if nobody had decided.",
                choices=("open", "confirmed", "refused"),
                expected=True,
            ),
            Property("decided_by", _S, "Who decided."),
            Property("decided_at", _T, "When that was."),
            Property("inferred", _S, "What was inferred, and of what."),
            Property("reason", _S, "Why it was decided so."),
        ),
        stale_after=_LASTING,
    ),
    Kind(
        "Baseline",
        "baselines",
        "A named revision of a set of configuration items, to verify them against.",
        "Record",
        Category.RECORD,
        layer="records",
        properties=(
            Property("number", _S, "What people call the record by.", expected=True),
            Property("baseline_revision", _I, "The revision that it keeps."),
            Property("members", _L, "The ids of the items in it."),
            Property("taken_at", _T, "When it was taken."),
            Property("taken_by", _S, "Who took it."),
            Property("verified_at", _T, "When it was last verified."),
            Property("findings", _I, "How many differences the last verification found."),
        ),
        stale_after=_LASTING,
    ),
)
"""Every kind of record but people and teams."""
