"""The post-implementation review of a change, filled with what followed it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cmdb.changes.analysis import read
from cmdb.changes.view import ChangeReview, ReviewIncident, ReviewRevision
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.records.records import linked_items
from cmdb.revisions.views import changed_fields
from cmdb.service import Cmdb

AFTER = timedelta(days=7)
"""How long after its end revisions and incidents count as what followed."""
SHOWN = 50
_MOST_ITEMS = 100
_MOST_EDITS = 100


async def review_of(cmdb: Cmdb, change: Item) -> ChangeReview | None:
    """What followed a change: until a week after its end, or until now; None before it began.

    A read for each of the first hundred items that it works on, and two for the incidents.
    """
    began, ended = (_time(change.properties.get(n)) for n in ("work_start", "work_end"))
    if began is None:
        return None
    items = (await linked_items(cmdb, change.id, "CHANGES"))[:_MOST_ITEMS]
    until = ended + AFTER if ended is not None else datetime.now(UTC)
    revisions = [row for item in items for row in await _revisions(cmdb, item, began, ended, until)]
    revisions.sort(key=lambda row: (row.time, row.revision, row.name))
    incidents = await _incidents(cmdb, change, [item.id for item in items], began, until)
    inside = sum(row.is_inside for row in revisions)
    after = len(revisions) - inside
    return ChangeReview(
        since=began,
        until=ended,
        revisions=tuple(revisions[:SHOWN]),
        revisions_total=len(revisions),
        incidents=tuple(incidents),
        sentence=f"{_count(inside, 'edit')} of its items within its actual window, "
        f"{after} after it; {_count(len(incidents), 'incident')} on what it reaches since.",
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _time(value: object) -> datetime | None:
    return parse_time(value) if isinstance(value, str) else None


async def _revisions(
    cmdb: Cmdb, item: Item, began: datetime, ended: datetime | None, until: datetime
) -> list[ReviewRevision]:
    rows: list[ReviewRevision] = []
    for revision, edit in await cmdb.store.history(item.id, _MOST_EDITS):
        if not began <= revision.time <= until:
            continue
        fields = [f.removeprefix("properties.") for f in changed_fields(edit.before, edit.after)]
        more = f" and {len(fields) - 3} more" if len(fields) > 3 else ""
        said = f": {', '.join(fields[:3])}{more}" if edit.before is not None and fields else ""
        rows.append(
            ReviewRevision(
                revision=revision.number,
                time=revision.time,
                actor=revision.actor,
                source=revision.source,
                item=item.id,
                name=item.name,
                summary=f"{edit.action.value}{said}",
                is_inside=ended is None or revision.time <= ended,
            )
        )
    return rows


async def _incidents(
    cmdb: Cmdb, change: Item, items: list[str], began: datetime, until: datetime
) -> list[ReviewIncident]:
    """Incidents opened since on its items and on the services that it was to reach."""
    analysis = read(change.properties.get("assessment"))
    radius = (
        {*items, *(s.id for s in analysis.services if s.state != "at_risk")}
        if analysis
        else {*items}
    )
    links = await cmdb.store.links(sorted(radius), "in", ["AFFECTS"]) if radius else ()
    records = await cmdb.store.items({link.from_id for link in links})
    rows: list[ReviewIncident] = []
    for record in sorted(records.values(), key=lambda r: r.name):
        opened = record.properties.get("opened_at")
        if record.kind != "Incident" or not isinstance(opened, str):
            continue
        if began <= parse_time(opened) <= until:
            rows.append(
                ReviewIncident(
                    record.name,
                    str(record.properties.get("short_description", "")),
                    str(record.properties.get("state", "new")),
                    opened,
                    tuple(sorted({k.to_id for k in links if k.from_id == record.id})),
                )
            )
    return rows
