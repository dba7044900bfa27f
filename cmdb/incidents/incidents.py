"""The use cases of incident management."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cmdb.errors import InvalidInput, Refused
from cmdb.incidents import analysis as analysed
from cmdb.incidents.priority import DEFAULT_URGENCY, LEVELS, priority
from cmdb.incidents.view import IncidentView, RecordItem
from cmdb.items import Item, Value
from cmdb.items.value import format_time, parse_time
from cmdb.records.actor import Actor
from cmdb.records.authority import kept_by
from cmdb.records.lifecycle import Phase, Values
from cmdb.records.records import (
    Check,
    Edit,
    LinkTo,
    Step,
    edit_record,
    find_record,
    life_cycle,
    linked_items,
    open_record,
    state_of,
)
from cmdb.service import Cmdb
from impact import State

KIND = "Incident"
Items = tuple[RecordItem, ...]


async def open_incident(
    cmdb: Cmdb,
    actor: Actor,
    short_description: str,
    affects: Sequence[str] = (),
    *,
    values: Values | None = None,
    state: State = State.DOWN,
    alerts: Sequence[str] = (),
    parent: str | None = None,
    caused_by: Sequence[str] = (),
    checks: Sequence[Check] = (),
) -> Item:
    """Open an incident, from a person or from alerts, and analyse it.

    ``affects`` are ids, identifiers or unique names of CIs, ``alerts`` ids of alerts, whose items
    it affects as well. ``values`` are further properties; an ``impact`` among them is a person's
    word and wins over the computed one. ``state`` is how the items are taken to fail; ``checks``
    are made of what is stored when it is written. A few reads, however many alerts there are.
    """
    if not short_description.strip():
        raise InvalidInput("Say in a line what the incident is about.")
    items = [(await cmdb.find(text)).id for text in affects]
    stored = await cmdb.store.items(alerts)
    found = [stored[alert] for alert in alerts]
    items += await analysed.affected_by(cmdb, found)
    items = list(dict.fromkeys(items))
    link: list[LinkTo] = [("AFFECTS", item) for item in items]
    link += [("CAUSED_BY", (await cmdb.find(text)).id) for text in caused_by]
    link += [("RELATES_TO", alert.id) for alert in found]
    if parent is not None:
        link.append(("CHILD_OF", (await find_record(cmdb, parent, KIND)).id))
    given = {"short_description": short_description, **_manual(values or {})}
    given.setdefault("opened_at", format_time(datetime.now(UTC)))
    text = f"{short_description} {given.get('description') or ''}"
    began = _began(given, found)
    analysis = await analysed.analyse_incident(
        cmdb, items, found, state=state, text=text, began=began
    )
    if analysis is not None:
        given["analysis"] = analysed.stored(analysis)
        given["analysis_revision"] = analysis.revision
        given["impact_computed"] = analysis.impact
    return await open_record(
        cmdb, KIND, given, actor, link=link, checks=[*checks, prioritise], reason=short_description
    )


def _began(given: Values, alerts: Sequence[Item]) -> datetime | None:
    times = [given.get("opened_at"), *(alert.properties.get("started_at") for alert in alerts)]
    return min((parse_time(t) for t in times if isinstance(t, str)), default=None)


def _manual(values: Values) -> dict[str, Value | None]:
    """The values, with an impact kept apart as a person's word."""
    given = dict(values)
    if "impact" in given:
        given["impact_manual"] = given.pop("impact")
    for name in ("impact_computed", "priority", "analysis", "analysis_revision"):
        if name in given:
            raise InvalidInput(f"{name} is computed; set impact or urgency instead.")
    for name in ("impact_manual", "urgency"):
        level = given.get(name)
        if level is not None and level not in LEVELS:
            raise InvalidInput(f"The {name.removesuffix('_manual')} is 1 (high), 2 or 3 (low).")
    return given


async def prioritise(_: Cmdb, step: Step) -> None:
    """Set impact, urgency and priority from what the step's record will be: a manual impact wins
    over the computed one, and that over the one that an imported record came with."""
    merged = step.merged
    is_cleared = step.values.get("impact_manual", 0) is None
    came_with = 3 if is_cleared else merged.get("impact", 3)
    impact = merged.get("impact_manual", merged.get("impact_computed", came_with))
    urgency = merged.get("urgency", DEFAULT_URGENCY)
    if isinstance(impact, int) and isinstance(urgency, int):
        step.values.update(impact=impact, urgency=urgency, priority=priority(impact, urgency))


async def edit_incident(cmdb: Cmdb, incident: str, edit: Edit, actor: Actor) -> Item:
    """Move, edit or link an incident. A parent that is resolved or closed takes the children along
    that are where it was, each with a revision of its own; not those that another tool keeps.

    Raises what :func:`~cmdb.records.records.edit_record` raises.
    """
    found = await find_record(cmdb, incident, KIND)
    values = _manual(edit.values)
    cycle = life_cycle(found)
    to = cycle.state(edit.to).name if edit.to is not None else None
    if to == "resolved":
        values.setdefault("resolved_by", actor.name)
    made = Edit(to, values, edit.note, edit.link, edit.unlink, edit.expected, edit.reason)
    after = await edit_record(cmdb, found.id, made, actor, always=CHECKS)
    if to in ("resolved", "closed"):
        await _children(cmdb, after, to, actor)
    return after


async def _children(cmdb: Cmdb, parent: Item, to: str, actor: Actor) -> None:
    for child in await linked_items(cmdb, parent.id, "CHILD_OF", incoming=True):
        cycle = life_cycle(child) if child.kind == KIND else None
        if "state" in kept_by(child, cmdb.settings.record_sources):
            continue
        if cycle is None or to not in cycle.allowed(state_of(child, cycle)):
            continue
        said: Values = {
            name: parent.properties[name]
            for name in ("close_code", "close_notes")
            if to == "resolved" and name in parent.properties
        }
        reason = f"{child.name} goes the way of its parent {parent.name}"
        await edit_incident(cmdb, child.id, Edit(to, said, reason=reason), actor)


async def _reassigned(_: Cmdb, step: Step) -> None:
    """Count that the incident goes to another team than it was with."""
    before = step.record.properties.get("assignment_group")
    after = step.values.get("assignment_group", before)
    if before is not None and after != before:
        count = step.record.properties.get("reassignment_count", 0)
        step.values["reassignment_count"] = (count if isinstance(count, int) else 0) + 1


async def _major(_: Cmdb, step: Step) -> None:
    """Hold major incidents to their rules: proposed first, an owner to be accepted, a review to be
    closed."""
    before = step.record.properties.get("major_incident_state")
    after = step.values.get("major_incident_state", before)
    if after != before and after in ("accepted", "rejected") and before != "proposed":
        raise Refused(
            f"{step.record.name} can't be {after} as a major incident before it is proposed as one."
        )
    merged = step.merged
    if after == "accepted" and after != before and not merged.get("major_incident_owner"):
        raise InvalidInput(
            f"{step.record.name} needs a major_incident_owner to be accepted as a major incident."
        )
    closes = step.transition is not None and step.transition.to == "closed"
    if closes and after == "accepted" and not merged.get("review"):
        raise Refused(
            f"{step.record.name} is a major incident: it can be closed once its review is written "
            "(property review)."
        )


async def refresh_incident(
    cmdb: Cmdb, incident: str, actor: Actor, *, state: State | None = None
) -> Item:
    """Analyse an open incident again, where the estate has moved since; the impact follows.

    Writes nothing where nothing that people read has changed. Raises
    :class:`~cmdb.errors.Refused` for one that is over.
    """
    found = await find_record(cmdb, incident, KIND)
    cycle = life_cycle(found)
    if cycle.phase(state_of(found, cycle)) in (Phase.FINISHED, Phase.ENDED):
        raise Refused(f"{found.name} is {state_of(found, cycle)}; its analysis stays as it was.")
    before = analysed.read(found.properties.get("analysis"))
    given = state or (State.DEGRADED if before and before.state == "degraded" else State.DOWN)
    related = await linked_items(cmdb, found.id, "RELATES_TO")
    alerts = [item for item in related if item.kind == "Alert"]
    affected = [item.id for item in await linked_items(cmdb, found.id, "AFFECTS")]
    props = found.properties
    analysis = await analysed.analyse_incident(
        cmdb,
        affected,
        alerts,
        state=given,
        text=f"{props.get('short_description') or ''} {props.get('description') or ''}",
        began=_began(props, alerts),
        leave_out=found.id,
    )
    if analysis is None or (before is not None and analysed.is_same(before, analysis)):
        return found
    values: dict[str, Value | None] = {
        "analysis": analysed.stored(analysis),
        "analysis_revision": analysis.revision,
        "impact_computed": analysis.impact,
    }
    reason = f"analysis of {found.name} as of revision {analysis.revision}"
    edit = Edit(values=values, reason=reason)
    return await edit_record(cmdb, found.id, edit, actor, always=(prioritise,))


async def show_incident(cmdb: Cmdb, incident: str) -> IncidentView:
    """An incident with all that it is linked to and its last analysis. Three reads."""
    found = await find_record(cmdb, incident, KIND)
    links = [k for k in await cmdb.store.links([found.id]) if k.status != "retired"]
    ends = await cmdb.store.items({i for k in links for i in (k.from_id, k.to_id)} - {found.id})

    def others(relation: str, kinds: tuple[str, ...] = (), *, incoming: bool = False) -> Items:
        at = [k.from_id if incoming else k.to_id for k in links if k.relation == relation]
        rows = [ends[i] for i in at if i in ends and (not kinds or ends[i].kind in kinds)]
        rows.sort(key=lambda item: (item.name, item.id))
        return tuple(RecordItem(item.id, item.kind, item.name) for item in rows)

    def related(kind: str) -> Items:
        return tuple(
            sorted(
                {*others("RELATES_TO", (kind,)), *others("RELATES_TO", (kind,), incoming=True)},
                key=lambda row: (row.name, row.id),
            )
        )

    cycle = life_cycle(found)
    state = state_of(found, cycle)
    shown = {n: v for n, v in found.properties.items() if n != "analysis"}
    return IncidentView(
        id=found.id,
        number=found.name,
        state=state,
        next_states=cycle.allowed(state),
        revision=found.revision,
        properties=dict(shown),
        affected=others("AFFECTS"),
        caused_by=others("CAUSED_BY"),
        alerts=related("Alert"),
        parents=others("CHILD_OF"),
        children=others("CHILD_OF", incoming=True),
        problems=related("Problem"),
        fixed_by=others("FIXED_BY"),
        analysis=analysed.read(found.properties.get("analysis")),
    )


CHECKS: tuple[Check, ...] = (_reassigned, _major, prioritise)
"""What is looked at whatever happens to an incident."""
