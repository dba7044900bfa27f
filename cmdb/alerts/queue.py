"""Alerts that lead to no item: listed, bound by hand, and bound once their item is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cmdb.alerts.binding import Unbound, bind
from cmdb.alerts.fold import labels_of
from cmdb.alerts.receive import KIND
from cmdb.alerts.rules import Rule
from cmdb.binding import is_bindable
from cmdb.errors import InvalidInput
from cmdb.items import Item, Value
from cmdb.records.actor import Actor
from cmdb.records.records import find_record, linked_items
from cmdb.records.write import (
    Draft,
    key_of,
    linked,
    observed_again,
    unlinked,
    write,
)
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery, Sort

OPEN = ("firing", "acknowledged")
PAGE = 1_000


def alert_query(limit: int, *, unbound: bool = False, is_open: bool = True) -> ItemQuery:
    """The query for alerts, the latest first: those that lead to no item, or that are not over."""
    conditions = []
    if unbound:
        conditions.append(Condition("properties.bound_by", "exists", False))
    if is_open:
        conditions.append(Condition("properties.state", "in", list(OPEN)))
    return ItemQuery(
        kinds=(KIND,),
        conditions=tuple(conditions),
        sort=Sort("name", descending=True),
        limit=limit,
    )


async def open_alerts(cmdb: Cmdb, *, bound: bool) -> list[Item]:
    """All alerts that are not over and lead to an item, or to none; by number."""
    found: list[Item] = []
    after: str | None = None
    while True:
        page = await cmdb.store.query(
            ItemQuery(
                kinds=(KIND,),
                conditions=(
                    Condition("properties.bound_by", "exists", bound),
                    Condition("properties.state", "in", list(OPEN)),
                ),
                limit=PAGE,
                after=after,
            )
        )
        found += page.items
        if not page.has_next:
            return found
        after = page.cursors[-1]


async def bind_alert(cmdb: Cmdb, alert: str, item: str, actor: Actor) -> Item:
    """Bind an alert to an item by a person's word; another item that it was bound to is let go.

    Raises :class:`~cmdb.errors.InvalidInput` where the one is no alert, or the other no
    configuration item.
    """
    found, to = await find_record(cmdb, alert, KIND), await cmdb.find(item)
    if not is_bindable(cmdb.catalogue, to):
        raise InvalidInput(
            f"{to.kind} {to.name} is no configuration item in use; an alert is about one."
        )

    async def make(now: datetime) -> Draft:
        stored = (await cmdb.store.items([found.id]))[found.id]
        draft = Draft(reason=f"{stored.name} is about {to.kind} {to.name}")
        before = await linked_items(cmdb, stored.id, "AFFECTS")
        for other in before:
            if other.id != to.id:
                draft.links.append(await unlinked(cmdb.store, "AFFECTS", stored, other, now))
        if to.id not in {other.id for other in before}:
            draft.links.append(linked("AFFECTS", key_of(stored), key_of(to), now))
        by: dict[str, Value | None] = {"bound_by": f"hand: {actor.name}"}
        if stored.properties.get("bound_by") != by["bound_by"]:
            draft.items.append(observed_again(cmdb.catalogue, stored, by, now))
        draft.based_on[stored.id] = stored.revision
        return draft

    await write(cmdb.store, cmdb.rules, actor, make)
    return (await cmdb.store.items([found.id]))[found.id]


async def bind_waiting(cmdb: Cmdb, rules: Sequence[Rule], actor: Actor) -> int:
    """Bind the open alerts whose item has come since; returns how many."""
    count = 0

    async def make(now: datetime) -> Draft:
        nonlocal count
        waiting = {alert.id: alert for alert in await open_alerts(cmdb, bound=False)}
        asked = {
            i: Unbound(str(a.properties.get("source_tool", "")), labels_of(a.properties))
            for i, a in waiting.items()
        }
        found = await bind(cmdb, rules, asked)
        count = len(found)
        draft = Draft(reason=f"{count} waiting alert{'' if count == 1 else 's'} bound")
        for i, bound in found.items():
            alert = waiting[i]
            draft.links.append(linked("AFFECTS", key_of(alert), key_of(bound.item), now))
            draft.items.append(observed_again(cmdb.catalogue, alert, {"bound_by": bound.by}, now))
            draft.based_on[alert.id] = alert.revision
        return draft

    await write(cmdb.store, cmdb.rules, actor, make)
    return count


async def list_alerts(
    cmdb: Cmdb, *, unbound: bool, is_open: bool, limit: int
) -> tuple[list[tuple[Item, list[Item]]], int]:
    """The latest alerts with what each is about, and how many there are in all. Three reads."""
    query = alert_query(limit, unbound=unbound, is_open=is_open)
    page = await cmdb.store.query(query)
    links = await cmdb.store.links([a.id for a in page.items], "out", ["AFFECTS"])
    ends = await cmdb.store.items({link.to_id for link in links})
    about: dict[str, list[Item]] = {}
    for link in links:
        if link.to_id in ends and link.status != "retired":
            about.setdefault(link.from_id, []).append(ends[link.to_id])
    return [(alert, about.get(alert.id, [])) for alert in page.items], page.total
