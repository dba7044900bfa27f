"""The use cases of service request management."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cmdb.errors import InvalidInput, Refused
from cmdb.ingest import Loaded
from cmdb.items import Item, Value
from cmdb.items.value import format_time, parse_time
from cmdb.records.actor import Actor
from cmdb.records.numbers import identifiers_of, next_numbers
from cmdb.records.people import somebody
from cmdb.records.records import (
    Check,
    Edit,
    Step,
    edit_record,
    find_record,
    linked_items,
    open_record,
)
from cmdb.records.write import linked, observed
from cmdb.requests.catalogue import Offer, checked_form, offer_of, request_catalogue
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery

KIND = "ServiceRequest"
LEAST = 3
"""Impact and urgency of a request: nobody is in trouble."""


def offers(cmdb: Cmdb) -> Mapping[str, Offer]:
    """What can be asked for here."""
    return request_catalogue(cmdb.settings.request_catalogue, cmdb.catalogue)


async def open_request(
    cmdb: Cmdb,
    actor: Actor,
    item: str,
    form: Mapping[str, object],
    *,
    requested_for: str | None = None,
) -> Item:
    """Ask for something of the catalogue, with its form; its approval and steps come with it.

    Raises :class:`~cmdb.errors.InvalidInput` for an unknown offer and a form that is not in order.
    """
    offer = offer_of(offers(cmdb), item)
    filled = checked_form(offer, form)

    async def parts(cmdb: Cmdb, step: Step) -> None:
        await _parts(cmdb, step, offer)

    values: dict[str, Value | None] = {
        "short_description": offer.title,
        "catalog_item": item,
        "form": json.dumps(filled, ensure_ascii=False),
        "requested_for": requested_for or actor.name,
        "assignment_group": offer.team,
        "stage": "approval" if offer.approval != "none" else "fulfilment",
        "impact": LEAST,
        "urgency": LEAST,
        "priority": 2 * LEAST - 1,
        "state": "requested" if offer.approval != "none" else "in_process",
    }
    return await open_record(cmdb, KIND, values, actor, checks=[parts], reason=offer.title)


async def _parts(cmdb: Cmdb, step: Step, offer: Offer) -> None:
    """Draft the approval and the steps of a request that is being opened."""
    parent = identifiers_of(KIND, step.record.name)[0]
    records: list[tuple[str, dict[str, Value | None]]] = []
    if offer.approval != "none":
        (number,) = await next_numbers(cmdb.store, "Approval")
        approval: dict[str, Value | None] = {
            "name": number,
            "number": number,
            "state": "requested",
            "authority": offer.approval,
            "approver": offer.team,
        }  # fmt: skip - a table
        records.append(("Approval", approval))
    numbers = await next_numbers(cmdb.store, "Step", len(offer.steps)) if offer.steps else ()
    for place, (number, about) in enumerate(zip(numbers, offer.steps, strict=True), 1):
        values: dict[str, Value | None] = {
            "name": number,
            "number": number,
            "state": "open",
            "order": place,
            "short_description": about,
            "assignment_group": offer.team,
            "opened_at": format_time(step.now),
            "opened_by": step.actor.name,
        }  # fmt: skip - a table
        records.append(("Step", values))
    for kind, given in records:
        keys = identifiers_of(kind, str(given["name"]))
        step.draft.items.append(observed(cmdb.catalogue, kind, keys, given, step.now))
        step.draft.links.append(linked("CHILD_OF", keys[0], parent, step.now))
        step.draft.fresh.update(keys)


async def decide_request(
    cmdb: Cmdb, actor: Actor, request: str, *, approve: bool, comment: str = ""
) -> Item:
    """Approve or reject a request: somebody of the approving team, and never who asked for it.

    Raises :class:`~cmdb.errors.Refused` where the actor may not, naming who may.
    """
    found = await find_record(cmdb, request, KIND)
    waiting = [
        child
        for child in await linked_items(cmdb, found.id, "CHILD_OF", incoming=True)
        if child.kind == "Approval" and child.properties.get("state") == "requested"
    ]
    if not waiting:
        raise Refused(f"{found.name} waits for nobody's approval.")
    await _may_decide(cmdb, actor, found, waiting[0])
    values: dict[str, Value | None] = {"decided_by": actor.name, "comments": comment or None}
    decided = Edit("approved" if approve else "rejected", values)
    await edit_record(cmdb, waiting[0].id, decided, actor, checks={"authority": _nothing})
    if approve:
        moved = Edit("in_process", {"stage": "fulfilment"}, reason=f"{found.name} approved")
    else:
        moved = Edit("closed_rejected", {"close_notes": comment, "stage": None})
    return await edit_record(cmdb, found.id, moved, actor, checks=CHECKS)


async def _may_decide(cmdb: Cmdb, actor: Actor, request: Item, approval: Item) -> None:
    who = await somebody(cmdb.store, actor.name)
    for name in ("requested_for", "opened_by"):
        asked = request.properties.get(name)
        if isinstance(asked, str) and who.is_same(asked):
            raise Refused(f"{actor.name} can't decide on {request.name}: it is their own request.")
    team = approval.properties.get("approver")
    teams = await cmdb.store.items(who.teams)
    if team not in {t.name for t in teams.values()}:
        raise Refused(
            f"{actor.name} can't decide on {request.name}: it takes somebody who belongs to the "
            f"team {team}."
        )


async def _approved(cmdb: Cmdb, step: Step) -> None:
    children = await linked_items(cmdb, step.record.id, "CHILD_OF", incoming=True)
    missing = [
        str(child.properties.get("approver"))
        for child in children
        if child.kind == "Approval"
        and child.properties.get("state") not in ("approved", "not_required")
    ]
    if missing:
        raise Refused(f"{step.record.name} is not approved yet: {', '.join(missing)} must agree.")


async def _fulfilled(cmdb: Cmdb, step: Step) -> None:
    """A request is complete once its steps are, and once discovery sees what was asked for."""
    children = await linked_items(cmdb, step.record.id, "CHILD_OF", incoming=True)
    open_steps = [
        child.name
        for child in children
        if child.kind == "Step" and not str(child.properties.get("state")).startswith("closed")
    ]
    if open_steps:
        raise Refused(f"{step.record.name} has steps to be done: {', '.join(sorted(open_steps))}.")
    offer = offers(cmdb).get(str(step.record.properties.get("catalog_item")))
    if offer is None:
        return
    if offer.fulfilled_by is not None and await _result(cmdb, step.record, offer) is None:
        kind = offer.fulfilled_by.kind
        raise Refused(
            f"{step.record.name} is fulfilled once a {kind} called "
            f"{_asked(step.record, offer)!r} is seen."
        )
    if offer.days is not None:
        step.values["until"] = format_time(step.now + timedelta(days=offer.days))


async def _nothing(_: Cmdb, __: Step) -> None:
    """Looked at before: who may decide."""


async def _earlier(cmdb: Cmdb, step: Step) -> None:
    order = step.record.properties.get("order", 0)
    for parent in await linked_items(cmdb, step.record.id, "CHILD_OF"):
        for other in await linked_items(cmdb, parent.id, "CHILD_OF", incoming=True):
            place = other.properties.get("order")
            is_open = not str(other.properties.get("state")).startswith("closed")
            if isinstance(place, int) and isinstance(order, int) and place < order and is_open:
                raise Refused(f"{step.record.name} comes after {other.name}, which is not done.")


CHECKS: Mapping[str, Check] = {
    "approved": _approved,
    "fulfilled": _fulfilled,
    "earlier_steps": _earlier,
}
"""The checks that the life cycles of requests and their steps name."""


async def edit_request(cmdb: Cmdb, request: str, edit: Edit, actor: Actor) -> Item:
    """Move or edit a request, or one of its steps."""
    found = await find_record(cmdb, request, "Task")
    if found.kind not in (KIND, "Step"):
        raise InvalidInput(f"{found.name} is a {found.kind}, not a request or a step of one.")
    return await edit_record(cmdb, found.id, edit, actor, checks=CHECKS)


async def fulfil_requests(cmdb: Cmdb, actor: Actor) -> list[Item]:
    """Complete the requests whose result discovery sees by now, and link each to it.

    What is left of their steps is closed with them: the result is there. Reads the open requests,
    and an item for each that waits for one.
    """
    known = offers(cmdb)
    page = await cmdb.store.query(
        ItemQuery(
            kinds=(KIND,),
            conditions=(Condition("properties.state", "eq", "in_process"),),
            limit=1000,
        )
    )
    done: list[Item] = []
    for request in page.items:
        offer = known.get(str(request.properties.get("catalog_item")))
        if offer is None or (result := await _result(cmdb, request, offer)) is None:
            continue
        for child in await linked_items(cmdb, request.id, "CHILD_OF", incoming=True):
            if child.kind == "Step" and child.properties.get("state") in ("open", "in_progress"):
                over = Edit("closed_complete", reason=f"{result.name} is there")
                await edit_record(cmdb, child.id, over, actor, checks={"earlier_steps": _nothing})
        edit = Edit(
            "closed_complete",
            {"stage": None, "close_notes": f"{result.kind} {result.name} was seen."},
            link=[("RELATES_TO", result.id)],
            reason=f"{request.name} is fulfilled: {result.kind} {result.name} was seen",
        )
        done.append(await edit_record(cmdb, request.id, edit, actor, checks=CHECKS))
    return done


async def after_load(cmdb: Cmdb, loaded: Loaded) -> None:
    """Complete what the observations just stored fulfil; for :attr:`cmdb.service.Cmdb.after_load`.

    One read where no request is open."""
    await fulfil_requests(cmdb, Actor(loaded.run.source))


async def _result(cmdb: Cmdb, request: Item, offer: Offer) -> Item | None:
    """The item that fulfils the request; None where it is not seen yet."""
    rule, name = offer.fulfilled_by, _asked(request, offer)
    if rule is None or not name:
        return None
    query = ItemQuery(
        kinds=cmdb.catalogue.descendants(rule.kind),
        conditions=(Condition("name", "eq", name),),
        limit=1,
    )
    page = await cmdb.store.query(query)
    return page.items[0] if page.items else None


def _asked(request: Item, offer: Offer) -> str:
    """The name of what was asked for, as the form has it."""
    try:
        form = json.loads(str(request.properties.get("form", "{}")))
    except ValueError:
        return ""
    rule = offer.fulfilled_by
    return str(form.get(rule.field, "")) if rule is not None and isinstance(form, dict) else ""


async def expiring(cmdb: Cmdb, before: datetime | None = None) -> list[Item]:
    """The completed requests whose grant ends before then (30 days from now), the first first."""
    limit = before or datetime.now(UTC) + timedelta(days=30)
    page = await cmdb.store.query(
        ItemQuery(
            kinds=(KIND,),
            conditions=(
                Condition("properties.until", "lt", format_time(limit)),
                Condition("properties.state", "eq", "closed_complete"),
            ),
            limit=1000,
        )
    )
    return sorted(page.items, key=lambda r: parse_time(str(r.properties["until"])))
