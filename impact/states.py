"""The four states, and what a failure may be given as."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from cmdb.errors import InvalidInput

StateName = Literal["up", "at_risk", "degraded", "down"]


class State(IntEnum):
    """How well an item serves; a larger number is worse.

    ``AT_RISK`` serves, but its redundancy is lost. What is not known (stale data) is reported
    beside an answer and has no state.
    """

    UP = 0
    AT_RISK = 1
    DEGRADED = 2
    DOWN = 3

    @property
    def label(self) -> StateName:
        """The state as answers spell it: ``up``, ``at_risk``, ``degraded`` or ``down``."""
        return _LABELS[self]

    @property
    def softened(self) -> State:
        """One step better; ``UP`` stays ``UP``. What a soft gate makes of its output."""
        return _ORDER[max(self - 1, 0)]


_ORDER = tuple(State)
_LABELS: tuple[StateName, ...] = ("up", "at_risk", "degraded", "down")


def failure(text: str) -> State:
    """The state that a failure is given as: ``down`` or ``degraded``, whatever the case.

    Raises :class:`~cmdb.errors.InvalidInput` for anything else.
    """
    match text.strip().casefold():
        case "down":
            return State.DOWN
        case "degraded":
            return State.DEGRADED
        case _:
            raise InvalidInput(f"An item can fail as down or degraded, not as {text[:40]!r}.")
