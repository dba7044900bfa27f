"""The blast radius of a failure: the whole answer, put together from an analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from impact.analysis import Analysis, analyse
from impact.answer import (
    Affected,
    Because,
    BlastRadius,
    Counts,
    GateHeld,
    OwnerReached,
    ServiceReached,
    Totals,
)
from impact.estate import OWNER_RELATIONS, Estate
from impact.page import Page
from impact.propagate import Sifted, at_least, count_at_least
from impact.states import State
from impact.weak_evidence import weak_places, weak_rows
from impact.without_weak import without_weak_evidence

SERVICE_KINDS = ("ServiceInstance", "ServiceOffering", "BusinessService", "BusinessCapability")
CRITICALITIES = ("critical", "high", "medium", "low")
CONTACTS = ("on_call", "phone", "email")
DEFAULT_LIMIT = 1000


def blast_radius(
    estate: Estate,
    failed: Iterable[str] | Mapping[str, State],
    state: State = State.DOWN,
    *,
    limit: int | None = DEFAULT_LIMIT,
) -> BlastRadius:
    """What the failure of these items hits. Raises what :func:`~impact.analysis.analyse` raises.

    ``limit`` cuts each list; None gives all. Every affected item comes with its whole path, so all
    of a chain of n items is of the order of n squared.
    """
    return answer(analyse(estate, failed, state), limit=limit)


def answer(
    analysis: Analysis,
    *,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
    second_run: bool = False,
) -> BlastRadius:
    """The blast radius of an analysis. Raises :class:`~cmdb.errors.InvalidInput` for a negative
    ``limit`` or ``offset``, which say what of each list is given: see :class:`~impact.page.Page`.

    ``second_run`` also answers whether it would differ without its weak evidence, if it has any:
    see :func:`~impact.without_weak.without_weak_evidence`.
    """
    page = Page(limit, offset)
    end = page.end
    estate = analysis.estate
    held = gates_held(analysis)
    services = services_among(estate, analysis.states)
    owners = owners_reached(analysis)
    weak = weak_places(analysis)
    lengths = [len(part) for part in (analysis.states, held, services, owners)] + [weak.total]
    truncated = page.cuts(*lengths)
    down = count_at_least(analysis.states, State.DOWN)
    return BlastRadius(
        revision=estate.revision,
        as_of=estate.as_of,
        failed=tuple(estate.items[item].id for item in analysis.given),
        affected=tuple(affected(analysis, item) for item in analysis.first_affected(end)[offset:]),
        gates_held=tuple(held.first(end)[offset:]),
        services=tuple(services_reached(analysis, end)[offset:]),
        owners=page.of(owners),
        weak_evidence=tuple(weak_rows(estate, weak, end)[offset:]),
        counts=Counts(
            down=down,
            degraded=count_at_least(analysis.states, State.DEGRADED) - down,
            at_risk=len(analysis.states) - count_at_least(analysis.states, State.DEGRADED),
        ),
        truncated=truncated,
        totals=Totals(*lengths) if truncated else None,
        without_weak_evidence=(
            without_weak_evidence(analysis, weak, limit=limit, offset=offset)
            if second_run
            else None
        ),
    )


def affected(analysis: Analysis, item: int) -> Affected:
    """The answer's row for the affected item at that position. O(its distance)."""
    items = analysis.estate.items
    value = items[item]
    return Affected(
        id=value.id,
        kind=value.kind,
        name=value.name,
        state=analysis.states[item].label,
        distance=analysis.reasons.distance(item),
        because=because(analysis, item),
        path=tuple(items[step].id for step in analysis.path(item)),
    )


def because(analysis: Analysis, item: int) -> Because | None:
    """The last step towards an affected item; None where its own failure was given."""
    estate, reason = analysis.estate, analysis.reasons[item]
    if reason.source is None or reason.link is None:
        return None
    return Because(
        link=estate.links[reason.link].id,
        from_id=estate.items[reason.source].id,
        gate=None if reason.gate is None else estate.gates[reason.gate].label,
        devices=tuple(estate.items[d].id for d in sorted(analysis.borders.get(item, ()))),
    )


@dataclass(frozen=True)
class HeldGates:
    """The gates that lost members and still have what they need: what each could lose as well, its
    position, and what of it serves."""

    analysis: Analysis
    found: Sequence[tuple[int | float, int, int]]

    def __len__(self) -> int:
        return len(self.found)

    def first(self, limit: int | None = None) -> list[GateHeld]:
        """Those with the smallest margin first, then by kind, name and id of the dependent, and the
        gate's name."""
        estate = self.analysis.estate

        def order(row: tuple[int | float, int, int]) -> tuple[object, ...]:
            gate = estate.gates[row[1]]
            return row[0], *estate.label_of(gate.dependent), gate.label or gate.name, gate.members

        rows = nsmallest(len(self.found) if limit is None else limit, self.found, key=order)
        return [self._row(*row) for row in rows]

    def _row(self, margin: float, at: int, serving: int) -> GateHeld:
        analysis, estate = self.analysis, self.analysis.estate
        gate = estate.gates[at]
        kind, name, dependent = estate.label_of(gate.dependent)
        failed = (m for m in gate.members if analysis.state(m) >= State.DEGRADED)
        return GateHeld(
            id=dependent,
            kind=kind,
            name=name,
            gate=gate.label or gate.name,
            up=gate.shown(serving),
            needed=gate.shown(gate.needed),
            total=gate.shown(gate.total),
            margin=margin,
            failed=tuple(estate.label_of(member)[2] for member in failed),
        )


def gates_held(analysis: Analysis) -> HeldGates:
    """The gates of more than one member that held."""
    estate, states = analysis.estate, analysis.states
    if estate.version is not None and isinstance(states, Sifted):
        from impact.columns.among import held_gates

        return HeldGates(analysis, held_gates(estate.version, states.column(State.DEGRADED)))
    broken = at_least(states, State.DEGRADED)
    found: list[tuple[int | float, int, int]] = []
    for at in {at for item in broken for at in estate.gates_with.get(item, ())}:
        gate = estate.gates[at]
        weights = gate.weight_by_state(states)
        serving = weights[State.UP] + weights[State.AT_RISK]
        if len(gate.members) > 1 and serving >= gate.needed:
            found.append((gate.shown(serving - gate.needed), at, serving))
    return HeldGates(analysis, found)


def services_reached(analysis: Analysis, limit: int | None = None) -> list[ServiceReached]:
    """The affected services, all or the first of them: the worst state first, then by criticality,
    and as ``affected``."""
    estate, states, distance = analysis.estate, analysis.states, analysis.reasons.distance
    rank = {name: place for place, name in enumerate(CRITICALITIES)}

    def order(item: int) -> tuple[int, int, int, str, str, str]:
        grave = rank.get(estate.text_of(item, "criticality") or "", len(rank))
        return -states[item], grave, distance(item), *estate.label_of(item)

    reached = services_among(estate, states)
    first = nsmallest(len(reached) if limit is None else limit, reached, key=order)
    found: list[ServiceReached] = []
    for item in first:
        kind, name, id_ = estate.label_of(item)
        criticality = estate.text_of(item, "criticality")
        state = states[item].label
        found.append(ServiceReached(id_, kind, name, state, distance(item), criticality))
    return found


def services_among(
    estate: Estate, states: Mapping[int, State], worst: State = State.AT_RISK
) -> list[int]:
    """The services that are in this state or a worse one."""
    kinds = service_kinds(estate)
    if estate.version is not None and isinstance(states, Sifted):
        from impact.columns.among import of_kinds

        return of_kinds(estate.version, states.column(worst), kinds)
    return [item for item in at_least(states, worst) if estate.kind_of(item) in kinds]


def service_kinds(estate: Estate) -> set[str]:
    """The kinds of the estate's items that are services."""
    return {
        kind for kind, line in estate.lineages.items() if not set(line).isdisjoint(SERVICE_KINDS)
    }


def owners_reached(analysis: Analysis) -> list[OwnerReached]:
    """Who owns or supports an affected item: the worst state first, then who has most of them."""
    estate = analysis.estate
    counts: dict[int, Counter[str]] = {}
    worst: dict[int, State] = {}
    for link, item in _owner_links(analysis):
        owner = estate.ends[link][1]
        counts.setdefault(owner, Counter())[estate.links[link].relation] += 1
        worst[owner] = max(worst.get(owner, State.UP), analysis.states[item])

    def order(owner: int) -> tuple[int, int, str, str, str]:
        return -worst[owner], -counts[owner].total(), *estate.label_of(owner)

    return [
        OwnerReached(
            id=estate.items[owner].id,
            kind=estate.items[owner].kind,
            name=estate.items[owner].name,
            state=worst[owner].label,
            owns=counts[owner]["OWNED_BY"],
            supports=counts[owner]["SUPPORTED_BY"],
            contact=next((c for c in (estate.text_of(owner, n) for n in CONTACTS) if c), None),
        )
        for owner in sorted(counts, key=order)
    ]


def _owner_links(analysis: Analysis) -> list[tuple[int, int]]:
    """The links from affected items to who owns or supports them, with the item."""
    estate = analysis.estate
    if estate.version is not None:
        from impact.columns.among import links_from

        return links_from(estate.version, analysis.states, OWNER_RELATIONS)
    return [
        (link, item)
        for item in analysis.states
        for link in estate.links_at.get(item, ())
        if estate.links[link].relation in OWNER_RELATIONS and estate.ends[link][0] == item
    ]
