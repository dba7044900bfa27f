"""What the graph and the calendar say of a change: impact, risk, conflicts, and who must agree."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from cmdb.changes.actions import actions_of, failures
from cmdb.changes.conflicts import (
    Planned,
    collision_evidence,
    conflicts,
    implementer,
    window_of,
)
from cmdb.changes.policy import policy_of
from cmdb.changes.view import AssessmentMoved, ChangeAnalysis, Conflict
from cmdb.items import Item
from cmdb.risk import assess_analysis
from cmdb.service import Cmdb
from impact import analyse, answer
from impact.answer import BlastRadius, Counts
from impact.render import sentence
from impact.risk import Risk

SHOWN_SERVICES = 50
SHOWN_GATES = 20
NO_IMPACT = "Nothing that it works on stops serving while it is made."


async def analyse_change(cmdb: Cmdb, change: Item, items: Sequence[Item]) -> ChangeAnalysis:
    """The analysis of a change, as its properties stand, that works on these items.

    Without a window nothing is known to be in its way. A few reads for the calendar, a propagation
    for it and for each change that overlaps it, and the risk's own.
    """
    estate = await cmdb.estate()
    actions = actions_of(change, items)
    failing = {i: s for i, s in failures(actions).items() if i in estate.index}
    unknown = sorted(i for i in failures(actions) if i not in estate.index)
    span = window_of(change.properties)
    impact: BlastRadius | None = None
    reached: list[str] = []
    analysis = await asyncio.to_thread(analyse, estate, failing) if failing else None
    if analysis is not None:
        impact = await asyncio.to_thread(answer, analysis, limit=None)
        reached = [service.id for service in impact.services]
    found: list[Conflict] = []
    if span is not None:
        who = implementer(change.properties)
        me = Planned(change.name or "this change", span, actions, who)
        found = await conflicts(cmdb, estate, me, reached, change.id)
    risk: Risk | None = None
    if analysis is not None:
        risk = await assess_analysis(
            cmdb, analysis, span, collision_evidence(found) if span else None
        )
    return _made(cmdb, change, estate.revision, impact, risk, found, unknown)


def _made(
    cmdb: Cmdb,
    change: Item,
    revision: int,
    impact: BlastRadius | None,
    risk: Risk | None,
    found: Sequence[Conflict],
    unknown: Sequence[str],
) -> ChangeAnalysis:
    score = risk.total if risk is not None else 0.0
    services = impact.services if impact is not None else ()
    change_type = str(change.properties.get("change_type") or "normal")
    down = sum(service.state == "down" for service in services)
    ruling = policy_of(cmdb).rule_on(change_type, score, found, down)
    return ChangeAnalysis(
        revision=revision,
        computed_at=datetime.now(UTC),
        sentence=sentence(impact) if impact is not None else NO_IMPACT,
        counts=impact.counts if impact is not None else Counts(0, 0, 0),
        services=services[:SHOWN_SERVICES],
        services_total=len(services),
        gates_held=impact.gates_held[:SHOWN_GATES] if impact is not None else (),
        risk=ruling.risk,
        risk_score=score,
        risk_factors=risk.factors if risk is not None else (),
        conflicts=tuple(found),
        ruling=ruling,
        unknown=tuple(unknown),
    )


def moved(before: ChangeAnalysis, after: ChangeAnalysis) -> AssessmentMoved | None:
    """What the later analysis says otherwise; None where it says the same of services, risk and
    conflicts."""
    old = {s.id: (s.kind, s.name, s.state) for s in before.services}
    new = {s.id: (s.kind, s.name, s.state) for s in after.services}
    told = {c.sentence for c in before.conflicts}, {c.sentence for c in after.conflicts}
    found = AssessmentMoved(
        since_revision=before.revision,
        risk_before=before.risk_score,
        risk_after=after.risk_score,
        class_before=before.risk,
        class_after=after.risk,
        services_gained=_differing(new, old),
        services_lost=_differing(old, new),
        conflicts_gained=tuple(c.sentence for c in after.conflicts if c.sentence not in told[0]),
        conflicts_gone=tuple(c.sentence for c in before.conflicts if c.sentence not in told[1]),
    )
    lists = (found.services_gained, found.services_lost, found.conflicts_gained)
    same_risk = found.risk_before == found.risk_after and found.class_before == found.class_after
    return None if same_risk and not any((*lists, found.conflicts_gone)) else found


def _differing(
    these: Mapping[str, tuple[str, str, str]], those: Mapping[str, tuple[str, str, str]]
) -> tuple[str, ...]:
    rows = (row for item, row in these.items() if those.get(item) != row)
    return tuple(sorted(f"{kind} {name} {state.replace('_', ' ')}" for kind, name, state in rows))


def stored(analysis: ChangeAnalysis) -> str:
    """The analysis as a property holds it."""
    return msgspec.json.encode(analysis).decode()


def read(text: object) -> ChangeAnalysis | None:
    """The analysis that a property holds; None where it holds none, or one of another version."""
    if not isinstance(text, str):
        return None
    try:
        return msgspec.json.decode(text, type=ChangeAnalysis)
    except msgspec.MsgspecError:
        return None
