"""What an incident is shown with, beyond its properties."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from impact.answer import ServiceReached
from impact.cause_answer import Cause
from impact.states import StateName
from impact.suspects import Suspect


class RecordItem(msgspec.Struct, frozen=True):
    """An item or record that a record is linked to."""

    id: str
    kind: str
    name: str


class Contact(msgspec.Struct, frozen=True):
    """Somebody to call, the first first: ``why`` says what makes them the one."""

    id: str
    kind: str
    name: str
    email: str | None
    phone: str | None
    on_call: str | None
    escalation: str | None
    why: str


class SimilarIncident(msgspec.Struct, frozen=True):
    """An earlier incident that resembles this one: ``score`` 0 to 1, from the CIs that both affect
    and the words that both use."""

    id: str
    number: str
    short_description: str
    state: str
    score: float
    shared_items: tuple[str, ...]
    close_code: str | None
    close_notes: str | None


class PrecedentItem(msgspec.Struct, frozen=True):
    """An item that caused earlier incidents of the same items: ``times`` of them, and ``score`` (0
    to 1) is its share of what history says, what is lately counting more."""

    id: str
    kind: str
    name: str
    score: float
    times: int


class KnownError(msgspec.Struct, frozen=True):
    """A problem that is analysed and not fixed, and that fits an incident: ``why`` says how."""

    id: str
    number: str
    short_description: str
    workaround: str | None
    why: str


class IncidentAnalysis(msgspec.Struct, frozen=True):
    """What the graph says of an incident, true of ``revision``.

    ``state`` is how the affected items are taken to fail; ``services`` are those reached, the worst
    first (``services_total`` of them). ``impact`` follows from them, 1 to 3. ``causes`` and
    ``suspects`` are ranked, ``precedents`` are what was to blame before, and ``call`` is whom to
    call for the first cause and the services hit.
    """

    revision: int
    computed_at: datetime
    state: StateName
    impact: int
    sentence: str
    services: tuple[ServiceReached, ...]
    services_total: int
    confident: bool
    causes: tuple[Cause, ...]
    suspects: tuple[Suspect, ...]
    call: tuple[Contact, ...]
    similar: tuple[SimilarIncident, ...]
    known_errors: tuple[KnownError, ...]
    precedents: tuple[PrecedentItem, ...] = ()


class TimelineEntry(msgspec.Struct, frozen=True):
    """One thing that happened: to the record, to what it affects, or just before on what that rests
    on. ``revision`` is where it is written, None for what a tool told."""

    time: datetime
    type: Literal["record", "note", "alert", "revision", "change"]
    sentence: str
    actor: str | None
    revision: int | None
    item: str | None


class IncidentView(msgspec.Struct, frozen=True):
    """An incident with all that it is linked to. ``next_states`` are those that it can go to."""

    id: str
    number: str
    state: str
    next_states: tuple[str, ...]
    revision: int
    properties: dict[str, object]
    affected: tuple[RecordItem, ...]
    caused_by: tuple[RecordItem, ...]
    alerts: tuple[RecordItem, ...]
    parents: tuple[RecordItem, ...]
    children: tuple[RecordItem, ...]
    problems: tuple[RecordItem, ...]
    fixed_by: tuple[RecordItem, ...]
    analysis: IncidentAnalysis | None
