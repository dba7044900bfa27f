"""Whose word counts: the settings of reconciliation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

OPERATOR = "operator"
"""The source of what people enter by hand. It precedes every other unless the settings say not."""
OTHERS = "*"
"""In a precedence, the place of all sources that it does not name."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``precedence`` lists sources, the most trusted first; those it leaves out rank alike where
    it has a ``*``, or behind all where it has none.

    ``touch_after`` is how much later a source must have seen an unchanged thing again for that
    time to be written: an unchanged run within it writes nothing at all. ``stale_after`` is how
    long a source may be silent before its word yields, by ``source`` or ``source/Kind``, where
    that is not what the kind allows. ``declared`` are sources that say what should be, where
    others see what is.
    """

    precedence: tuple[str, ...] = (OPERATOR,)
    touch_after: timedelta = timedelta(minutes=5)
    stale_after: Mapping[str, timedelta] = field(default_factory=dict)
    declared: frozenset[str] = frozenset({OPERATOR})
    _ranks: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        named = self.precedence
        others = named.index(OTHERS) if OTHERS in named else len(named)
        self._ranks.update({s: i - others for i, s in enumerate(named)})

    def rank(self, source: str) -> int:
        """The lower, the more trusted; 0 for sources that the precedence does not name, above 0
        for those that it has behind them."""
        return self._ranks.get(source, 0)

    def is_declared(self, source: str) -> bool:
        """Whether a source says what should be, and not what it sees."""
        return source in self.declared

    def silence(self, source: str, kind: str, allowed: timedelta) -> timedelta:
        """How long a source may be silent about an item or link; ``allowed`` is its kind's."""
        if not self.stale_after:
            return allowed
        of_source = self.stale_after.get(source, allowed)
        return self.stale_after.get(f"{source}/{kind}", of_source)


DEFAULT_POLICY = Policy()
