"""The steps of a change: its tasks in order, such as a canary before the rest."""

from __future__ import annotations

from cmdb.changes.view import StepView
from cmdb.errors import InvalidInput, Refused
from cmdb.items import Item
from cmdb.items.value import format_time
from cmdb.records.actor import Actor
from cmdb.records.lifecycle import Phase, Values
from cmdb.records.lifecycles import STEP
from cmdb.records.records import (
    Check,
    Edit,
    Step,
    edit_record,
    find_record,
    life_cycle,
    linked_items,
    open_record,
    state_of,
)
from cmdb.records.write import observed_again
from cmdb.service import Cmdb

KIND = "Step"
OPEN_STEPS = ("open", "in_progress")
GIVEN_UP = ("failed", "backed_out")


async def steps_of(cmdb: Cmdb, change: str) -> list[Item]:
    """The steps of a change (id) in order."""
    found = await linked_items(cmdb, change, "CHILD_OF", incoming=True)
    return sorted((s for s in found if s.kind == KIND), key=lambda s: (order(s), s.name))


def order(step: Item) -> int:
    """The place of a step among its siblings; 0 where it has none."""
    value = step.properties.get("order")
    return value if isinstance(value, int) else 0


async def add_step(
    cmdb: Cmdb,
    change: str,
    actor: Actor,
    short_description: str,
    *,
    place: int | None = None,
    assigned_to: str | None = None,
) -> Item:
    """Add a step to a change that is not over; without a place it comes after the others."""
    found = await find_record(cmdb, change, "Change")
    if life_cycle(found).phase(state_of(found, life_cycle(found))) in (
        Phase.FINISHED,
        Phase.ENDED,
    ):
        raise Refused(f"{found.name} is {found.properties.get('state')}; nothing is left to do.")
    if not short_description.strip():
        raise InvalidInput("Say in a line what the step is.")
    there = await steps_of(cmdb, found.id)
    last = max((order(step) for step in there), default=0)
    values: dict[str, str | int] = {
        "short_description": short_description,
        "order": last + 1 if place is None else place,
    }
    if assigned_to:
        values["assigned_to"] = assigned_to
    return await open_record(cmdb, KIND, values, actor, link=[("CHILD_OF", found.id)])


async def move_step(
    cmdb: Cmdb, step: str, to: str, actor: Actor, *, notes: str = "", expected: int | None = None
) -> Item:
    """Bring a step of a change to a state: a step is done while its change is being made, after
    the steps before it.

    Raises :class:`~cmdb.errors.Refused` where that is not so, or where one before it failed.
    """
    found = await find_record(cmdb, step, KIND)
    values: Values = {"close_notes": notes.strip()} if notes.strip() else {}
    checks: dict[str, Check] = {"earlier_steps": _earlier}
    return await edit_record(
        cmdb,
        found.id,
        Edit(to, values, expected=expected),
        actor,
        checks=checks,
        always=(_running,),
    )


async def _running(cmdb: Cmdb, step: Step) -> None:
    for parent in await linked_items(cmdb, step.record.id, "CHILD_OF"):
        state = parent.properties.get("state")
        if parent.kind == "Change" and state != "implement":
            raise Refused(
                f"{step.record.name} is a step of {parent.name}, which is {state}: its steps are "
                "done while it is being made (`cmdb change start`)."
            )


async def _earlier(cmdb: Cmdb, step: Step) -> None:
    for parent in await linked_items(cmdb, step.record.id, "CHILD_OF"):
        for other in await steps_of(cmdb, parent.id):
            state = other.properties.get("state", "open")
            if order(other) >= order(step.record) or other.id == step.record.id:
                continue
            if state in OPEN_STEPS:
                raise Refused(f"{step.record.name} comes after {other.name}, which is not done.")
            if state == "closed_incomplete":
                raise Refused(
                    f"{other.name} failed, so {step.record.name} is not to be done: finish the "
                    "change as failed or backed_out, or skip the step."
                )


async def skip_open_steps(cmdb: Cmdb, step: Step, outcome: str) -> None:
    """Add to the step of a change that ends what becomes of its tasks.

    Raises :class:`~cmdb.errors.Refused` for tasks that are left, or failed, in one that succeeded.
    """
    for task in await steps_of(cmdb, step.record.id):
        state = task.properties.get("state", "open")
        if outcome in GIVEN_UP and state in OPEN_STEPS:
            to = "closed_skipped" if state == "open" else "closed_incomplete"
            values: dict[str, str] = {
                "state": STEP.state(to).name,
                "close_notes": f"{step.record.name} {outcome}",
                "closed_at": format_time(step.now),
            }
            step.draft.items.append(observed_again(cmdb.catalogue, task, values, step.now))
            step.draft.based_on[task.id] = task.revision
        elif state in OPEN_STEPS:
            raise Refused(f"{step.record.name} has a step to be done or skipped: {task.name}.")
        elif state == "closed_incomplete" and outcome == "successful":
            raise Refused(
                f"{task.name} failed, so {step.record.name} can't be successful: it is "
                "successful_issues, failed or backed_out."
            )


async def step_views(cmdb: Cmdb, change: str) -> tuple[StepView, ...]:
    """The steps of a change as they are shown."""
    rows = []
    for task in await steps_of(cmdb, change):
        props = task.properties
        who = props.get("assigned_to")
        rows.append(
            StepView(
                task.name,
                order(task),
                str(props.get("short_description", "")),
                str(props.get("state", "open")),
                who if isinstance(who, str) else None,
            )
        )
    return tuple(rows)
