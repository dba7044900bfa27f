"""Which planned failures are in each other's way.

Several that overlap in time collide where they leave an item in a worse state together than any
fewer of them do. Nothing of that is guessed, and little of it is propagated: let M be the worst
state of every item over all that fewer do. If no gate puts out worse than its dependent has in M,
and no network judges worse, M is what all do together, for the states are a least fixpoint. So each
planned failure is propagated once, and then combinations only where a gate says so, or where they
have devices down in the same network. A gate can only say so if each of the combined reaches it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations

import msgspec

from cmdb.errors import InvalidInput, Problem
from impact.blast_radius import SERVICE_KINDS
from impact.cause_answer import CauseItem
from impact.collision_answer import Collision, Collisions, InsideRadius, WorseItem
from impact.estate import Estate
from impact.page import Page
from impact.propagate import propagate_all
from impact.states import State
from impact.window import Window

DEFAULT_LIMIT = 100
SHOWN = 20
"""Items of a collision that are listed."""
MOST_TESTS = 3_000_000
"""Meetings at a gate or network that are looked at, at most, for pairs and for triples."""
MOST_REACHED = 20_000_000
"""Items that all of them reach, at most, each counted for every planned failure: some gigabytes."""


class PlannedFailure(msgspec.Struct, frozen=True):
    """Items, by id, that are to fail as ``state`` in a window; ``name`` is that of the change.

    ``states`` has those of items that fail otherwise than as ``state``.
    """

    name: str
    items: tuple[str, ...]
    window: Window
    state: State = State.DOWN
    states: Mapping[str, State] = {}


Combination = tuple[int, ...]
"""Positions in the list of planned failures, sorted."""


def find_collisions(
    estate: Estate,
    planned: Iterable[PlannedFailure],
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
    triples: bool = True,
) -> Collisions:
    """All pairs that collide, and all triples unless told otherwise.

    ``limit`` and ``offset`` say what of the list is given. Raises
    :class:`~cmdb.errors.InvalidInput` for a negative limit or offset, two of the same name, one
    without items or with a window that does not end after it starts, and what
    :meth:`~impact.estate.Estate.position` raises; also where they reach more than
    ``MOST_REACHED`` items together. Costs a propagation each, and one for each combination that
    collides, or may because of a network.
    """
    page = Page(limit, offset)
    plans = sorted(planned, key=lambda plan: plan.name)
    _check(plans)
    search = _Search(estate, plans)
    search.find(2)
    if triples:
        search.find(3)
    overlapping = (pair for pair in search.met if search.window(pair) is not None)
    listed = {*search.worse, *overlapping}
    found = sorted((search.collision(c) for c in listed), key=_gravity)
    return Collisions(
        revision=estate.revision,
        as_of=estate.as_of,
        planned=len(plans),
        collisions=page.of(found),
        total=len(found),
        truncated=page.cuts(len(found)),
        incomplete=search.is_cut,
    )


def _check(plans: Sequence[PlannedFailure]) -> None:
    problems: list[Problem] = []
    for before, plan in zip((None, *plans), plans, strict=False):
        if before is not None and before.name == plan.name:
            problems.append(Problem("two planned failures have this name", field=plan.name))
        if not plan.items:
            problems.append(Problem("names no item that is to fail", field=plan.name))
        if plan.window.end <= plan.window.start:
            problems.append(
                Problem("has a window that does not end after it starts", field=plan.name)
            )
        if not {plan.state, *plan.states.values()} <= {State.DOWN, State.DEGRADED}:
            problems.append(Problem("an item can fail as down or degraded", field=plan.name))
    if problems:
        raise InvalidInput("The planned failures can't be compared.", problems)


def _gravity(found: Collision) -> tuple[int, int, int, tuple[str, ...]]:
    worst = max((State[w.together.upper()] for w in found.worse), default=State.UP)
    return -worst, -found.services, -found.worse_total, found.planned


@dataclass(slots=True)
class _Search:
    estate: Estate
    plans: Sequence[PlannedFailure]
    given: list[dict[int, State]] = field(default_factory=list)
    states: dict[Combination, dict[int, State]] = field(default_factory=dict)
    """What combinations do: each alone, and those that do more than their parts."""
    worse: dict[Combination, dict[int, State]] = field(default_factory=dict)
    """For combinations that do more than their parts: the items, and their states apart."""
    met: set[Combination] = field(default_factory=set)
    """Pairs that share items, or of which one works on what the other reaches."""
    is_cut: bool = False
    _at_gate: dict[int, dict[Combination, dict[int, State]]] = field(default_factory=dict)
    """Who affects members of a gate of several, and which: each alone, and pairs those that they
    make worse."""
    _in_network: dict[int, list[Combination]] = field(default_factory=lambda: defaultdict(list))
    """Who takes a device of a network down."""

    def __post_init__(self) -> None:
        at_item: dict[int, list[int]] = defaultdict(list)
        reached = 0
        for number, plan in enumerate(self.plans):
            given = {
                self.estate.position(item): plan.states.get(item, plan.state) for item in plan.items
            }
            states = propagate_all(self.estate, given)
            reached += len(states)
            if reached > MOST_REACHED:
                raise InvalidInput(self._too_many(number))
            self.given.append(given)
            self.states[number,] = states
            self._note((number,), states)
            for item in given:
                at_item[item].append(number)
        for number in range(len(self.plans)):
            states = self.states[number,]
            works_on: Iterable[int] = at_item if len(at_item) < len(states) else states
            for item in works_on:
                if item in states:
                    for other in at_item.get(item, ()):
                        if other != number:
                            self.met.add((min(number, other), max(number, other)))

    def _too_many(self, number: int) -> str:
        widest = max(range(number), key=lambda n: len(self.states[n,]), default=number)
        return (
            f"The first {number + 1} of {len(self.plans)} planned failures reach more than "
            f"{MOST_REACHED:,} items together, too many to be compared; leave out the widest, such "
            f"as {self.plans[widest].name!r}."
        )

    def _note(self, who: Combination, states: Mapping[int, State]) -> None:
        """Remember which gates and networks these reach, to find who meets there."""
        estate, topology = self.estate, self.estate.topology
        hit: dict[int, dict[int, State]] = defaultdict(dict)
        networks: set[int] = set()
        for item, state in states.items():
            for gate in estate.gates_with.get(item, ()):
                hit[gate][item] = state
            if state is State.DOWN and item in topology.devices:
                networks.add(topology.network_of[item])
        for gate, members in hit.items():
            if len(estate.gates[gate].members) > 1:
                self._at_gate.setdefault(gate, {})[who] = members
        for network in networks:
            self._in_network[network].append(who)

    def window(self, who: Combination) -> Window | None:
        """The time that is in all their windows; None where there is none."""
        windows = [self.plans[number].window for number in who]
        start, end = max(w.start for w in windows), min(w.end for w in windows)
        return Window(start, end) if start < end else None

    def find(self, size: int) -> None:
        """Let those combinations of that size fail together that do more than their parts."""
        wanted: set[Combination] = set()
        networks = ((None, who) for who in self._in_network.values())
        met = (
            (gate, combination)
            for gate, who in chain(networks, self._at_gate.items())
            for combination in _meeting([*who], size)
        )
        for number, (gate, combination) in enumerate(met):
            if number >= MOST_TESTS:
                self.is_cut = True
                break
            if combination in wanted or self.window(combination) is None:
                continue
            if gate is None or self._does_more(gate, combination):
                wanted.add(combination)
        for combination in sorted(wanted):
            self._let_fail(combination)

    def _parts(self, who: Combination) -> list[dict[int, State]]:
        """What any fewer of them do."""
        return [self.states[part] for part in _parts_of(who) if part in self.states]

    def _does_more(self, position: int, who: Combination) -> bool:
        """Whether the gate puts out worse than its dependent has in the worst of the parts."""
        gate, parts = self.estate.gates[position], self._parts(who)
        apart = max(part.get(gate.dependent, State.UP) for part in parts)
        if apart is State.DOWN:
            return False
        states: dict[int, State] = {}
        for hit in (self._at_gate[position].get(part, {}) for part in _parts_of(who)):
            for member, state in hit.items():
                states[member] = max(state, states.get(member, State.UP))
        weights = [gate.total, 0, 0, 0]
        for member, state in states.items():
            weight = gate.weight_of(member)
            weights[State.UP] -= weight
            weights[state] += weight
        broken = any(state >= State.DEGRADED for state in states.values())
        return gate.output(weights, broken=broken) > apart

    def _let_fail(self, who: Combination) -> None:
        given: dict[int, State] = {}
        for number in who:
            for item, state in self.given[number].items():
                given[item] = max(state, given.get(item, State.UP))
        together, parts = propagate_all(self.estate, given), self._parts(who)
        # Together nothing is better than in a part: what is in no part's state is in a worse one.
        new = together.items() - parts[0].items()
        for part in parts[1:]:
            new -= part.items()
        worse = {item: max(part.get(item, State.UP) for part in parts) for item, _ in sorted(new)}
        if worse:
            self.worse[who] = worse
            self.states[who] = together
            self._note(who, {item: together[item] for item in worse})

    def collision(self, who: Combination) -> Collision:
        """The row of the answer for a combination that overlaps."""
        estate, window = self.estate, self.window(who)
        assert window is not None
        worse = self.worse.get(who, {})
        rows = [self._worse(who, item) for item in worse]
        rows.sort(key=lambda w: (-State[w.together.upper()], w.kind, w.name, w.id))
        shared = self._shared(who) if len(who) == 2 else []
        inside = [*self._inside(*who), *self._inside(*who[::-1])] if len(who) == 2 else []
        return Collision(
            planned=tuple(self.plans[number].name for number in who),
            start=window.start,
            end=window.end,
            worse=tuple(rows[:SHOWN]),
            worse_total=len(rows),
            services=sum(any(estate.is_a(item, kind) for kind in SERVICE_KINDS) for item in worse),
            shared=tuple(shared[:SHOWN]),
            shared_total=len(shared),
            inside=tuple(inside[:SHOWN]),
            inside_total=len(inside),
        )

    def _worse(self, who: Combination, item: int) -> WorseItem:
        value, apart = self.estate.items[item], self.worse[who][item]
        together = self.states[who][item]
        return WorseItem(value.id, value.kind, value.name, apart.label, together.label)

    def _shared(self, who: Combination) -> list[CauseItem]:
        one, other = (self.given[number] for number in who)
        items = (self.estate.items[item] for item in sorted(one.keys() & other.keys()))
        return [CauseItem(item.id, item.kind, item.name) for item in items]

    def _inside(self, one: int, other: int) -> list[InsideRadius]:
        """What ``one`` works on and ``other`` reaches without working on it."""
        items, states = self.estate.items, self.states[other,]
        return [
            InsideRadius(
                id=items[item].id,
                kind=items[item].kind,
                name=items[item].name,
                planned_by=self.plans[one].name,
                hit_by=self.plans[other].name,
                state=states[item].label,
            )
            for item in sorted(self.given[one])
            if item not in self.given[other] and item in states
        ]


def _parts_of(who: Combination) -> Iterator[Combination]:
    """All combinations of fewer of them."""
    return (part for size in range(1, len(who)) for part in combinations(who, size))


def _meeting(who: Sequence[Combination], size: int) -> Iterator[Combination]:
    """The combinations of that size that those who meet at one place can make, some repeatedly."""
    alone = [combination[0] for combination in who if len(combination) == 1]
    yield from combinations(alone, size)
    pairs = [combination for combination in who if len(combination) == 2]
    if size > 2:
        for place, pair in enumerate(pairs):
            for number in alone:
                if number not in pair:
                    yield _united(pair, (number,))
            for other in pairs[place + 1 :]:
                if not {*pair}.isdisjoint(other):
                    yield _united(pair, other)


def _united(one: Combination, other: Combination) -> Combination:
    return tuple(sorted({*one, *other}))
