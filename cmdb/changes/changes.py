"""The use cases of change enablement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cmdb.changes import approvals
from cmdb.changes.actions import DEFAULT_ACTION, action, actions_of, written_actions
from cmdb.changes.checks import (
    CHECKS,
    WAITING,
    analysis_of,
    check_window,
    items_changed,
)
from cmdb.changes.models import PLANS, cycle_of, model
from cmdb.changes.policy import CHANGE_TYPES, policy_of
from cmdb.changes.steps import skip_open_steps
from cmdb.errors import InvalidInput, Problem, Refused
from cmdb.items import Item, Value
from cmdb.items.value import format_time
from cmdb.records.actor import Actor
from cmdb.records.lifecycle import LifeCycle, Values
from cmdb.records.numbers import identifiers_of
from cmdb.records.people import somebody
from cmdb.records.records import (
    Check,
    Edit,
    LinkTo,
    Step,
    edit_record,
    find_record,
    open_record,
    state_of,
)
from cmdb.records.write import key_of, linked
from cmdb.service import Cmdb

KIND = "Change"
COMPUTED = frozenset(
    "assessment assessment_revision risk risk_score conflict_status cab_required unauthorized "
    "review_status actions waiver state number opened_at opened_by closed_at".split()
)
"""Properties that follow from something else, and what sets them."""
AGREED = frozenset(
    (*"change_type change_model requested_by start_date end_date deployment".split(), *PLANS)
)
"""What people agree to: it stands from the moment that a change waits for them."""
DRAFTED = ("new", "assess")
WAIVERS = frozenset({"change_manager", "cab"})
GivenItem = tuple[str, str | None]
"""An item by id, identifier or unique name, and what is done to it (None: configure)."""


async def open_change(
    cmdb: Cmdb,
    actor: Actor,
    short_description: str,
    items: Sequence[GivenItem] = (),
    *,
    change_type: str | None = None,
    change_model: str | None = None,
    services: Sequence[str] = (),
    fixes: Sequence[str] = (),
    values: Values | None = None,
) -> Item:
    """Open a change, and give it back as it is stored.

    ``services`` are those that it is made for; without items it works on them. ``fixes`` are
    incidents and problems that it mends. Its type is its model's, else normal; plans that are not
    given are the model's. Raises :class:`~cmdb.errors.InvalidInput` for values that are wrong, such
    as a window that ends before it starts.
    """
    if not short_description.strip():
        raise InvalidInput("Say in a line what the change is about.")
    given: dict[str, Value | None] = dict(values or {})
    _not_computed(given)
    given |= _typed(cmdb, change_type, change_model)
    if change_model is not None:
        for name, text in model(cmdb, change_model).plans.items():
            given.setdefault(name, text)
    given.setdefault("requested_by", actor.name)
    affected = [(await cmdb.find(text)).id for text in services]
    how = DEFAULT_ACTION if not given.get("deployment") else "deploy"
    worked = [((await cmdb.find(t)).id, action(done or how)) for t, done in items]
    if not worked:
        worked = [(item, action(how)) for item in affected]
    mended = [await find_record(cmdb, text) for text in fixes]
    given |= {"short_description": short_description, "state": "new", "conflict_status": "not_run"}
    given["actions"] = written_actions(dict(worked))

    async def ready(_: Cmdb, step: Step) -> None:
        check_window(step)
        new = identifiers_of(KIND, step.record.name)[0]
        step.draft.links += [linked("FIXED_BY", key_of(r), new, step.now) for r in mended]

    link: list[LinkTo] = [("CHANGES", item) for item, _ in worked]
    link += [("AFFECTS", item) for item in affected]
    return await open_record(
        cmdb, KIND, given, actor, link=link, checks=[ready], reason=short_description
    )


def _typed(cmdb: Cmdb, change_type: str | None, change_model: str | None) -> dict[str, str]:
    if change_model is not None:
        made = model(cmdb, change_model)
        if change_type not in (None, made.type):
            raise InvalidInput(
                f"The model {change_model} is one of {made.type} changes, not {change_type}."
            )
        return {"change_type": made.type, "change_model": change_model}
    if change_type is not None and change_type not in CHANGE_TYPES:
        raise InvalidInput(f"A change is {', '.join(CHANGE_TYPES)}, not {change_type!r}.")
    if change_type == "standard":
        raise InvalidInput("A standard change needs a model; `cmdb change models` lists them.")
    return {"change_type": change_type or "normal"}


def _not_computed(values: Values) -> None:
    problems = [
        Problem("follows from something else and can't be set", field=name)
        for name in sorted(COMPUTED & values.keys())
    ]
    if problems:
        raise InvalidInput("Not every value can be set.", problems)


async def edit_change(
    cmdb: Cmdb,
    change: str,
    edit: Edit,
    actor: Actor,
    *,
    items: Sequence[GivenItem] = (),
    no_items: Sequence[str] = (),
) -> Item:
    """Edit a change, or move it to a state. ``items`` are further ones, or others things to do to
    those that it works on; ``no_items`` are no longer worked on.

    What people agree to can't be edited once they are asked. Raises what
    :func:`~cmdb.records.records.edit_record` raises.
    """
    found = await find_record(cmdb, change, KIND)
    _not_computed(edit.values)
    values = dict(edit.values)
    if "change_type" in values or "change_model" in values:
        kept = {n: found.properties.get(n) for n in ("change_type", "change_model")} | values
        texts = [str(v) if v is not None else None for v in kept.values()]
        values |= _typed(cmdb, *texts)
    worked = [((await cmdb.find(t)).id, action(done or DEFAULT_ACTION)) for t, done in items]
    gone = [(await cmdb.find(text)).id for text in no_items]
    link = [*edit.link, *(("CHANGES", item) for item, _ in worked)]
    unlink = [*edit.unlink, *(("CHANGES", item) for item in gone)]

    async def acted(cmdb: Cmdb, step: Step) -> None:
        _still_open(cmdb, step, is_items=bool(worked or gone))
        if worked or gone:
            there = actions_of(step.record, await items_changed(cmdb, step))
            kept = {item: done for item, done in there.items() if item not in gone}
            step.values["actions"] = written_actions(kept | dict(worked))

    to, first = edit.to, bool(worked or gone)
    made = Edit(None if first else to, values, edit.note, link, unlink, edit.expected, edit.reason)
    after = await _edit(cmdb, found, made, actor, acted)
    if first and to is not None:
        after = await _edit(cmdb, after, Edit(to), actor)
    return after


def _still_open(cmdb: Cmdb, step: Step, *, is_items: bool) -> None:
    """Refuse to edit what people are asked to agree to, or have agreed to."""
    state = state_of(step.record, cycle_of(cmdb, step.record.properties))
    moved = {
        name
        for name in AGREED & step.values.keys()
        if step.record.properties.get(name) != step.values[name]
    }
    if state in DRAFTED or not (moved or is_items):
        return
    what = " and ".join(sorted(moved)) or "what it works on"
    back = "send it back to new first" if state == "authorize" else "cancel it and open another"
    raise Refused(
        f"{step.record.name} is in {state}: {what} can't be edited, for that is what people are "
        f"asked to agree to; {back}."
    )


async def _edit(cmdb: Cmdb, change: Item, edit: Edit, actor: Actor, *checks: Check) -> Item:
    def cycle(record: Item) -> LifeCycle:
        return cycle_of(cmdb, record.properties)

    always = (*checks, *ALWAYS)
    return await edit_record(
        cmdb, change.id, edit, actor, checks=CHECKS, always=always, cycle=cycle
    )


async def _ends(_: Cmdb, step: Step) -> None:
    check_window(step)


async def _separate(cmdb: Cmdb, step: Step) -> None:
    """Whoever agreed to a change can't come to make it, or have asked for it."""
    if not {"assigned_to", "requested_by"} & step.values.keys():
        return
    involved = approvals.Involved.of(step.merged)
    for given in await approvals.approvals_of(cmdb, step.record.id):
        decided = given.properties.get("decided_by")
        if approvals.state(given) != "approved" or not isinstance(decided, str):
            continue
        role = involved.role(await somebody(cmdb.store, decided))
        if role is not None:
            raise Refused(
                f"{decided} agreed to {step.record.name} ({approvals.authority(given)}), and so "
                "can't be who makes it or asked for it."
            )


async def _back(cmdb: Cmdb, step: Step) -> None:
    """What goes back to new, or is cancelled, is to be agreed to anew."""
    if step.transition is not None and step.transition.to in ("new", "canceled"):
        await approvals.withdraw(cmdb, step)


ALWAYS = (_ends, _separate, _back)
"""What is looked at whatever happens to a change."""


async def assess_change(cmdb: Cmdb, change: str, actor: Actor) -> Item:
    """Assess a change again, and ask for the approvals that its risk now takes.

    Writes nothing where nothing has moved. Raises :class:`~cmdb.errors.Refused` for one that has
    begun: its assessment stays what people agreed to.
    """
    found = await find_record(cmdb, change, KIND)
    state = state_of(found, cycle_of(cmdb, found.properties))
    if state not in (*DRAFTED, *WAITING):
        raise Refused(f"{found.name} is {state}; its assessment stays as it was.")

    async def again(cmdb: Cmdb, step: Step) -> None:
        await CHECKS["items"](cmdb, step)
        await analysis_of(cmdb, step)

    reason = f"{found.name} assessed"
    return await _edit(cmdb, found, Edit(reason=reason), actor, again)


async def submit_change(cmdb: Cmdb, change: str, actor: Actor, expected: int | None = None) -> Item:
    """Bring a change as far as it gets without anybody's word: a normal one to where it waits for
    approvals, a standard one into the calendar."""
    policy_of(cmdb)  # one that can't be read is said before anything is written
    found = await find_record(cmdb, change, KIND)
    cycle = cycle_of(cmdb, found.properties)
    if state_of(found, cycle) in WAITING:
        return await assess_change(cmdb, found.id, actor)
    for to in ("assess", "authorize", "scheduled"):
        state = state_of(found, cycle)
        if to not in cycle.allowed(state) or state in ("authorize", "scheduled"):
            continue
        found = await _edit(cmdb, found, Edit(to, expected=expected), actor)
        expected = None
    return found


async def decide_change(
    cmdb: Cmdb,
    change: str,
    actor: Actor,
    *,
    approve: bool,
    authority: str | None = None,
    comment: str = "",
    expected: int | None = None,
) -> Item:
    """Agree to a change, or reject it, which sends it back to new.

    The assessment is brought up to date first: whoever says which revision they have seen is told
    what moved in place of agreeing to it.
    Raises :class:`~cmdb.errors.Refused` with who could, where the actor can't.
    """
    found = await find_record(cmdb, change, KIND)
    if state_of(found, cycle_of(cmdb, found.properties)) in WAITING:
        found = await assess_change(cmdb, found.id, actor)

    async def decided(cmdb: Cmdb, step: Step) -> None:
        await approvals.decide(cmdb, step, approve=approve, name=authority, comment=comment)

    state = state_of(found, cycle_of(cmdb, found.properties))
    to = "new" if not approve and state == "authorize" else None
    edit = Edit(to, expected=expected)
    cycle = cycle_of(cmdb, found.properties)
    return await edit_record(
        cmdb, found.id, edit, actor, checks=CHECKS, always=(decided,), cycle=lambda _: cycle
    )


async def schedule_change(
    cmdb: Cmdb, change: str, actor: Actor, expected: int | None = None
) -> Item:
    """Put an approved change into the calendar; what its risk now takes is asked for first."""
    return await _to(cmdb, change, Edit("scheduled", expected=expected), actor)


async def start_change(
    cmdb: Cmdb,
    change: str,
    actor: Actor,
    *,
    at: datetime | None = None,
    expected: int | None = None,
) -> Item:
    """Begin the work on a change, now or at a time that is past; one that is approved and not yet
    in the calendar is put there on the way.

    Raises :class:`~cmdb.errors.Refused` where an approval is missing, or in a freeze.
    """
    found = await find_record(cmdb, change, KIND)
    values: dict[str, Value | None] = {}
    if at is not None:
        values["work_start"] = _past(at, "start")
    if not found.properties.get("assigned_to"):
        values["assigned_to"] = actor.name
    if state_of(found, cycle_of(cmdb, found.properties)) == "authorize":
        found = await schedule_change(cmdb, found.id, actor, expected)
        expected = None
    return await _to(cmdb, found.id, Edit("implement", values, expected=expected), actor)


async def _to(cmdb: Cmdb, change: str, edit: Edit, actor: Actor) -> Item:
    """Move a change, its assessment brought up to date before: should that ask for further
    approvals, they are asked for even where the move is refused."""
    found = await find_record(cmdb, change, KIND)
    if edit.expected is None and state_of(found, cycle_of(cmdb, found.properties)) in WAITING:
        found = await assess_change(cmdb, found.id, actor)
    return await _edit(cmdb, found, edit, actor)


async def finish_change(
    cmdb: Cmdb,
    change: str,
    actor: Actor,
    outcome: str,
    *,
    notes: str = "",
    at: datetime | None = None,
    expected: int | None = None,
) -> Item:
    """End the work on a change: successful, successful_issues, failed or backed_out.

    One that failed or was backed out skips what is left of its steps; of the others nothing may be
    left. Raises :class:`~cmdb.errors.InvalidInput` for another outcome, or one that needs a word.
    """
    found = await find_record(cmdb, change, KIND)
    code = outcome.strip().casefold().replace("-", "_").replace(" ", "_")
    values: dict[str, Value | None] = {"close_code": code, "review_status": "pending"}
    if code != "successful" and not notes.strip():
        raise InvalidInput(f"Say in a note what happened, where {found.name} ended as {code}.")
    if notes.strip():
        values["close_notes"] = notes.strip()
    if at is not None:
        values["work_end"] = _past(at, "end")

    async def steps(cmdb: Cmdb, step: Step) -> None:
        await skip_open_steps(cmdb, step, code)

    edit = Edit("review", values, expected=expected, reason=f"{found.name} {code}")
    return await _edit(cmdb, found, edit, actor, steps)


async def close_change(
    cmdb: Cmdb, change: str, actor: Actor, review: str, expected: int | None = None
) -> Item:
    """Close a change whose review is written."""
    found = await find_record(cmdb, change, KIND)
    values: dict[str, Value | None] = {"review_notes": review.strip() or None}
    return await _edit(cmdb, found, Edit("closed", values, expected=expected), actor)


async def waive_change(cmdb: Cmdb, change: str, actor: Actor, reason: str) -> Item:
    """Let a change be made in a freeze, or in spite of what is in its way.

    Raises :class:`~cmdb.errors.Refused` for whoever is no change manager and not on the board, and
    for whoever asked for the change or makes it.
    """
    found = await find_record(cmdb, change, KIND)
    if not reason.strip():
        raise InvalidInput("Say why a freeze does not hold for it.")
    who = await somebody(cmdb.store, actor.name)
    role = approvals.Involved.of(found.properties).role(who)
    if role is not None or who.roles.isdisjoint(WAIVERS):
        why = role or "is no change manager and not on the change advisory board"
        could = await approvals.eligible(cmdb, found, "manager")
        could += [n for n in await approvals.eligible(cmdb, found, "cab") if n not in could]
        raise Refused(
            f"{actor.name} {why}, so a waiver is not theirs to give. "
            f"{', '.join(could) or 'Nobody known'} could."
        )
    values: dict[str, Value | None] = {"waiver": f"{actor.name}: {reason.strip()}"}
    return await _edit(cmdb, found, Edit(values=values, reason=f"{found.name} waived"), actor)


def _past(time: datetime, what: str) -> str:
    if time > datetime.now(UTC):
        raise InvalidInput(f"The actual {what} can't be in the future: {time.isoformat()}.")
    return format_time(time)
