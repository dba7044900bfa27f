"""A blast radius as a picture that can be read: few boxes, siblings collapsed into stacks.

What makes a picture readable is the number of its boxes, whatever draws it. So siblings are
collapsed here, by rules that always give the same picture of the same analysis.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from cmdb.errors import InvalidInput
from impact.analysis import Analysis
from impact.states import State, StateName

MOST_BOXES = 60
"""As many boxes as read well in a window."""
MOST_CAUSES = 200
"""As many failed items keep a box of their own; of more, those alike are collapsed as well."""
FEWEST_BOXES = 40
"""What the rules can always come down to: a stack for each state, and business services."""
OPENED_WHOLE = 25
"""An opened stack of up to so many shows all its items at once; a larger one some and a stack."""
OPENED_FIRST = 10
SERVICES_APART = 10
"""Business services of each state that are never collapsed."""

LAYERS = ("facility", "network", "compute", "platform", "delivery", "business")
"""From the lowest: what many people never look at is collapsed first."""


class Box(msgspec.Struct, frozen=True):
    """One item, or a stack of ``count`` items in one state.

    ``id`` is the item's, or that of the stack, which is the same as long as its members are.
    ``kind`` is None where a stack mixes kinds, ``members`` are the ids by kind and name.
    ``distance`` is that of the nearest member to what failed; None for what is up and is shown
    because it holds a gate. ``cause`` says that the item was given as failed.
    """

    id: str
    label: str
    kind: str | None
    state: StateName
    count: int
    members: tuple[str, ...]
    distance: int | None
    cause: bool


class BoxEdge(msgspec.Struct, frozen=True):
    """How a failure gets from one box to another: ``count`` links of one relation between them."""

    from_id: str = msgspec.field(name="from")
    to_id: str = msgspec.field(name="to")
    relation: str
    count: int


class Picture(msgspec.Struct, frozen=True):
    """Every affected item in exactly one box, and the healthy members of gates that were hit.

    ``boxes`` are sorted by distance, worst state, kind, label and first id; ``edges`` as the boxes
    at both ends.
    """

    boxes: tuple[Box, ...]
    edges: tuple[BoxEdge, ...]


def picture(analysis: Analysis, *, most: int = MOST_BOXES, opened: Iterable[str] = ()) -> Picture:
    """The picture of an analysis with at most ``most`` boxes, not counting those of what failed
    unless more than 200 items did: then these are collapsed as well, apart from the rest.

    The stacks with an id among ``opened`` are split into what is in them, and the rest stays as it
    was; ids that no box has (any more) are passed over. Raises
    :class:`~cmdb.errors.InvalidInput` for fewer than 40 boxes. O(items and links shown) for each
    of some twenty rules, and n log n in the items.
    """
    if most < FEWEST_BOXES:
        raise InvalidInput(f"A picture needs room for {FEWEST_BOXES} boxes or more, not {most}.")
    drawing = _Drawing(analysis)
    drawing.causes_collapse = len(analysis.given) > MOST_CAUSES
    limit = most + (0 if drawing.causes_collapse else len(analysis.given))
    for rule in _rules(drawing):
        drawing.collapse(rule, limit)
    drawing.open(frozenset(opened))
    return drawing.picture()


@dataclass(eq=False, slots=True)
class _Stack:
    """A box in the making; ``members`` are positions in the estate."""

    members: list[int]
    kind: str | None
    state: State
    layer: str
    cause: bool
    service: bool


_Key = Callable[[_Stack], Hashable]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Stacks with the same key become one where they have ``least`` items or more together; those
    without a key (None) stay as they are. ``services`` is for business services alone."""

    key: _Key
    least: int = 3
    services: bool = False


class _Drawing:
    """The boxes of one picture while they are collapsed."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.estate = analysis.estate
        self.links = sorted(set(_shown_links(analysis)))
        ends = {end for a, b, _ in self.links for end in (a, b)}
        self.stacks = [self._single(item) for item in sorted(ends | analysis.states.keys())]
        self.causes_collapse = False
        self.incoming: Mapping[_Stack, frozenset[Hashable]] = {}
        self.outgoing: Mapping[_Stack, frozenset[Hashable]] = {}

    def _single(self, item: int) -> _Stack:
        estate = self.estate
        kind = estate.items[item].kind
        declared = estate.catalogue.kinds.get(kind)
        return _Stack(
            members=[item],
            kind=kind,
            state=self.analysis.state(item),
            layer=declared.layer if declared else "",
            cause=item in self.analysis.given,
            service=estate.is_a(item, "BusinessService"),
        )

    def collapse(self, rule: _Rule, limit: int) -> None:
        """Merge what the rule finds alike, the largest groups first, until few enough are left."""
        if len(self.stacks) <= limit:
            return
        self._look_around()
        groups: dict[Hashable, list[_Stack]] = defaultdict(list)
        for stack in self.stacks:
            fits = self.causes_collapse or not stack.cause
            key = rule.key(stack) if fits and stack.service == rule.services else None
            if key is not None:
                groups[stack.cause, key].append(stack)
        left = len(self.stacks)
        merged: dict[_Stack, _Stack] = {}
        for group in sorted(groups.values(), key=lambda g: (-len(g), g[0].members[0])):
            if left <= limit:
                break
            if len(group) > 1 and sum(len(stack.members) for stack in group) >= rule.least:
                into = _merged(group)
                merged.update(dict.fromkeys(group, into))
                left -= len(group) - 1
        self.stacks = list(dict.fromkeys(merged.get(stack, stack) for stack in self.stacks))

    def _look_around(self) -> None:
        """Note for every stack what leads to it and where it leads to."""
        holder = self._holder()
        incoming: dict[_Stack, set[Hashable]] = defaultdict(set)
        outgoing: dict[_Stack, set[Hashable]] = defaultdict(set)
        for start, end, relation in self.links:
            one, other = holder[start], holder[end]
            if one is not other:
                outgoing[one].add((other, relation))
                incoming[other].add((one, relation))
        self.incoming = {stack: frozenset(incoming[stack]) for stack in self.stacks}
        self.outgoing = {stack: frozenset(outgoing[stack]) for stack in self.stacks}

    def _holder(self) -> dict[int, _Stack]:
        return {item: stack for stack in self.stacks for item in stack.members}

    def cluster(self, stack: _Stack) -> int | None:
        """The cluster that all members of the stack belong to, the first by id; or None."""
        clusters = [set(self._clusters(item)) for item in stack.members]
        return min(set.intersection(*clusters), default=None)

    def _clusters(self, item: int) -> Iterator[int]:
        estate = self.estate
        for link in estate.links_at.get(item, ()):
            start, end = estate.ends[link]
            if start == item and estate.links[link].relation == "MEMBER_OF":
                yield end

    def open(self, ids: frozenset[str]) -> None:
        """Split the stacks with these ids, and those that this brings up."""
        found = [s for s in self.stacks if len(s.members) > 1 and self._id(s) in ids]
        while found:
            for stack in found:
                self.stacks.remove(stack)
                self.stacks += self._split(stack)
            found = [s for s in self.stacks if len(s.members) > 1 and self._id(s) in ids]

    def _split(self, stack: _Stack) -> list[_Stack]:
        members = self._sorted(stack.members)
        apart = len(members) if len(members) <= OPENED_WHOLE else OPENED_FIRST
        parts = [self._single(item) for item in members[:apart]]
        if rest := [self._single(item) for item in members[apart:]]:
            parts.append(_merged(rest))
        return parts

    def _sorted(self, members: Iterable[int]) -> list[int]:
        items = self.estate.items
        return sorted(members, key=lambda m: (items[m].kind, items[m].name, items[m].id))

    def _id(self, stack: _Stack) -> str:
        ids = sorted(self.estate.items[item].id for item in stack.members)
        if len(ids) == 1:
            return ids[0]
        return "stack:" + blake2b("\n".join(ids).encode(), digest_size=10).hexdigest()

    def picture(self) -> Picture:
        """The picture of the stacks as they are."""
        boxes = {stack: self._box(stack) for stack in self.stacks}
        order = sorted(boxes, key=lambda stack: (*_place(boxes[stack]), stack.members[0]))
        place = {item: at for at, stack in enumerate(order) for item in stack.members}
        counts = Counter(
            (place[start], place[end], relation)
            for start, end, relation in self.links
            if place[start] != place[end]
        )
        edges = (
            BoxEdge(boxes[order[start]].id, boxes[order[end]].id, relation, count)
            for (start, end, relation), count in sorted(counts.items())
        )
        return Picture(tuple(boxes[stack] for stack in order), tuple(edges))

    def _box(self, stack: _Stack) -> Box:
        members = self._sorted(stack.members)
        count = len(members)
        if count == 1:
            label = self.estate.items[members[0]].name
        else:
            label = f"{count} {stack.kind}" if stack.kind else f"{count} items"
        reasons = self.analysis.reasons
        away = [reasons[item].distance for item in members if item in reasons]
        return Box(
            id=self._id(stack),
            label=label,
            kind=stack.kind,
            state=stack.state.label,
            count=count,
            members=tuple(self.estate.items[item].id for item in members),
            distance=min(away, default=None),
            cause=stack.cause,
        )


def _place(box: Box) -> tuple[float, int, str, str]:
    away = math.inf if box.distance is None else box.distance
    return away, -State[box.state.upper()], box.kind or "", box.label


def _merged(group: list[_Stack]) -> _Stack:
    kinds, layers = {stack.kind for stack in group}, {stack.layer for stack in group}
    return _Stack(
        members=sorted(item for stack in group for item in stack.members),
        kind=group[0].kind if len(kinds) == 1 else None,
        state=group[0].state,
        layer=group[0].layer if len(layers) == 1 else "",
        cause=group[0].cause,
        service=group[0].service,
    )


def _rules(drawing: _Drawing) -> Iterator[_Rule]:
    """What is collapsed, the least loss first. The last leaves one stack for each state."""
    for _ in range(2):
        yield _Rule(lambda s: (s.kind, s.state, drawing.incoming[s], drawing.outgoing[s]))
        yield _Rule(lambda s: _with(drawing.cluster(s), s.kind, s.state))
        yield _Rule(lambda s: _with(drawing.outgoing[s] or None, s.kind, s.state))
        yield _Rule(lambda s: _with(drawing.incoming[s] or None, s.kind, s.state))
    yield _Rule(lambda s: s.kind if s.state is State.UP else None)
    for layer in (*LAYERS[:-1], None):
        yield _Rule(lambda s, layer=layer: _in_layer(s, layer, (s.kind, s.state)))  # type: ignore[misc]  # mypy can't infer a default's type in a lambda
    for layer in (*LAYERS[:-1], None):
        yield _Rule(lambda s, layer=layer: _in_layer(s, layer, s.state))  # type: ignore[misc]  # as above
    apart = _services_apart(drawing)
    yield _Rule(lambda s: s.state if s.members[0] not in apart else None, services=True)
    yield _Rule(lambda s: s.state, least=2)


def _with(found: Hashable, *rest: Hashable) -> Hashable:
    return None if found is None else (found, *rest)


def _in_layer(stack: _Stack, layer: str | None, key: Hashable) -> Hashable:
    """The key where the stack is of that layer; None stands for all layers without a place."""
    named = stack.layer if stack.layer in LAYERS[:-1] else None
    return (layer, key) if named == layer else None


def _services_apart(drawing: _Drawing) -> frozenset[int]:
    """The first services of each state, which stay boxes of their own."""
    by_state: dict[State, list[int]] = defaultdict(list)
    for item in drawing.analysis.affected:
        if drawing.estate.is_a(item, "BusinessService"):
            by_state[drawing.analysis.state(item)].append(item)
    return frozenset(item for items in by_state.values() for item in items[:SERVICES_APART])


def _shown_links(analysis: Analysis) -> Iterator[tuple[int, int, str]]:
    """Every (provider, dependent, relation) over which an affected item is hit or held."""
    estate = analysis.estate
    for item in analysis.states:
        for position in estate.gates_of.get(item, ()):
            gate = estate.gates[position]
            broken = any(analysis.state(m) >= State.DEGRADED for m in gate.members)
            for member, link in zip(gate.members, gate.links, strict=True):
                if broken or member in analysis.states:
                    yield member, item, estate.links[link].relation
        reason = analysis.reasons[item]
        if reason.how == "network" and reason.link is not None:
            relation = estate.links[reason.link].relation
            for device in _devices(analysis, item):
                yield device, item, relation


def _devices(analysis: Analysis, item: int) -> Iterable[int]:
    """The failed network devices that an item's network state comes from."""
    if analysis.states[item] is State.DOWN:
        return analysis.borders[item]
    beside = analysis.estate.topology.beside[item]
    return {device for device, _ in beside if analysis.state(device) is State.DOWN}
