"""What could have caused it: everything that some items rest on, and how far up it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from impact.dependencies import providers
from impact.estate import Estate


@dataclass(frozen=True, slots=True)
class Upstream:
    """What several items rest on, themselves included. Items are positions in the estate.

    ``reached`` has for every item upstream how many of the asked ones rest on it, ``steps`` how
    many steps up it is from those, all together, and ``nearest`` from the nearest of them.
    ``is_cut`` says that the walk was ended before it had seen everything.
    """

    reached: dict[int, int] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    nearest: dict[int, int] = field(default_factory=dict)
    is_cut: bool = False

    def mean(self, item: int) -> float:
        """How many steps up the item is, on average."""
        return self.steps[item] / self.reached[item]


def upstream(estate: Estate, items: Iterable[int], *, most: int | None = None) -> Upstream:
    """Walk up from each of the items, by all gates and by the networks that connect them.

    A single failure that does anything to an item is always among what that item rests on. Ends
    after ``most`` visits of an item. The cost grows with what is visited and its gates.
    """
    reached: dict[int, int] = {}
    steps: dict[int, int] = {}
    nearest: dict[int, int] = {}
    visits = 0
    for start in items:
        seen, layer, away = {start}, [start], 0
        while layer:
            following: list[int] = []
            for item in layer:
                if most is not None and visits >= most:
                    return Upstream(reached, steps, nearest, is_cut=True)
                visits += 1
                reached[item] = reached.get(item, 0) + 1
                steps[item] = steps.get(item, 0) + away
                nearest[item] = min(away, nearest.get(item, away))
                for step in providers(estate, item):
                    if step.other not in seen:
                        seen.add(step.other)
                        following.append(step.other)
            layer, away = following, away + 1
    return Upstream(reached, steps, nearest)
