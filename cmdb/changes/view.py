"""What a change is shown with, beyond its properties."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from cmdb.incidents.view import RecordItem
from impact.answer import Counts, GateHeld, ServiceReached
from impact.risk import RiskFactor
from impact.states import StateName

ConflictType = Literal[
    "shared_item",
    "inside_radius",
    "redundancy",
    "same_implementer",
    "open_incident",
    "outside_maintenance_window",
    "blackout",
    "freeze",
]
RiskClass = Literal["low", "moderate", "high"]
Ruling = Literal["approved", "held"]
WindowType = Literal["maintenance", "blackout", "freeze"]


class Conflict(msgspec.Struct, frozen=True):
    """Something in a change's way: another change, an incident or a window, by its number.

    ``state`` is the other change's state, ``items`` are ids of what they meet at.
    """

    type: ConflictType
    other: str
    sentence: str
    items: tuple[str, ...] = ()
    state: str | None = None


class PolicyRuling(msgspec.Struct, frozen=True):
    """What the risk policy says of a change: the rule that holds for it, what the rule looked at,
    the authorities that must agree (before it, or ``after`` it), and why."""

    ruling: Ruling
    rule: str
    authorities: tuple[str, ...]
    is_after: bool
    reasons: tuple[str, ...]
    risk: RiskClass
    risk_score: float
    change_type: str
    conflicts: tuple[ConflictType, ...]
    services_down: int


class AssessmentMoved(msgspec.Struct, frozen=True):
    """What moved since an assessment: services by name, risks as scores, conflicts as sentences."""

    since_revision: int
    risk_before: float
    risk_after: float
    class_before: RiskClass
    class_after: RiskClass
    services_gained: tuple[str, ...]
    services_lost: tuple[str, ...]
    conflicts_gained: tuple[str, ...]
    conflicts_gone: tuple[str, ...]


class ChangeAnalysis(msgspec.Struct, frozen=True):
    """What the graph and the calendar say of a change, as of ``revision``.

    ``sentence`` sums the impact up; ``services`` are the gravest of ``services_total``.
    ``unknown`` are items that no analysis knows: planned or retired ones. ``moved`` is what differs
    from the assessment before, None for the first.
    """

    revision: int
    computed_at: datetime
    sentence: str
    counts: Counts
    services: tuple[ServiceReached, ...]
    services_total: int
    gates_held: tuple[GateHeld, ...]
    risk: RiskClass
    risk_score: float
    risk_factors: tuple[RiskFactor, ...]
    conflicts: tuple[Conflict, ...]
    ruling: PolicyRuling
    unknown: tuple[str, ...] = ()
    moved: AssessmentMoved | None = None


class ChangedItem(msgspec.Struct, frozen=True):
    """An item that a change works on: what is done to it, and what it is in the window."""

    id: str
    kind: str
    name: str
    action: str
    state: StateName


class ApprovalView(msgspec.Struct, frozen=True):
    """One yes that a change needs or got; ``eligible`` are those who can decide now."""

    number: str
    authority: str
    state: str
    approver: str | None
    decided_by: str | None
    decided_at: str | None
    comments: str | None
    eligible: tuple[str, ...] = ()


class StepView(msgspec.Struct, frozen=True):
    """One task of a change."""

    number: str
    order: int
    short_description: str
    state: str
    assigned_to: str | None


class ReviewRevision(msgspec.Struct, frozen=True):
    """A revision on an item of a change, and whether it fell into the change's actual window."""

    revision: int
    time: datetime
    actor: str
    source: str
    item: str
    name: str
    summary: str
    is_inside: bool


class ReviewIncident(msgspec.Struct, frozen=True):
    """An incident that was opened on what a change reaches, after it began."""

    number: str
    short_description: str
    state: str
    opened_at: str
    items: tuple[str, ...]


class ChangeReview(msgspec.Struct, frozen=True):
    """What followed a change: revisions on its items within and after its actual window, and the
    incidents that were opened on its blast radius since."""

    since: datetime
    until: datetime | None
    revisions: tuple[ReviewRevision, ...]
    revisions_total: int
    incidents: tuple[ReviewIncident, ...]
    sentence: str


class ChangeView(msgspec.Struct, frozen=True):
    """A change with all that it is linked to, its assessment, and what moved since that."""

    id: str
    number: str
    state: str
    next_states: tuple[str, ...]
    revision: int
    properties: dict[str, object]
    items: tuple[ChangedItem, ...]
    affected: tuple[RecordItem, ...]
    fixes: tuple[RecordItem, ...]
    approvals: tuple[ApprovalView, ...]
    steps: tuple[StepView, ...]
    analysis: ChangeAnalysis | None
    moved_since: AssessmentMoved | None
    review: ChangeReview | None


class CalendarEntry(msgspec.Struct, frozen=True):
    """A change or an occurrence of a window. ``type`` is ``change`` or the window's type; ``state``
    is a change's, ``items`` are names of what it concerns (none: everything)."""

    type: Literal["change", "maintenance", "blackout", "freeze"]
    number: str
    about: str
    start: datetime
    end: datetime
    state: str | None
    risk: str | None
    items: tuple[str, ...]


class ChangeCalendar(msgspec.Struct, frozen=True):
    """What is planned between two times, in order; ``truncated``: only the first of it."""

    start: datetime
    end: datetime
    entries: tuple[CalendarEntry, ...]
    truncated: bool


class UnauthorizedChange(msgspec.Struct, frozen=True):
    """A controlled property that a source saw edited outside every approved change of its item.

    ``who_might_know`` are its owners, its support, and the people who edited it last, in that
    order; ``change`` is the number of the change that was opened for it, if one was.
    """

    id: str
    kind: str
    name: str
    property: str
    before: object
    after: object
    time: datetime
    revision: int
    source: str
    who_might_know: tuple[str, ...]
    change: str | None


class UnauthorizedChanges(msgspec.Struct, frozen=True):
    """The unauthorised changes since a time, the latest first; ``truncated``: only those."""

    since: datetime
    changes: tuple[UnauthorizedChange, ...]
    total: int
    truncated: bool
