"""A change as it is shown: what it does, what follows, who agreed, and what moved since."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.changes import analysis as analysed
from cmdb.changes import approvals
from cmdb.changes.actions import ACTIONS, actions_of
from cmdb.changes.changes import DRAFTED, KIND
from cmdb.changes.checks import WAITING
from cmdb.changes.models import cycle_of
from cmdb.changes.review import review_of
from cmdb.changes.steps import step_views
from cmdb.changes.view import AssessmentMoved, ChangedItem, ChangeView
from cmdb.incidents.view import RecordItem
from cmdb.items import Item, Link
from cmdb.records.records import find_record, linked_items, state_of
from cmdb.service import Cmdb
from impact import State


async def show_change(cmdb: Cmdb, change: str) -> ChangeView:
    """A change with all that it is linked to. One that has not begun is assessed once more, so that
    whoever decides sees what moved since the stored assessment; nothing is written."""
    found = await find_record(cmdb, change, KIND)
    cycle = cycle_of(cmdb, found.properties)
    state = state_of(found, cycle)
    links = [k for k in await cmdb.store.links([found.id]) if k.status != "retired"]
    ends = await cmdb.store.items({i for k in links for i in (k.from_id, k.to_id)} - {found.id})
    items = await linked_items(cmdb, found.id, "CHANGES")
    stored = analysed.read(found.properties.get("assessment"))
    moved: AssessmentMoved | None = None
    if stored is not None and state in (*DRAFTED, *WAITING):
        moved = analysed.moved(stored, await analysed.analyse_change(cmdb, found, items))
    actions = actions_of(found, items)
    hidden = ("assessment", "actions")
    return ChangeView(
        id=found.id,
        number=found.name,
        state=state,
        next_states=cycle.allowed(state),
        revision=found.revision,
        properties={n: v for n, v in found.properties.items() if n not in hidden},
        items=tuple(_changed(item, actions[item.id]) for item in items),
        affected=_ends(links, ends, "AFFECTS", found.id),
        fixes=_ends(links, ends, "FIXED_BY", found.id),
        approvals=await approvals.views(cmdb, found),
        steps=await step_views(cmdb, found.id),
        analysis=stored,
        moved_since=moved,
        review=await review_of(cmdb, found) if found.properties.get("work_start") else None,
    )


def _changed(item: Item, action: str) -> ChangedItem:
    state = ACTIONS[action] or State.UP
    return ChangedItem(item.id, item.kind, item.name, action, state.label)


def _ends(
    links: list[Link], ends: Mapping[str, Item], relation: str, change: str
) -> tuple[RecordItem, ...]:
    """What a relation leads to from the change, or from where it leads to the change."""
    ids = {
        link.to_id if link.from_id == change else link.from_id
        for link in links
        if link.relation == relation and (relation == "FIXED_BY" or link.from_id == change)
    }
    rows = sorted((ends[i] for i in ids if i in ends), key=lambda item: (item.name, item.id))
    return tuple(RecordItem(item.id, item.kind, item.name) for item in rows)
