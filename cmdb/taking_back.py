"""Links that their sources claim to have named all of, and have not named any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from cmdb.reconcile.items import Rules
from cmdb.reconcile.retire import taken_back, waiting_taken_back
from cmdb.revisions import Delta
from cmdb.store.port import Store


async def taken_back_by(
    store: Store,
    rules: Rules,
    complete: Mapping[tuple[str, str], tuple[str, ...]],
    named: Collection[str],
    named_waiting: Collection[str],
    now: datetime,
) -> Delta:
    """What sources take back as of ``now``. Four reads.

    ``complete`` are relations by source and identifier of an item: all of its links of these were
    named in this load. ``named`` and ``named_waiting`` are the ids of the links that were.
    """
    owners = await store.owners({key for _, key in complete})
    relations: dict[tuple[str, str], tuple[str, ...]] = {
        (source, owner.item_id): those
        for (source, key), those in complete.items()
        if (owner := owners.get(key)) and owner.item_id
    }
    ids = {item for _, item in relations}
    links = [link for link in await store.links(ids, "out") if link.id not in named]
    items = await store.items(ids)
    keys = {key: item.id for item in items.values() for key in item.identifiers}
    waiting = [w for w in await store.waiting(keys) if w.id not in named_waiting]
    return Delta(
        links=tuple(taken_back(links, relations, now, rules)),
        waiting=tuple(waiting_taken_back(waiting, relations, keys)),
    )
