"""The answer to "what does it hit?", as the command line prints it and GraphQL serves it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from impact.states import StateName

WeakReason = Literal["missing", "stale", "low_confidence", "single_source"]


class Because(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_id": "from"}):
    """The last step towards an item: the ids of a link and of the affected item it comes from.

    ``gate`` is what the gate is called where the link shares one with others or has standbys.
    ``devices`` are the failed network devices that cut the item off, where its network did.
    """

    link: str
    from_id: str
    gate: str | None = None
    devices: tuple[str, ...] = ()


class Affected(msgspec.Struct, frozen=True):
    """One item that is not UP.

    ``distance`` counts the steps from what failed (0: it failed itself, and ``because`` is None),
    ``path`` has the ids from a failed item to this one.
    """

    id: str
    kind: str
    name: str
    state: StateName
    distance: int
    because: Because | None
    path: tuple[str, ...]


class GateHeld(msgspec.Struct, frozen=True):
    """A gate that lost members and still has what it needs.

    ``id``, ``kind`` and ``name`` are those of the dependent. All figures are weights: ``up`` is
    what still serves (members UP or AT_RISK), ``margin`` how much of it may go as well before the
    gate fails (0: none). ``failed`` are the ids of the members that are DEGRADED or DOWN.
    """

    id: str
    kind: str
    name: str
    gate: str
    up: int | float
    needed: int | float
    total: int | float
    margin: int | float
    failed: tuple[str, ...]


class ServiceReached(msgspec.Struct, frozen=True):
    """A service instance, offering, business service or capability that is affected."""

    id: str
    kind: str
    name: str
    state: StateName
    distance: int
    criticality: str | None


class OwnerReached(msgspec.Struct, frozen=True):
    """A team or person to call. ``state`` is the worst among the affected items they own or
    support, ``owns`` and ``supports`` count those; ``contact`` is how to reach them, if known."""

    id: str
    kind: str
    name: str
    state: StateName
    owns: int
    supports: int
    contact: str | None


class WeakEvidence(msgspec.Struct, frozen=True):
    """An item or link that the answer rests on and that may be wrong.

    ``missing``: its sources no longer see it; ``stale``: nobody has seen it for longer than its
    kind allows; ``low_confidence``: the source itself is less than half sure of it;
    ``single_source``: one source alone says so, and it is not wholly sure. A link that its one
    source saw with certainty is not weak: most of what is scanned has one source.
    """

    id: str
    type: Literal["item", "link"]
    reasons: tuple[WeakReason, ...]
    last_seen: datetime | None
    sentence: str


class OtherState(msgspec.Struct, frozen=True):
    """An item whose state differs between two answers: ``before`` in the one, ``after`` in the
    other. None where the item is not part of that estate."""

    id: str
    kind: str
    name: str
    before: StateName | None
    after: StateName | None


class WithoutWeakEvidence(msgspec.Struct, frozen=True):
    """The same failure once more, as if all weak evidence of the answer were wrong.

    The weak links and items, ``links_left_out`` and ``items_left_out`` of them, are taken out of
    the estate (what failed stays). ``differs`` says whether another item then has another state:
    ``worse`` or ``better`` without them, in all. ``changes`` lists those, ``before`` with the weak
    evidence and ``after`` without it, those that change most first; ``truncated`` says that it was
    cut. What was left out itself is in no count.
    """

    differs: bool
    items_left_out: int
    links_left_out: int
    worse: int
    better: int
    changes: tuple[OtherState, ...]
    truncated: bool


class Counts(msgspec.Struct, frozen=True):
    """How many items are in each state, the failed ones included; always of all of them."""

    down: int
    degraded: int
    at_risk: int


class Totals(msgspec.Struct, frozen=True):
    """How long each list of a truncated answer is in full."""

    affected: int
    gates_held: int
    services: int
    owners: int
    weak_evidence: int


class BlastRadius(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that a failure leaves other than UP, and what to know about it.

    It is true of ``revision`` and ``as_of``. ``failed`` are the ids asked about, in that order.
    ``affected`` is sorted by state (worst first), distance, kind, name and id; the other lists put
    the worst first too. ``truncated`` says that a list is not whole; then ``totals`` has their full
    lengths. ``counts`` is never cut. ``without_weak_evidence`` says whether the answer would differ
    if its weak evidence were wrong; None where there is none, or where it was not asked for.
    """

    revision: int
    as_of: datetime
    failed: tuple[str, ...]
    affected: tuple[Affected, ...]
    gates_held: tuple[GateHeld, ...]
    services: tuple[ServiceReached, ...]
    owners: tuple[OwnerReached, ...]
    weak_evidence: tuple[WeakEvidence, ...]
    counts: Counts
    truncated: bool
    totals: Totals | None = None
    without_weak_evidence: WithoutWeakEvidence | None = None
