"""The use cases of problem management."""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.errors import InvalidInput, Refused
from cmdb.incidents.priority import DEFAULT_URGENCY, LEVELS, priority
from cmdb.items import Item
from cmdb.records.actor import Actor
from cmdb.records.lifecycle import Values
from cmdb.records.records import Check, Edit, LinkTo, Step, edit_record, find_record, open_record
from cmdb.service import Cmdb

KIND = "Problem"


async def open_problem(
    cmdb: Cmdb,
    actor: Actor,
    short_description: str,
    *,
    affects: Sequence[str] = (),
    caused_by: Sequence[str] = (),
    incidents: Sequence[str] = (),
    values: Values | None = None,
) -> Item:
    """Open a problem: reactive where it comes from incidents, else proactive.

    ``affects`` and ``caused_by`` are items, ``incidents`` are numbers. Impact and urgency are those
    of the gravest incident, unless given.
    """
    if not short_description.strip():
        raise InvalidInput("Say in a line what the problem is about.")
    link: list[LinkTo] = [("AFFECTS", (await cmdb.find(text)).id) for text in affects]
    link += [("CAUSED_BY", (await cmdb.find(text)).id) for text in caused_by]
    found = [await find_record(cmdb, text, "Incident") for text in incidents]
    link += [("RELATES_TO", incident.id) for incident in found]
    given = dict(values or {})
    given["short_description"] = short_description
    given.setdefault("origin", "reactive" if found else "proactive")
    for name in ("impact", "urgency"):
        levels = [v for i in found if isinstance(v := i.properties.get(name), int)]
        if levels:
            given.setdefault(name, min(levels))
    return await open_record(
        cmdb, KIND, given, actor, link=link, checks=[_prioritise], reason=short_description
    )


async def edit_problem(cmdb: Cmdb, problem: str, edit: Edit, actor: Actor) -> Item:
    """Move, edit or link a problem.

    Raises what :func:`~cmdb.records.records.edit_record` raises, and
    :class:`~cmdb.errors.Refused` where it would be a known error without a cause, or end in a way
    that its state does not allow.
    """
    found = await find_record(cmdb, problem, KIND)
    always: tuple[Check, ...] = (_known_error, _prioritise)
    return await edit_record(cmdb, found.id, edit, actor, checks=CHECKS, always=always)


async def _prioritise(_: Cmdb, step: Step) -> None:
    merged = step.merged
    impact, urgency = merged.get("impact", 3), merged.get("urgency", DEFAULT_URGENCY)
    for name, level in (("impact", impact), ("urgency", urgency)):
        if level not in LEVELS:
            raise InvalidInput(f"The {name} is 1 (high), 2 or 3 (low), not {level}.")
    if isinstance(impact, int) and isinstance(urgency, int):
        step.values.update(impact=impact, urgency=urgency, priority=priority(impact, urgency))


async def _known_error(_: Cmdb, step: Step) -> None:
    """A known error is analysed: it has a cause, in words."""
    merged = step.merged
    if merged.get("known_error") is True and not merged.get("cause_notes"):
        raise InvalidInput(
            f"{step.record.name} can be a known error once its cause is known: set cause_notes."
        )


async def _duplicate_or_canceled(cmdb: Cmdb, step: Step) -> None:
    code = step.merged.get("resolution_code")
    if code == "duplicate":
        other = step.merged.get("duplicate_of")
        if not isinstance(other, str):
            raise InvalidInput(f"Say which problem {step.record.name} repeats: set duplicate_of.")
        if (await find_record(cmdb, other, KIND)).id == step.record.id:
            raise InvalidInput(f"{step.record.name} can't be a duplicate of itself.")
    elif code != "canceled":
        raise Refused(
            f"{step.record.name} can be closed while it is assessed as duplicate or canceled, not "
            f"as {code}."
        )


async def _risk_accepted(_: Cmdb, step: Step) -> None:
    code = step.merged.get("resolution_code")
    if code != "risk_accepted":
        raise Refused(
            f"{step.record.name} can be closed without a fix as risk_accepted, not as {code}."
        )


CHECKS = {"duplicate_or_canceled": _duplicate_or_canceled, "risk_accepted": _risk_accepted}
"""The checks that the problem's life cycle names."""
