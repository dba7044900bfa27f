"""The answer to "why does this alert?", as the command line prints it and GraphQL serves it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from impact.states import StateName

CauseFactorName = Literal["coverage", "precision", "distance", "recency", "prior", "timing"]


class CauseItem(msgspec.Struct, frozen=True):
    """An item that may be to blame."""

    id: str
    kind: str
    name: str


class CauseEvidence(msgspec.Struct, frozen=True):
    """What speaks for a cause, or against it: ``value`` goes from 0 to 1, the more the better."""

    factor: CauseFactorName
    value: float
    sentence: str


class Cause(msgspec.Struct, frozen=True):
    """Items that failed together as ``state``, perhaps; mostly one.

    ``explains`` are the ids of the alerting items that would not be up if these failed, and
    ``unexplained`` those that still would be. ``predicted_but_quiet`` are the first of ``quiet``
    items that would be degraded or down and do not alert.
    """

    items: tuple[CauseItem, ...]
    state: StateName
    score: float
    explains: tuple[str, ...]
    unexplained: tuple[str, ...]
    predicted_but_quiet: tuple[str, ...]
    quiet: int
    evidence: tuple[CauseEvidence, ...]


class Causes(msgspec.Struct, frozen=True):
    """Causes of alerts, the best first.

    ``confident`` says that the first one explains enough and that no other comes near it; else
    there is no confident cause, only leads. ``unexplained`` are the ids of alerting items that no
    cause in the list explains. ``total`` counts all causes that were found. ``tried`` of
    ``candidates`` items that the alerting ones rest on were let fail; ``complete`` says that those
    are all, ``truncated`` that they are not, or that the list is not whole.
    """

    revision: int
    as_of: datetime
    confident: bool
    causes: tuple[Cause, ...]
    unexplained: tuple[str, ...]
    total: int
    candidates: int
    tried: int
    complete: bool
    truncated: bool
