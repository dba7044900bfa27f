"""Life cycles as data, and the one function that moves a record along one.

States, transitions, the fields that each needs and who may are values; :func:`move` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cmdb.errors import IllegalTransition, InvalidInput, Problem
from cmdb.items.value import Value, format_time

Values = Mapping[str, Value | None]


class Phase(StrEnum):
    """What a state means for clocks and counts, whatever a practice calls it."""

    WAITING = "waiting"
    """Nobody has begun."""
    STARTED = "started"
    PAUSED = "paused"
    """Begun, and waiting for somebody else: the clock stops."""
    FINISHED = "finished"
    """The work is done; it may be reopened or reviewed."""
    ENDED = "ended"
    """Nothing follows."""


@dataclass(frozen=True, slots=True)
class State:
    """One state: ``label`` is what people read, ``code`` what the ServiceNow base system calls it
    (None where it has none)."""

    name: str
    label: str
    phase: Phase
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one state to another.

    ``requires`` names properties that must have a value then; ``checks`` names what the practice
    has to find in order first (see each practice's page); ``roles`` of whom at least one is needed
    (none: anybody). On the way ``stamps`` get the time where they have none, ``restamps`` get it
    anyway, ``counts`` go up by one and ``clears`` lose their value.
    """

    start: str
    to: str
    requires: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    restamps: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()


@dataclass(frozen=True)
class LifeCycle:
    """The life cycle of a kind of record, or of one model of it: the first state is the initial.

    Raises ValueError where a transition names a state that is not there.
    """

    name: str
    kind: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    _by_name: dict[str, State] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update((state.name, state) for state in self.states)
        for transition in self.transitions:
            for name in (transition.start, transition.to):
                if name not in self._by_name:
                    raise ValueError(f"The life cycle {self.name} has no state {name!r}.")

    @property
    def initial(self) -> State:
        """Where a record begins."""
        return self.states[0]

    def state(self, name: str) -> State:
        """The state of that name; raises :class:`~cmdb.errors.InvalidInput` with those there are.

        A label or a ServiceNow code (``In Progress``, ``2``) does as well.
        """
        wanted = name.strip().casefold().replace(" ", "_").replace("-", "_")
        for state in self.states:
            if wanted == state.name or name.strip() == str(state.code):
                return state
            if name.strip().casefold() == state.label.casefold():
                return state
        raise InvalidInput(
            f"{self.name} has no state {name!r}; there are {', '.join(self._by_name)}."
        )

    def phase(self, state: str) -> Phase:
        """The phase of a state; WAITING for one that the life cycle does not know."""
        found = self._by_name.get(state)
        return found.phase if found else Phase.WAITING

    def allowed(self, state: str) -> tuple[str, ...]:
        """Where a record in ``state`` can go, in the order of declaration."""
        return tuple(t.to for t in self.transitions if t.start == state)

    def transition(self, called: str, state: str, to: str) -> Transition:
        """The way from ``state`` to ``to`` for the record that people call ``called``.

        Raises :class:`~cmdb.errors.IllegalTransition` with what would be allowed.
        """
        for transition in self.transitions:
            if (transition.start, transition.to) == (state, to):
                return transition
        allowed = self.allowed(state)
        if not allowed:
            said = f"{state} is where it ends"
        else:
            said = f"from {state} it can go to {', '.join(allowed)}"
        already = f" It is {state} already." if state == to else ""
        raise IllegalTransition(
            f"{called} can't go from {state} to {to}: {said}.{already}", state, to, allowed
        )


def move(
    transition: Transition,
    called: str,
    properties: Mapping[str, Value],
    given: Values,
    now: datetime,
) -> dict[str, Value | None]:
    """What a record's properties become by a transition: ``given`` values with what the
    transition stamps, counts and clears. Only what changes is in it.

    Raises :class:`~cmdb.errors.InvalidInput` that names every required field without a value.
    """
    after: dict[str, Value | None] = dict.fromkeys(transition.clears)
    after.update(given)
    after["state"] = transition.to
    for name in transition.stamps:
        if properties.get(name) is None and after.get(name) is None:
            after[name] = format_time(now)
    for name in transition.restamps:
        if given.get(name) is None:
            after[name] = format_time(now)
    for name in transition.counts:
        count = properties.get(name, 0)
        after[name] = (count if isinstance(count, int) else 0) + 1
    merged = {**properties, **after}
    missing = [name for name in transition.requires if merged.get(name) in (None, "", [])]
    if missing:
        problems = [
            Problem(f"is needed to go from {transition.start} to {transition.to}", field=name)
            for name in missing
        ]
        raise InvalidInput(
            f"{called} can't go to {transition.to} yet: it lacks {', '.join(missing)}.", problems
        )
    return {name: value for name, value in after.items() if properties.get(name) != value}
