"""Gates: how much of what an item depends on must serve.

A gate has members (providers), each once and each with a weight, and the weight that must be
serving. Which links form a gate together is told in :func:`form_gates`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from cmdb.catalogue import Effect, ImpactDirection, Relation
from cmdb.items import Item, Link
from cmdb.items.value import Value
from impact.health import Finding
from impact.min_up import ONE, MinUp, exact, parse_min_up
from impact.states import State

MEMBER_OF = "MEMBER_OF"
POWERED_BY = "POWERED_BY"


class Form(StrEnum):
    """Why the links of a gate belong together."""

    CLUSTER = "cluster"
    """All MEMBER_OF of a cluster that name no gate."""
    NAMED = "named"
    """The links name the same gate."""
    POWER = "power"
    """All POWERED_BY of a device that name no gate."""
    SINGLE = "single"
    """One link to one provider."""
    STANDBY = "standby"
    """One link to a provider that fails over to others."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one dependent. Items and links are positions in the estate.

    Weights are whole numbers of ``1/scale``, so that sums and comparisons are exact. ``needed`` is
    at most ``total``. ``links[i]`` is the link that makes ``members[i]`` a member; in a standby
    gate it is the link to the primary for all, and ``standby_links`` are the FAILS_OVER_TO links.
    """

    dependent: int
    form: Form
    name: str
    members: tuple[int, ...]
    weights: tuple[int, ...]
    needed: int
    total: int
    scale: int
    soft: bool
    links: tuple[int, ...]
    standby_links: tuple[int, ...] = ()

    @property
    def label(self) -> str | None:
        """What to call it: its name, ``members``, ``feeds`` or ``standby``; None for one link."""
        match self.form:
            case Form.NAMED:
                return self.name
            case Form.CLUSTER:
                return "members"
            case Form.POWER:
                return "feeds"
            case Form.STANDBY:
                return "standby"
            case Form.SINGLE:
                return None

    def weight_of(self, member: int) -> int:
        """What a member weighs. O(log members)."""
        return self.weights[bisect_left(self.members, member)]

    def link_of(self, member: int) -> int:
        """The link that makes an item a member. O(log members)."""
        return self.links[bisect_left(self.members, member)]

    def shown(self, weight: int) -> int | float:
        """A weight of this gate as people gave it."""
        return weight // self.scale if weight % self.scale == 0 else weight / self.scale

    def weight_by_state(self, states: Mapping[int, State]) -> list[int]:
        """How much its members weigh in each state; items not in ``states`` are UP."""
        weights = [0, 0, 0, 0]
        for member, weight in zip(self.members, self.weights, strict=True):
            weights[states.get(member, State.UP)] += weight
        return weights

    def output(self, weight_by_state: Sequence[int], *, broken: bool) -> State:
        """What the gate does to its dependent.

        It is the best state such that the members in that state or better weigh at least what is
        needed. Should that be UP while some member is DEGRADED or DOWN (``broken``), it is AT_RISK.
        A soft gate puts it one step better.
        """
        best, weight = 0, weight_by_state[State.UP]
        while weight < self.needed:
            best += 1
            weight += weight_by_state[best]
        state = State.AT_RISK if best == State.UP and broken else State(best)
        return state.softened if self.soft else state


class Wire(NamedTuple):
    """A link that carries impact, from its provider to its dependent."""

    link: int
    provider: int
    dependent: int


@dataclass(slots=True)
class Standbys:
    """Who takes over for whom: the FAILS_OVER_TO links, walked transitively (rings included)."""

    _next: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    _known: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)

    def add(self, link: int, primary: int, standby: int) -> None:
        self._next[primary].append((standby, link))

    def primaries(self) -> list[int]:
        """The items that others take over for."""
        return list(self._next)

    def leading_to(self, items: Iterable[int]) -> set[int]:
        """These items and all that fail over to one of them. O(all standbys)."""
        before: dict[int, list[int]] = defaultdict(list)
        for primary, standbys in self._next.items():
            for standby, _ in standbys:
                before[standby].append(primary)
        found, waiting = set(items), [*items]
        while waiting:
            new = set(before.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return found

    def of(self, primary: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The primary with all its standbys, sorted, and the links behind it, sorted."""
        if primary not in self._next:
            return (primary,), ()
        if primary not in self._known:
            members, links, waiting = {primary}, set[int](), [primary]
            while waiting:
                for standby, link in self._next.get(waiting.pop(), ()):
                    links.add(link)
                    if standby not in members:
                        members.add(standby)
                        waiting.append(standby)
            self._known[primary] = tuple(sorted(members)), tuple(sorted(links))
        return self._known[primary]


def wire_ends(relation: Relation, from_end: int, to_end: int) -> tuple[int, int] | None:
    """(provider, dependent) of a link of that relation; None where it carries no impact."""
    if relation.effect is Effect.NONE:
        return None
    match relation.impact:
        case ImpactDirection.TO_FROM:
            return to_end, from_end
        case ImpactDirection.FROM_TO:
            return from_end, to_end
        case _:
            return None


def is_soft(relation: Relation, link: Link) -> bool:
    """Whether the loss of the provider merely degrades the dependent.

    The link says it, whatever its relation; a relation whose effect is DEGRADED
    (EXCHANGES_DATA_WITH) is always soft.
    """
    return relation.effect is Effect.DEGRADED or link.strength == "soft"


def form_gates(
    items: Sequence[Item],
    links: Sequence[Link],
    relations: Mapping[str, Relation],
    wires: Iterable[Wire],
    standbys: Standbys,
) -> tuple[list[Gate], list[Finding]]:
    """The gates of all dependents, sorted by dependent, and what was wrong with them.

    - Links of one dependent that name the same gate form one gate, whatever their relations. Where
      they give different ``min_up``, the one that asks for most counts. A provider that two of them
      lead to is one member, with the larger weight.
    - A link that names none is a gate of its own, except: all MEMBER_OF of a cluster form one gate
      (``min_up`` from the cluster's property), all POWERED_BY of a device form one gate of 1, and a
      link to a provider with FAILS_OVER_TO is a gate of 1 over the provider and all its standbys,
      each of weight 1.
    - These exceptions exclude one another, so standbys are not added to a named gate, nor to the
      gates of MEMBER_OF and POWERED_BY: those state their redundancy themselves.

    O(links), and for each link to a primary the number of its standbys.
    """
    groups: dict[GateKey, list[Wire]] = defaultdict(list)
    for wire in wires:
        groups[_key(wire, links[wire.link], standbys)].append(wire)
    former = GateFormer(items, links, relations, standbys)
    gates = [former.gate(*key, groups[key]) for key in sorted(groups)]
    return gates, former.findings


GateKey = tuple[int, Form, str]
"""What tells a gate from the others: its dependent, its form, and its name or its link's id."""


def _key(wire: Wire, link: Link, standbys: Standbys) -> GateKey:
    if link.gate is not None and link.gate.name:
        return wire.dependent, Form.NAMED, link.gate.name
    if link.relation == MEMBER_OF:
        return wire.dependent, Form.CLUSTER, ""
    if link.relation == POWERED_BY:
        return wire.dependent, Form.POWER, ""
    form = Form.STANDBY if len(standbys.of(wire.provider)[0]) > 1 else Form.SINGLE
    return wire.dependent, form, link.id


@dataclass(slots=True)
class GateFormer:
    """Makes gates of wires, and collects what is wrong with them."""

    items: Sequence[Item]
    links: Sequence[Link]
    relations: Mapping[str, Relation]
    standbys: Standbys
    findings: list[Finding] = field(default_factory=list)

    def gate(self, dependent: int, form: Form, name: str, wires: Sequence[Wire]) -> Gate:
        """The gate that these wires, which belong together, form."""
        soft = all(self._is_soft(wire.link) for wire in wires)
        if form is Form.STANDBY:
            return self._standby_gate(dependent, name, wires[0], soft)
        if form is Form.SINGLE:
            return self._single_gate(dependent, name, wires[0], soft)
        if all(self.links[wire.link].weight == 1 for wire in wires):
            return self._even_gate(dependent, form, name, wires, soft)
        members: dict[int, tuple[Fraction, int]] = {}
        for wire in self._in_order(wires):
            weight = self._weight(wire.link)
            if wire.provider not in members or weight > members[wire.provider][0]:
                members[wire.provider] = weight, wire.link
        order = sorted(members)
        weights = [members[member][0] for member in order]
        total = sum(weights, start=Fraction(0))
        needed = min(self._needed(dependent, form, name, wires, total), total)
        scale = math.lcm(needed.denominator, *(weight.denominator for weight in weights))
        return Gate(
            dependent=dependent,
            form=form,
            name=name,
            members=tuple(order),
            weights=tuple(int(weight * scale) for weight in weights),
            needed=int(needed * scale),
            total=int(total * scale),
            scale=scale,
            soft=soft,
            links=tuple(members[member][1] for member in order),
        )

    def _even_gate(
        self, dependent: int, form: Form, name: str, wires: Sequence[Wire], soft: bool
    ) -> Gate:
        """A gate whose members all weigh 1: nearly all of them, and no fractions to reckon with."""
        links: dict[int, int] = {}
        for wire in self._in_order(wires):
            links.setdefault(wire.provider, wire.link)
        order = tuple(sorted(links))
        count = len(order)
        total = Fraction(count)
        needed = min(self._needed(dependent, form, name, wires, total), total)
        scale = needed.denominator
        return Gate(
            dependent=dependent,
            form=form,
            name=name,
            members=order,
            weights=(scale,) * count,
            needed=int(needed * scale),
            total=count * scale,
            scale=scale,
            soft=soft,
            links=tuple(links[member] for member in order),
        )

    def _single_gate(self, dependent: int, name: str, wire: Wire, soft: bool) -> Gate:
        """Whatever the only member weighs, it is all there is, and all of it up to 1 is needed:
        only a weight of 0 makes a difference."""
        weight = 1 if self._weight(wire.link) else 0
        return Gate(
            dependent=dependent,
            form=Form.SINGLE,
            name=name,
            members=(wire.provider,),
            weights=(weight,),
            needed=weight,
            total=weight,
            scale=1,
            soft=soft,
            links=(wire.link,),
        )

    def _standby_gate(self, dependent: int, name: str, wire: Wire, soft: bool) -> Gate:
        members, standby_links = self.standbys.of(wire.provider)
        count = len(members)
        return Gate(
            dependent=dependent,
            form=Form.STANDBY,
            name=name,
            members=members,
            weights=(1,) * count,
            needed=1,
            total=count,
            scale=1,
            soft=soft,
            links=(wire.link,) * count,
            standby_links=standby_links,
        )

    def _in_order(self, wires: Sequence[Wire]) -> Sequence[Wire]:
        """The wires by id, where two of them have the same provider; else the order is all one."""
        if len({wire.provider for wire in wires}) == len(wires):
            return wires
        return sorted(wires, key=lambda wire: self.links[wire.link].id)

    def _is_soft(self, link: int) -> bool:
        return is_soft(self.relations[self.links[link].relation], self.links[link])

    def _weight(self, link: int) -> Fraction:
        given = self.links[link].weight
        if given == 1:
            return ONE.amount
        weight = exact(repr(given))
        if weight is None:
            item, link_id = self.links[link].from_id, self.links[link].id
            said = f"The weight {given!r} of the link {link_id} is no number from 0 up; 1 counts."
            self.findings.append(Finding("weight_invalid", item, said))
            return ONE.amount
        return weight

    def _needed(
        self, dependent: int, form: Form, name: str, wires: Sequence[Wire], total: Fraction
    ) -> Fraction:
        """What ``min_up`` asks for, with findings about what is wrong with it."""
        asked: list[Value]
        match form:
            case Form.NAMED:
                gates = (self.links[wire.link].gate for wire in wires)
                asked = list(dict.fromkeys(gate.min_up for gate in gates if gate is not None))
            case Form.CLUSTER if "min_up" in self.items[dependent].properties:
                asked = [self.items[dependent].properties["min_up"]]
            case _:
                return ONE.amount
        item = self.items[dependent]
        what = f"gate {name!r}" if form is Form.NAMED else "its members"
        who = f"{item.kind} {item.name!r} ({item.id}), {what}"
        needed = [self._min_up(item, who, value).weight(total) for value in asked]
        if len(set(needed)) > 1:
            listed = " and ".join(sorted(repr(value) for value in asked))
            said = f"{who}: its links give different min_up, {listed}; the largest counts."
            self.findings.append(Finding("min_up_conflict", item.id, said))
        if max(needed) > total:
            said = f"{who}: min_up asks for {_shown(max(needed))}, but all of it weighs "
            said += f"{_shown(total)}; all of it must serve."
            self.findings.append(Finding("min_up_above_total", item.id, said))
        return max(needed)

    def _min_up(self, item: Item, who: str, value: Value) -> MinUp:
        parsed = parse_min_up(value)
        if parsed is None:
            said = f"{who}: min_up {value!r} is no number from 0 up and no percentage like '50%'; "
            self.findings.append(Finding("min_up_invalid", item.id, f"{said}1 counts."))
            return ONE
        return parsed


def _shown(number: Fraction) -> str:
    return f"{float(number):g}"
