"""The earlier incidents that affect the same items, read from the store for their causes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from cmdb.incidents.precedents import Past, precedents
from cmdb.incidents.view import PrecedentItem
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.service import Cmdb

SHOWN = 5
MOST = 2_000
"""Earlier incidents that are looked at, the latest first."""


async def precedents_of(
    cmdb: Cmdb, affected: Sequence[str], at: datetime, *, leave_out: str = ""
) -> tuple[PrecedentItem, ...]:
    """The items that caused earlier incidents of the same items, the likeliest first. Four reads;
    none but the first where there were no such incidents."""
    links = await cmdb.store.links(affected, "in", ["AFFECTS"]) if affected else ()
    ids = {k.from_id for k in links if k.status != "retired"} - {leave_out}
    if not ids:
        return ()
    records = [r for r in (await cmdb.store.items(ids)).values() if r.kind == "Incident"]
    records.sort(key=lambda r: (str(r.properties.get("opened_at", "")), r.id), reverse=True)
    kept = {record.id: record for record in records[:MOST]}
    causes: dict[str, list[str]] = defaultdict(list)
    for link in await cmdb.store.links(kept, "out", ["CAUSED_BY"]) if kept else ():
        if link.status != "retired":
            causes[link.from_id].append(link.to_id)
    touched: dict[str, list[str]] = defaultdict(list)
    for link in links:
        touched[link.from_id].append(link.to_id)
    past = [made for i, r in kept.items() if (made := _past(r, touched[i], causes[i])) is not None]
    found = [row for row in precedents(affected, at, past, limit=SHOWN) if row.times]
    items = await cmdb.store.items([row.item for row in found])
    return tuple(
        PrecedentItem(i.id, i.kind, i.name, row.score, row.times)
        for row in found
        if (i := items.get(row.item)) is not None
    )


def _past(record: Item, affected: Sequence[str], causes: Sequence[str]) -> Past | None:
    opened = record.properties.get("opened_at")
    known = record.properties.get("resolved_at") or record.properties.get("closed_at")
    if not isinstance(opened, str) or not isinstance(known, str):
        return None
    return Past(parse_time(opened), parse_time(known), tuple(affected), tuple(causes))
