"""Writing records: what a draft says becomes one revision, decided on what is stored, or nothing.

A draft is made of what was read, reconciled like any other observation, and applied. Where another
writer was first, it is made again of what is stored then; so every rule is checked against exactly
the state that it is written on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, Refused, WriteConflict
from cmdb.ingest import Ingest
from cmdb.items import Item, ItemObservation, LinkObservation, Value
from cmdb.items.observation import Past
from cmdb.items.value import check_value
from cmdb.load import MAX_ATTEMPTS
from cmdb.reconcile.items import ItemOutcome, Rules
from cmdb.reconcile.policy import OPERATOR
from cmdb.records.actor import Actor
from cmdb.revisions import Commit, Delta, Revision
from cmdb.store.port import Store


@dataclass(slots=True)
class Draft:
    """What is to be written as one revision.

    ``based_on`` are the revisions of the items that it was decided on, by id, and ``fresh`` are
    identifiers that nothing had then: should an item have moved, or somebody else have taken an
    identifier meanwhile, the draft is made anew.
    """

    items: list[ItemObservation] = field(default_factory=list)
    links: list[LinkObservation] = field(default_factory=list)
    based_on: dict[str, int] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    reason: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.items or self.links)


@dataclass(frozen=True, slots=True)
class Written:
    """A revision that was written, with the delta that it holds; None where nothing changed."""

    revision: Revision | None
    delta: Delta

    def created(self, kind: str) -> list[str]:
        """The ids of the items of a kind that it created, in the order of the draft."""
        return [c.after.id for c in self.delta.items if c.before is None and c.after.kind == kind]


Make = Callable[[datetime], Awaitable[Draft]]
"""Makes a draft of what is stored now, to be written at that time."""


async def write(store: Store, rules: Rules, actor: Actor, make: Make) -> Written:
    """Write what ``make`` drafts, as one revision.

    Raises what ``make`` raises, :class:`~cmdb.errors.InvalidInput` where a link can't be, and
    :class:`~cmdb.errors.WriteConflict` where others kept coming first.
    """
    for _ in range(MAX_ATTEMPTS):
        now = datetime.now(UTC)
        draft = await make(now)
        if draft.is_empty:
            return Written(None, Delta())
        delta, outcome, linked = await Ingest(store, rules, actor.name).reconcile(
            draft.items, draft.links
        )
        if outcome.rejected:
            raise InvalidInput(outcome.rejected[0].reason)
        if linked.waiting_seen:
            raise InvalidInput(f"A link can't be: {delta.waiting[0].reason}.")
        if _moved(delta, draft.based_on) or _taken(outcome, draft.fresh):
            continue
        if await _moved_unseen(store, delta, draft.based_on):
            continue
        commit = Commit(actor.name, OPERATOR, draft.reason, now, address=actor.address)
        try:
            return Written(await store.apply(delta, commit), delta)
        except WriteConflict:
            continue
    raise WriteConflict("Others kept changing the same records; try again.")


def _moved(delta: Delta, based_on: Mapping[str, int]) -> bool:
    return any(
        change.before is not None
        and change.before.revision != based_on.get(change.before.id, change.before.revision)
        for change in delta.items
    )


async def _moved_unseen(store: Store, delta: Delta, based_on: Mapping[str, int]) -> bool:
    """The same of items that the delta leaves as they are: what was to be said of them is older
    than what another writer has said meanwhile."""
    touched = {change.before.id for change in delta.items if change.before is not None}
    left = [item_id for item_id in based_on if item_id not in touched]
    found = await store.items(left) if left else {}
    return any(item.revision != based_on[item_id] for item_id, item in found.items())


def _taken(outcome: ItemOutcome, fresh: Collection[str]) -> bool:
    made = {c.after.id for c in outcome.changes if c.before is None}
    owners = (outcome.owners.get(key) for key in fresh)
    return any(owner is not None and owner.item_id not in made for owner in owners)


def observed(
    catalogue: Catalogue,
    kind: str,
    identifiers: Sequence[str],
    properties: Mapping[str, Value | None],
    time: datetime,
) -> ItemObservation:
    """What an operator says of a record, checked against the catalogue.

    Raises :class:`~cmdb.errors.InvalidInput` for a property that the kind does not have, or a
    value that it can't hold.
    """
    declared = catalogue.kind(kind).properties
    checked: dict[str, Value | None] = {}
    for name, value in properties.items():
        if name not in declared:
            raise InvalidInput(f"{kind} has no property {name!r}; `cmdb kinds {kind}` lists them.")
        try:
            checked[name] = None if value is None else check_value(declared[name], value)
        except ValueError as error:
            raise InvalidInput(f"{kind}.{name} {error}.") from None
    return ItemObservation(kind, tuple(identifiers), OPERATOR, time, checked)


def observed_again(
    catalogue: Catalogue, item: Item, properties: Mapping[str, Value | None], time: datetime
) -> ItemObservation:
    """What an operator says of a stored record now, never earlier than what was said before."""
    times = [r.last_seen for r in item.reports if r.source == OPERATOR]
    after = max((t + timedelta(microseconds=1) for t in times), default=time)
    key = key_of(item)
    return observed(catalogue, item.kind, (key,), properties, max(time, after))


def key_of(item: Item) -> str:
    """An identifier that leads to the item. Raises :class:`~cmdb.errors.Refused` without one."""
    for report in item.reports:
        if report.source == OPERATOR:
            for key in report.identifiers:
                if key in item.identifiers:
                    return key
    if item.identifiers:
        return item.identifiers[0]
    raise Refused(
        f"{item.kind} {item.name} has no identifier of its own, so nothing can lead to it."
    )


def linked(relation: str, start: str, end: str, time: datetime) -> LinkObservation:
    """An operator's word that there is a link, its ends by identifier."""
    return LinkObservation(relation, start, end, OPERATOR, time)


async def unlinked(
    store: Store, relation: str, start: Item, end: Item, time: datetime
) -> LinkObservation:
    """An operator's word that there is no such link any more.

    Raises :class:`~cmdb.errors.InvalidInput` where there is none, and
    :class:`~cmdb.errors.Refused` where others report it.
    """
    for link in await store.links([start.id], "both", [relation]):
        if {link.from_id, link.to_id} != {start.id, end.id}:
            continue
        others = [r.source for r in link.reports if r.source != OPERATOR and not r.retired]
        if others:
            raise Refused(
                f"{', '.join(others)} reports that {start.name} {relation} {end.name}; only that "
                "source can take it back."
            )
        report = next(r for r in link.reports if r.source == OPERATOR)
        after = max(time, report.last_seen + timedelta(microseconds=1))
        past = Past(report.first_seen, {}, after, retired=True)
        return LinkObservation(relation, report.from_key, report.to_key, OPERATOR, after, past=past)
    raise InvalidInput(f"There is no {relation} link between {start.name} and {end.name}.")
