"""What questions are asked with: edits and planned failures, drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from impact.collisions import PlannedFailure
from impact.edits import Edit
from impact.states import State
from impact.window import Window
from tests.impact.drawing import NOW


def edits(random: Random, ids: Sequence[str]) -> list[Edit]:
    """Edits of items in the day before :data:`~tests.impact.drawing.NOW`."""
    return [
        Edit(
            (random.choice(ids),),
            NOW - timedelta(minutes=random.randint(1, 1400)),
            random.choice(("created", "updated")),
            f"edit {number}",
            number,
            "somebody",
        )
        for number in range(12)
    ]


def planned_failures(random: Random, ids: Sequence[str]) -> list[PlannedFailure]:
    """Planned failures that overlap in time, of an item or two each."""
    return [
        PlannedFailure(
            f"CHG-{number}",
            tuple(random.sample(ids, min(len(ids), random.randint(1, 2)))),
            Window(NOW, NOW + timedelta(hours=1 + number)),
            random.choice((State.DOWN, State.DEGRADED)),
        )
        for number in range(5)
    ]
