"""What the transitions of changes look at before they let a change pass, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from cmdb.changes import analysis as analysed
from cmdb.changes import approvals
from cmdb.changes.actions import actions_of
from cmdb.changes.conflicts import COMMITTED, forbidding_now, window_of
from cmdb.changes.models import PreAuthorised, model
from cmdb.changes.policy import policy_of
from cmdb.changes.view import ChangeAnalysis
from cmdb.errors import InvalidInput, Problem, Refused
from cmdb.items import Item, ItemStatus
from cmdb.items.value import parse_time
from cmdb.records.records import Check, Step, linked_items
from cmdb.service import Cmdb

OUTCOMES = ("successful", "successful_issues", "failed", "backed_out")
_CRITICALITIES = ("low", "medium", "high", "critical")
WAITING = ("authorize", "scheduled")
"""The states in which a change has approvals to wait for."""


def as_it_will_be(step: Step) -> Item:
    """The change with the properties that the step gives it."""
    return msgspec.structs.replace(step.record, properties=step.merged)


async def items_changed(cmdb: Cmdb, step: Step) -> list[Item]:
    """What the change of a step works on, as stored."""
    return await linked_items(cmdb, step.record.id, "CHANGES") if step.record.id else []


async def analysis_of(cmdb: Cmdb, step: Step) -> ChangeAnalysis:
    """The analysis of the change as the step makes it; computed anew, and put into the step where
    it says something else than what is stored.

    Where a change waits for approvals or has them, those that its risk now asks for are added.
    """
    if isinstance(known := step.known.get("analysis"), ChangeAnalysis):
        return known
    record = as_it_will_be(step)
    found = await analysed.analyse_change(cmdb, record, await items_changed(cmdb, step))
    before = analysed.read(record.properties.get("assessment"))
    moved = analysed.moved(before, found) if before is not None else None
    if before is not None and moved is None and before.ruling == found.ruling:
        found = before
    else:
        found = msgspec.structs.replace(found, moved=moved)
        step.values.update(
            assessment=analysed.stored(found),
            assessment_revision=found.revision,
            risk=found.risk,
            risk_score=found.risk_score,
            cab_required="cab" in found.ruling.authorities,
            conflict_status=_status(record, found),
        )
    if step.merged.get("state") in WAITING:
        items = [item.id for item in await items_changed(cmdb, step)]
        owners = await approvals.owners_of(cmdb, approvals.reached(items, found))
        names = [owner.name for owner in owners]
        await approvals.ask(cmdb, step, found.ruling.authorities, names)
    step.known["analysis"] = found
    return found


def _status(record: Item, found: ChangeAnalysis) -> str:
    if window_of(record.properties) is None:
        return "not_run"
    return "conflict" if found.conflicts else "no_conflict"


async def _items(cmdb: Cmdb, step: Step) -> None:
    found = await items_changed(cmdb, step)
    if not found:
        raise Refused(
            f"{step.record.name} works on nothing yet: name what it changes "
            "(`cmdb change edit --item`)."
        )
    gone = [item.name for item in found if item.status is ItemStatus.RETIRED]
    if gone:
        raise Refused(f"{step.record.name} works on {', '.join(gone)}, which is retired.")


async def _window(_: Cmdb, step: Step) -> None:
    check_window(step)


def check_window(step: Step) -> None:
    """Raise :class:`~cmdb.errors.InvalidInput` for a window that ends before it starts, or of which
    one end is missing."""
    merged = step.merged
    for first, last in (("start_date", "end_date"), ("work_start", "work_end")):
        start, end = merged.get(first), merged.get(last)
        if start is None and end is None:
            continue
        if (start is None or end is None) and first == "start_date":
            lacking = first if start is None else last
            raise InvalidInput(
                f"{step.record.name} has half a window.",
                [Problem("is missing: a window has a start and an end", field=lacking)],
            )
        if isinstance(start, str) and isinstance(end, str) and not _in_order(start, end, first):
            raise InvalidInput(
                f"{step.record.name or 'The change'} would end before it starts.",
                [Problem(f"must be after {first} ({start}), not {end}", field=last)],
            )


def _in_order(start: str, end: str, first: str) -> bool:
    begins, ends = parse_time(start), parse_time(end)
    return begins < ends or (first == "work_start" and begins == ends)


async def _assessed(cmdb: Cmdb, step: Step) -> None:
    await analysis_of(cmdb, step)


async def _approved(cmdb: Cmdb, step: Step) -> None:
    found = await analysis_of(cmdb, step)
    if found.ruling.is_after:
        return
    await _all_given(cmdb, step, found)


async def _all_given(cmdb: Cmdb, step: Step, found: ChangeAnalysis) -> None:
    given = await approvals.approvals_of(cmdb, step.record.id)
    stands = {approvals.authority(a) for a in given if approvals.state(a) == "approved"}
    waiting = [a for a in given if approvals.state(a) == "requested"]
    missing = [approvals.authority(a) for a in waiting]
    missing += [
        name
        for name in found.ruling.authorities
        if name not in stands and name not in missing and name != "policy"
    ]
    if not missing:
        return
    record = as_it_will_be(step)
    could = [
        f"{name} ({', '.join(await approvals.eligible(cmdb, record, name)) or 'nobody known'})"
        for name in missing
    ]
    moved = ""
    if found.moved is not None and found.moved.class_before != found.moved.class_after:
        moved = f" Its risk went from {found.moved.class_before} to {found.moved.class_after}."
    raise Refused(
        f"{step.record.name} is not approved yet: it waits for {'; '.join(could)}.{moved}"
    )


async def _conflicts(cmdb: Cmdb, step: Step) -> None:
    if step.merged.get("waiver"):
        return
    found, policy = await analysis_of(cmdb, step), policy_of(cmdb)
    blocking = [
        c
        for c in found.conflicts
        if c.type in policy.block and (c.state is None or c.state in COMMITTED)
    ]
    if blocking:
        said = " ".join(c.sentence for c in blocking[:3])
        raise Refused(
            f"{step.record.name} is in the way of others, or they in its: {said} Move it, or let a "
            "change manager waive it (`cmdb change waive`)."
        )


async def _freeze(cmdb: Cmdb, step: Step) -> None:
    """At the start: no blackout or freeze now; when it is scheduled: none in its window."""
    if step.merged.get("waiver") or step.merged.get("change_type") == "emergency":
        return
    found = await analysis_of(cmdb, step)
    said = [c.sentence for c in found.conflicts if c.type == "freeze"]
    if step.transition is not None and step.transition.to == "implement":
        items = [item.id for item in await items_changed(cmdb, step)]
        services = [service.id for service in found.services]
        held = await forbidding_now(cmdb, items, services, began(step))
        said = [f"The {w.type} {w.called} holds at {began(step):%Y-%m-%d %H:%M} UTC." for w in held]
    if said:
        raise Refused(
            f"{step.record.name} can't go to {step.transition.to if step.transition else 'it'} in "
            f"a freeze or blackout: {' '.join(said)} Emergencies and changes with a waiver may."
        )


def began(step: Step) -> datetime:
    """When the work of a step's change began: as it says, or now."""
    value = step.merged.get("work_start")
    return parse_time(value) if isinstance(value, str) else step.now


async def _preauthorised(cmdb: Cmdb, step: Step) -> None:
    name = str(step.merged.get("change_model"))
    made = model(cmdb, name)
    if made.preauthorised is None:
        raise Refused(f"The model {name} lets nobody change anything unasked.")
    found, items = await analysis_of(cmdb, step), await items_changed(cmdb, step)
    against = _beyond(cmdb, made.preauthorised, as_it_will_be(step), items, found)
    if against:
        raise Refused(
            f"{step.record.name} goes beyond what the model {name} may do unasked: "
            f"{'; '.join(against)}. Open a normal change for it."
        )


def _beyond(
    cmdb: Cmdb,
    allowed: PreAuthorised,
    change: Item,
    items: Sequence[Item],
    found: ChangeAnalysis,
) -> list[str]:
    """Everything that a change does beyond what is allowed."""
    said: list[str] = []
    if allowed.most_items is not None and len(items) > allowed.most_items:
        said.append(f"it works on {len(items)} items, above {allowed.most_items}")
    actions = actions_of(change, items)
    for item in items:
        if allowed.kinds and not any(cmdb.catalogue.is_a(item.kind, k) for k in allowed.kinds):
            said.append(f"{item.name} is a {item.kind}, not a {' or '.join(allowed.kinds)}")
        stage = item.properties.get("environment")
        if allowed.environments and stage not in allowed.environments:
            stages = " or ".join(allowed.environments)
            said.append(f"{item.name} serves {stage or 'no known stage'}, not {stages}")
        if allowed.actions and actions[item.id] not in allowed.actions:
            said.append(
                f"{item.name} gets a {actions[item.id]}, not a {' or '.join(allowed.actions)}"
            )
    if allowed.criticality is not None:
        most = _CRITICALITIES.index(allowed.criticality)
        for service in found.services:
            level = service.criticality if service.criticality in _CRITICALITIES else "medium"
            if service.state != "at_risk" and _CRITICALITIES.index(str(level)) > most:
                said.append(f"it leaves {service.name} ({level}) {service.state}")
    return said


async def _outcome(_: Cmdb, step: Step) -> None:
    code = step.merged.get("close_code")
    if code not in OUTCOMES:
        raise InvalidInput(
            f"{step.record.name} ends as one of {', '.join(OUTCOMES)}, not {code!r}.",
            [Problem(f"must be one of {', '.join(OUTCOMES)}", field="close_code")],
        )


async def _reviewed(cmdb: Cmdb, step: Step) -> None:
    """Emergencies are agreed to by now; no step is left open."""
    for child in await linked_items(cmdb, step.record.id, "CHILD_OF", incoming=True):
        if child.kind == "Step" and not str(child.properties.get("state")).startswith("closed"):
            raise Refused(f"{step.record.name} has a step to be done or skipped: {child.name}.")
    found = analysed.read(step.record.properties.get("assessment"))
    if found is None:
        found = await analysis_of(cmdb, step)
    await _all_given(cmdb, step, found)
    step.values["review_status"] = "done"


CHECKS: Mapping[str, Check] = {
    "items": _items,
    "window": _window,
    "assessed": _assessed,
    "approved": _approved,
    "conflicts": _conflicts,
    "freeze": _freeze,
    "preauthorised": _preauthorised,
    "outcome": _outcome,
    "reviewed": _reviewed,
}
"""The checks that the life cycles of changes and their models can name."""
