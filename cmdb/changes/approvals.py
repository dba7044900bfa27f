"""Who agrees to a change: approvals asked for, who can give them, and giving or refusing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cmdb.changes.analysis import read
from cmdb.changes.view import ApprovalView, ChangeAnalysis
from cmdb.errors import InvalidInput, Refused
from cmdb.items import Item
from cmdb.items.value import format_time
from cmdb.records.lifecycle import Values, move
from cmdb.records.lifecycles import APPROVAL
from cmdb.records.numbers import identifiers_of, next_numbers
from cmdb.records.people import Somebody, somebody
from cmdb.records.records import Step, linked_items
from cmdb.records.write import key_of, linked, observed, observed_again
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery

KIND = "Approval"
POLICY = "risk policy"
"""Who decides where the policy does."""
SHOWN = 6
_PAGE = 200
_CAB = ("cab",)
_MANAGER = ("change_manager", "manager")


@dataclass(frozen=True, slots=True)
class Involved:
    """The people of a change who can't agree to it: its requester, opener and implementer."""

    requested_by: str | None
    opened_by: str | None
    assigned_to: str | None

    @classmethod
    def of(cls, properties: Values) -> Involved:
        """Those of a change with these properties."""
        names = (properties.get(n) for n in ("requested_by", "opened_by", "assigned_to"))
        return cls(*(n if isinstance(n, str) else None for n in names))

    def role(self, who: Somebody) -> str | None:
        """What somebody is to the change; None where they have no part in it."""
        if who.is_same(self.requested_by):
            return "asked for it"
        if who.is_same(self.opened_by):
            return "opened it"
        return "makes it" if who.is_same(self.assigned_to) else None


async def approvals_of(cmdb: Cmdb, change: str) -> list[Item]:
    """All approvals of a change (id), by number, those no longer required as well."""
    found = await linked_items(cmdb, change, "CHILD_OF", incoming=True)
    return [item for item in found if item.kind == KIND]


def state(approval: Item) -> str:
    """Where an approval stands."""
    return str(approval.properties.get("state") or "requested")


def authority(approval: Item) -> str:
    """Whose word it takes."""
    return str(approval.properties.get("authority") or "peer")


async def ask(cmdb: Cmdb, step: Step, authorities: Sequence[str], owners: Sequence[str]) -> None:
    """Add to the step the approvals of these authorities that are not asked for yet.

    The policy agrees at once. ``owners`` are the names of the teams and people who own what is hit.
    """
    asked = await approvals_of(cmdb, step.record.id) if step.record.id else []
    there = {authority(a) for a in asked if state(a) in ("requested", "approved")}
    missing = [name for name in authorities if name not in there]
    if not missing:
        return
    numbers = await next_numbers(cmdb.store, KIND, len(missing))
    for name, number in zip(missing, numbers, strict=True):
        given: dict[str, str] = {
            "name": number, "number": number, "authority": name, "state": "requested"
        }  # fmt: skip
        if name == "owner" and owners:
            given["approver"] = ", ".join(owners)
        if name == "policy":
            given |= {
                "state": "approved",
                "decided_by": POLICY,
                "decided_at": format_time(step.now),
                "comments": "What the policy wants of such changes is so.",
            }
        keys = identifiers_of(KIND, number)
        step.draft.items.append(observed(cmdb.catalogue, KIND, keys, given, step.now))
        step.draft.links.append(linked("CHILD_OF", keys[0], key_of(step.record), step.now))
        step.draft.fresh.update(keys)


async def withdraw(cmdb: Cmdb, step: Step) -> None:
    """Add to the step that no approval of the change counts any longer."""
    for approval in await approvals_of(cmdb, step.record.id):
        if state(approval) in ("requested", "approved"):
            _again(cmdb, step, approval, {"state": "not_required"})


def _again(cmdb: Cmdb, step: Step, approval: Item, values: Values) -> None:
    step.draft.items.append(observed_again(cmdb.catalogue, approval, dict(values), step.now))
    step.draft.based_on[approval.id] = approval.revision


async def owners_of(cmdb: Cmdb, items: Iterable[str]) -> list[Item]:
    """The teams and people who own these items (ids), by name."""
    ids = sorted(set(items))
    links = await cmdb.store.links(ids, "out", ["OWNED_BY"]) if ids else ()
    found = await cmdb.store.items({link.to_id for link in links})
    return sorted(found.values(), key=lambda item: (item.name, item.id))


async def hit_by(cmdb: Cmdb, change: Item) -> list[str]:
    """The ids of what a change works on and of the services that it hits, as last assessed."""
    items = [item.id for item in await linked_items(cmdb, change.id, "CHANGES")]
    return reached(items, read(change.properties.get("assessment")))


def reached(items: Sequence[str], analysis: ChangeAnalysis | None) -> list[str]:
    """The items, and the services that are down or degraded meanwhile: their owners have a say,
    those of what is merely at risk have none."""
    services = analysis.services if analysis is not None else ()
    return [*items, *(service.id for service in services if service.state != "at_risk")]


def may_decide(name: str, who: Somebody, owners: Sequence[Item]) -> bool:
    """Whether somebody has the authority of that name, whatever part they have in the change."""
    if who.person is None or name == "policy":
        return False
    if name == "cab":
        return not who.roles.isdisjoint(_CAB)
    if name == "manager":
        return not who.roles.isdisjoint(_MANAGER)
    if name == "owner":
        return any(owner.id == who.person.id or owner.id in who.teams for owner in owners)
    return True


async def eligible(cmdb: Cmdb, change: Item, name: str) -> list[str]:
    """The names of those who could give the approval of an authority now, the first few."""
    involved, decided = Involved.of(change.properties), await _deciders(cmdb, change.id)
    owners = await owners_of(cmdb, await hit_by(cmdb, change)) if name == "owner" else []
    people = await _people(cmdb, name, owners)
    found: list[str] = []
    for person in people:
        who = Somebody(person.name, person, (), _roles(person))
        if involved.role(who) or any(who.is_same(other) for other in decided):
            continue
        if name == "owner" or may_decide(name, who, owners):
            found.append(person.name)
        if len(found) == SHOWN:
            break
    return found


def _roles(person: Item) -> frozenset[str]:
    roles = person.properties.get("roles")
    return frozenset(roles) if isinstance(roles, list) else frozenset()


async def _people(cmdb: Cmdb, name: str, owners: Sequence[Item]) -> list[Item]:
    """The people among whom those with an authority are: the first 200 of them."""
    if name == "owner":
        teams = [owner.id for owner in owners if owner.kind == "Team"]
        links = await cmdb.store.links(teams, "in", ["BELONGS_TO"]) if teams else ()
        members = await cmdb.store.items({link.from_id for link in links})
        people = {p.id: p for p in (*members.values(), *owners) if p.kind == "Person"}
        return sorted(people.values(), key=lambda p: (p.name, p.id))
    conditions: tuple[Condition, ...] = ()
    if name in ("cab", "manager"):
        conditions = (Condition("properties.roles", "exists", True),)
    page = await cmdb.store.query(ItemQuery(kinds=("Person",), conditions=conditions, limit=_PAGE))
    wanted = {"cab": _CAB, "manager": _MANAGER}.get(name)
    return [p for p in page.items if wanted is None or not _roles(p).isdisjoint(wanted)]


async def _deciders(cmdb: Cmdb, change: str) -> list[str]:
    """The names of those who have agreed to a change."""
    given = [a for a in await approvals_of(cmdb, change) if state(a) == "approved"]
    names = (a.properties.get("decided_by") for a in given)
    return [name for name in names if isinstance(name, str) and name != POLICY]


async def decide(cmdb: Cmdb, step: Step, *, approve: bool, name: str | None, comment: str) -> None:
    """Add to a step of a change that its actor agrees to it, or does not, for an authority.

    Without a name it is the first that they can speak for. Raises
    :class:`~cmdb.errors.Refused` with who could, where they can't.
    """
    change = step.record
    if not approve and not comment.strip():
        raise InvalidInput("Say why you reject it, in a comment.")
    given = await approvals_of(cmdb, change.id)
    waiting = [a for a in given if state(a) == "requested"]
    if not waiting:
        raise Refused(f"{change.name} waits for no approval.")
    if name is not None:
        waiting = [a for a in waiting if authority(a) == name]
        if not waiting:
            open_ones = ", ".join(authority(a) for a in given if state(a) == "requested")
            raise Refused(f"{change.name} waits for no approval of {name}, but of {open_ones}.")
    who = await somebody(cmdb.store, step.actor.name)
    chosen = await _chosen(cmdb, change, waiting, who, await _deciders(cmdb, change.id))
    values: dict[str, str] = {"decided_by": who.name}
    if comment.strip():
        values["comments"] = comment.strip()
    to = "approved" if approve else "rejected"
    transition = APPROVAL.transition(chosen.name, "requested", to)
    _again(cmdb, step, chosen, move(transition, chosen.name, chosen.properties, values, step.now))
    notes = change.properties.get("work_notes")
    said = f"{step.actor.name} {to} it ({authority(chosen)})"
    said += f": {comment.strip()}" if comment.strip() else "."
    # The change is written with it, so that of two who decide at once the later sees the earlier.
    step.values["work_notes"] = [*(notes if isinstance(notes, list) else []), said]
    step.draft.reason = f"{change.name} {to} by {step.actor.name} ({authority(chosen)})"
    if not approve:
        for other in given:
            if other.id != chosen.id and state(other) in ("requested", "approved"):
                _again(cmdb, step, other, {"state": "not_required"})


async def _chosen(
    cmdb: Cmdb, change: Item, waiting: Sequence[Item], who: Somebody, decided: Sequence[str]
) -> Item:
    role = Involved.of(change.properties).role(who)
    names = [authority(a) for a in waiting]
    if role is not None:
        why = f"{who.name} {role}, so somebody else must agree to it"
    elif who.person is None:
        why = f"{who.name} is nobody that is known here (a Person by login, email or name)"
    elif any(who.is_same(other) for other in decided):
        why = f"{who.name} has agreed to it once; the other word must be somebody else's"
    else:
        owners = await owners_of(cmdb, await hit_by(cmdb, change))
        for approval in waiting:
            if may_decide(authority(approval), who, owners):
                return approval
        why = f"{who.name} can't speak for {' or '.join(names)}"
    could = [f"{n}: {', '.join(await eligible(cmdb, change, n)) or 'nobody known'}" for n in names]
    raise Refused(f"{why}. {change.name} waits for {'; '.join(could)}.")


async def views(cmdb: Cmdb, change: Item) -> tuple[ApprovalView, ...]:
    """The approvals of a change, with who could give those that are waited for."""
    rows: list[ApprovalView] = []
    for approval in await approvals_of(cmdb, change.id):
        props = approval.properties
        waits = state(approval) == "requested"
        could = await eligible(cmdb, change, authority(approval)) if waits else []
        rows.append(
            ApprovalView(
                number=approval.name,
                authority=authority(approval),
                state=state(approval),
                approver=_text(props.get("approver")),
                decided_by=_text(props.get("decided_by")),
                decided_at=_text(props.get("decided_at")),
                comments=_text(props.get("comments")),
                eligible=tuple(could),
            )
        )
    return tuple(rows)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
