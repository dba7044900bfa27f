"""Opening, moving, editing and linking records: what every practice is built on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cmdb.errors import InvalidInput, RecordChanged, Refused
from cmdb.items import Item, ItemStatus, Value
from cmdb.items.value import format_time
from cmdb.records.actor import Actor
from cmdb.records.authority import kept_by, refuse_edits
from cmdb.records.lifecycle import LifeCycle, Transition, Values, move
from cmdb.records.lifecycles import BY_KIND, CHANGE_CYCLES
from cmdb.records.numbers import called, identifiers_of, next_numbers
from cmdb.records.people import somebody
from cmdb.records.write import (
    Draft,
    Written,
    key_of,
    linked,
    observed,
    observed_again,
    unlinked,
    write,
)
from cmdb.revisions.views import changed_fields, item_at
from cmdb.service import Cmdb

LinkTo = tuple[str, str]
"""A relation, and the id of the item that a record gets linked to."""


@dataclass(slots=True)
class Step:
    """A record about to be written: as it is stored, and what becomes of it.

    Checks look at ``merged`` and may add to ``values`` and to the ``draft`` that is written with
    it, such as the approvals that a transition asks for.
    """

    record: Item
    transition: Transition | None
    values: dict[str, Value | None]
    draft: Draft
    actor: Actor
    now: datetime
    known: dict[str, Any] = field(default_factory=dict)
    """What a check found out, for those that come after it."""

    @property
    def merged(self) -> dict[str, Value]:
        """The record's properties as they will be."""
        merged = {**self.record.properties, **self.values}
        return {name: value for name, value in merged.items() if value is not None}


Check = Callable[[Cmdb, Step], Awaitable[None]]
"""Raises :class:`~cmdb.errors.Refused` or :class:`~cmdb.errors.InvalidInput` where the record is
not in order; may add to the step."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of a record, in one revision.

    ``to`` is a state; ``values`` are properties (None: no value any more); ``note`` is added to
    the work notes; ``link`` and ``unlink`` are links from the record. ``expected`` is the revision
    of the record that the caller has seen: should it have moved since, they are told what changed
    and nothing is written.
    """

    to: str | None = None
    values: Values = field(default_factory=dict)
    note: str | None = None
    link: Sequence[LinkTo] = ()
    unlink: Sequence[LinkTo] = ()
    expected: int | None = None
    reason: str | None = None


def life_cycle(record: Item) -> LifeCycle:
    """The life cycle that a record follows; raises :class:`~cmdb.errors.InvalidInput` without one.

    A change follows that of its type, and without a type that of normal ones.
    """
    if record.kind == "Change":
        kind = record.properties.get("change_type", "normal")
        return CHANGE_CYCLES[kind if isinstance(kind, str) else "normal"]
    if record.kind not in BY_KIND:
        raise InvalidInput(f"A {record.kind} has no life cycle.")
    return BY_KIND[record.kind]


def state_of(record: Item, cycle: LifeCycle) -> str:
    """The state of a record; that in which its life cycle begins where it says none."""
    state = record.properties.get("state")
    return state if isinstance(state, str) else cycle.initial.name


async def find_record(cmdb: Cmdb, text: str, kind: str | None = None) -> Item:
    """The record that a number, id, identifier or unique name means.

    Raises :class:`~cmdb.errors.InvalidInput` where it is not of ``kind``.
    """
    found = await cmdb.find(text)
    if kind is not None and not cmdb.catalogue.is_a(found.kind, kind):
        raise InvalidInput(f"{found.name} is a {found.kind}, not a {kind}.")
    return found


async def open_record(
    cmdb: Cmdb,
    kind: str,
    values: Values,
    actor: Actor,
    *,
    link: Sequence[LinkTo] = (),
    reason: str | None = None,
    checks: Sequence[Check] = (),
) -> Item:
    """Open a record with the next number of its kind, and give it back as it is stored.

    ``checks`` get a step whose record is not stored yet (its id is empty) and may add values.
    Raises :class:`~cmdb.errors.InvalidInput` for wrong values and links that can't be.
    """
    ends = await cmdb.store.items({item for _, item in link})
    _known(ends, link)
    number = ""

    async def make(now: datetime) -> Draft:
        nonlocal number
        (number,) = await next_numbers(cmdb.store, kind)
        declared = cmdb.catalogue.kind(kind).properties
        given: dict[str, Value | None] = {"name": number}
        usual = {
            "number": number,
            "opened_at": format_time(now),
            "opened_by": actor.name,
            "state": BY_KIND[kind].initial.name if kind in BY_KIND else None,
        }
        given.update({n: v for n, v in usual.items() if n in declared and v is not None})
        given.update(values)
        draft = Draft(reason=reason or f"{number} opened")
        new = Item("", kind, number, ItemStatus.ACTIVE)
        step = Step(new, None, given, draft, actor, now)
        for check in checks:
            await check(cmdb, step)
        keys = identifiers_of(kind, number)
        draft.items.insert(0, observed(cmdb.catalogue, kind, keys, step.values, now))
        draft.fresh.update(keys)
        draft.links += [linked(r, keys[0], key_of(ends[i]), now) for r, i in dict.fromkeys(link)]
        return draft

    written = await write(cmdb.store, cmdb.rules, actor, make)
    (made,) = (i for i in written.created(kind) if _named(written, i) == number)
    return (await cmdb.store.items([made]))[made]


def _named(written: Written, item: str) -> str:
    return next(c.after.name for c in written.delta.items if c.after.id == item)


async def edit_record(
    cmdb: Cmdb,
    record: str,
    edit: Edit,
    actor: Actor,
    *,
    checks: Mapping[str, Check] | None = None,
    always: Sequence[Check] = (),
    cycle: Callable[[Item], LifeCycle] = life_cycle,
) -> Item:
    """Move, edit and link a record, by its id, as one revision; give it back as it is stored.

    ``checks`` are those that transitions name; ``always`` are made whatever the edit is. ``cycle``
    is what says which life cycle the record follows, where its kind has several. Raises
    :class:`~cmdb.errors.IllegalTransition`, :class:`~cmdb.errors.RecordChanged`,
    :class:`~cmdb.errors.Refused` and :class:`~cmdb.errors.InvalidInput`; then nothing is written.
    What another tool keeps of its own record is refused; what checks make of it is left as it is.
    """

    async def make(now: datetime) -> Draft:
        found = (await cmdb.store.items([record]))[record]
        await _unchanged(cmdb, found, edit.expected)
        sources = cmdb.settings.record_sources
        refuse_edits(found, [*(["state"] if edit.to else []), *edit.values], sources)
        step = Step(found, None, dict(edit.values), Draft(), actor, now)
        said = await _moved(cmdb, step, edit, checks or {}, cycle)
        for check in always:
            await check(cmdb, step)
        if edit.note:
            notes = found.properties.get("work_notes")
            step.values["work_notes"] = [*(notes if isinstance(notes, list) else []), edit.note]
        draft = step.draft
        await _links(cmdb, step, edit)
        kept = kept_by(found, sources)
        changed = {
            n: v for n, v in step.values.items() if found.properties.get(n) != v and n not in kept
        }
        if changed:
            draft.items.insert(0, observed_again(cmdb.catalogue, found, changed, now))
        draft.based_on[found.id] = found.revision
        draft.reason = draft.reason or edit.reason or edit.note or said
        return draft

    await write(cmdb.store, cmdb.rules, actor, make)
    return (await cmdb.store.items([record]))[record]


async def _moved(
    cmdb: Cmdb,
    step: Step,
    edit: Edit,
    checks: Mapping[str, Check],
    cycle_of: Callable[[Item], LifeCycle],
) -> str:
    """Move the step's record as the edit says; returns what happened, in a few words."""
    if edit.to is None:
        return f"{step.record.name} edited"
    cycle = cycle_of(step.record)
    to, state = cycle.state(edit.to).name, state_of(step.record, cycle)
    transition = cycle.transition(called(step.record), state, to)
    await _may(cmdb, step, transition)
    step.transition = transition
    step.values.update(
        move(transition, called(step.record), step.record.properties, edit.values, step.now)
    )
    for name in transition.checks:
        await checks[name](cmdb, step)
    return f"{step.record.name}: {state} -> {to}"


async def _may(cmdb: Cmdb, step: Step, transition: Transition) -> None:
    if not transition.roles:
        return
    who = await somebody(cmdb.store, step.actor.name)
    if who.roles.isdisjoint(transition.roles):
        raise Refused(
            f"{step.actor.name} may not bring {step.record.name} to {transition.to}: that takes "
            f"somebody with the role {' or '.join(transition.roles)}."
        )


async def _unchanged(cmdb: Cmdb, record: Item, expected: int | None) -> None:
    if expected is None or record.revision == expected:
        return
    before = await item_at(cmdb.store, record.id, expected)
    changes = [
        (f.removeprefix("properties."), b, a)
        for f, (b, a) in changed_fields(before, record).items()
    ]
    (newest,) = await cmdb.store.history(record.id, limit=1)
    said = "; ".join(f"{f}: {b} -> {a}" for f, b, a in changes[:5]) or "its links"
    raise RecordChanged(
        f"{called(record)} was changed by {newest[0].actor} after you read it (revision "
        f"{record.revision}, you have {expected}): {said}. Read it again and decide anew.",
        record.revision,
        changes,
    )


async def _links(cmdb: Cmdb, step: Step, edit: Edit) -> None:
    ends = await cmdb.store.items({item for _, item in (*edit.link, *edit.unlink)})
    _known(ends, (*edit.link, *edit.unlink))
    key = key_of(step.record) if edit.link else ""
    step.draft.links += [
        linked(relation, key, key_of(ends[item]), step.now)
        for relation, item in dict.fromkeys(edit.link)
    ]
    for relation, item in dict.fromkeys(edit.unlink):
        gone = await unlinked(cmdb.store, relation, step.record, ends[item], step.now)
        step.draft.links.append(gone)


def _known(ends: Mapping[str, Item], links: Sequence[LinkTo]) -> None:
    for _, item in links:
        if item not in ends:
            raise InvalidInput(f"There is no item with the id {item!r}.")


async def linked_items(
    cmdb: Cmdb, record: str, relation: str, *, incoming: bool = False
) -> list[Item]:
    """The items that a record is linked to by a relation (or from, where ``incoming``), by name."""
    links = await cmdb.store.links([record], "in" if incoming else "out", [relation])
    ids = [link.from_id if incoming else link.to_id for link in links if link.status != "retired"]
    found = await cmdb.store.items(ids)
    return sorted(found.values(), key=lambda item: (item.name, item.id))
