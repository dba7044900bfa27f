"""Impact, urgency and the priority that follows from both, as data.

The nine cells are those of the ServiceNow base system: priority = impact + urgency - 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cmdb.errors import InvalidInput
from impact.answer import ServiceReached

LEVELS = (1, 2, 3)
DEFAULT_URGENCY = 2

PRIORITY: Mapping[tuple[int, int], int] = MappingProxyType(
    {
        (1, 1): 1,
        (1, 2): 2,
        (1, 3): 3,
        (2, 1): 2,
        (2, 2): 3,
        (2, 3): 4,
        (3, 1): 3,
        (3, 2): 4,
        (3, 3): 5,
    }
)
"""By (impact, urgency)."""

PRIORITY_LABELS = MappingProxyType(
    {1: "Critical", 2: "High", 3: "Moderate", 4: "Low", 5: "Planning"}
)

IMPACT: Mapping[tuple[str, str], int] = MappingProxyType(
    {
        ("critical", "down"): 1,
        ("critical", "degraded"): 2,
        ("critical", "at_risk"): 3,
        ("high", "down"): 1,
        ("high", "degraded"): 2,
        ("high", "at_risk"): 3,
        ("medium", "down"): 2,
        ("medium", "degraded"): 3,
        ("medium", "at_risk"): 3,
        ("low", "down"): 3,
        ("low", "degraded"): 3,
        ("low", "at_risk"): 3,
    }
)
"""The impact that one service in a state makes, by (criticality, state)."""

UNKNOWN_CRITICALITY = "medium"
"""What a service counts as whose criticality nobody has said."""


def priority(impact: int, urgency: int) -> int:
    """The priority, 1 to 5; raises :class:`~cmdb.errors.InvalidInput` for other levels than 1 to 3.

    >>> priority(1, 2)
    2
    """
    for name, level in (("impact", impact), ("urgency", urgency)):
        if level not in LEVELS:
            raise InvalidInput(f"The {name} is 1 (high), 2 or 3 (low), not {level}.")
    return PRIORITY[impact, urgency]


def impact_of(services: Sequence[ServiceReached]) -> int:
    """The impact that the affected services make: that of the worst of them; 3 without any."""
    return min((IMPACT[s.criticality or UNKNOWN_CRITICALITY, s.state] for s in services), default=3)
