"""The answer to "which planned failures collide?", as the command line and GraphQL give it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from impact.cause_answer import CauseItem
from impact.states import StateName


class WorseItem(msgspec.Struct, frozen=True):
    """An item that is worse off together: ``apart`` is the worst state that any fewer of the
    planned failures leave it in, ``together`` the one that all of them do."""

    id: str
    kind: str
    name: str
    apart: StateName
    together: StateName


class InsideRadius(msgspec.Struct, frozen=True):
    """An item that the planned failure ``planned_by`` works on and that is in ``state`` because of
    another one, ``hit_by``."""

    id: str
    kind: str
    name: str
    planned_by: str
    hit_by: str
    state: StateName


class Collision(msgspec.Struct, frozen=True):
    """Two or three planned failures, by name, that are in each other's way from ``start`` to
    ``end``.

    ``worse`` are the items that are worse off than with any fewer of them, ``services`` counts the
    services among those; ``shared`` are items that both work on; ``inside`` those of one that the
    other reaches. Each list has the first of as many as its total says. A collision of three is
    listed only for what no two of them do.
    """

    planned: tuple[str, ...]
    start: datetime
    end: datetime
    worse: tuple[WorseItem, ...]
    worse_total: int
    services: int
    shared: tuple[CauseItem, ...]
    shared_total: int
    inside: tuple[InsideRadius, ...]
    inside_total: int


class Collisions(msgspec.Struct, frozen=True):
    """All collisions among ``planned`` failures, the gravest first; ``total`` counts them.

    ``truncated`` says that the list is cut, ``incomplete`` that there were too many combinations
    to look at all of them: then there may be more.
    """

    revision: int
    as_of: datetime
    planned: int
    collisions: tuple[Collision, ...]
    total: int
    truncated: bool
    incomplete: bool
