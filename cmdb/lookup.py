"""From what a person types to the item meant: an id, an identifier, or a name that is unique."""

from __future__ import annotations

import re

from cmdb.catalogue import Catalogue
from cmdb.errors import AmbiguousItem, InvalidInput, UnknownItem
from cmdb.identity.identifiers import namespace_of, normalise
from cmdb.items import Item
from cmdb.store.port import Condition, ItemQuery, Sort, Store

_ID = re.compile(r"^[0-9a-hjkmnp-tv-z]{26}$")
_ALL = ("planned", "active", "maintenance", "missing", "retired")


async def find_item(store: Store, catalogue: Catalogue, text: str) -> Item:
    """The item that ``text`` means.

    Ids come first, then identifiers (former ones too), then exact names, then names without regard
    to case. An item that was merged leads to the one it became. Names of retired items count only
    where no other bears them.

    Raises :class:`~cmdb.errors.UnknownItem` with the nearest names, or
    :class:`~cmdb.errors.AmbiguousItem` with the candidates.
    """
    text = text.strip()
    if not text:
        raise InvalidInput(
            "An item is named by its id, an identifier or its name; nothing was given."
        )
    if _ID.match(text) and (found := (await store.items([text])).get(text)):
        return await _survivor(store, found)
    if namespace_of(text) in catalogue.namespaces and ":" in text:
        key = normalise(text, catalogue)
        owner = (await store.owners([key])).get(key)
        if owner is not None and owner.item_id is not None:
            return (await store.items([owner.item_id]))[owner.item_id]
        if owner is not None:
            raise InvalidInput(f"{key} is shared by several things and identifies none of them.")
    named = await _named(store, text)
    if len(named) == 1:
        return named[0]
    if named:
        raise AmbiguousItem(text, [(i.id, i.kind, i.name) for i in named])
    nearby = await store.search(text, limit=50)
    if not nearby.total:
        nearby = await store.search(text[: max(3, len(text) // 2)], limit=200)
    raise UnknownItem(text, [i.name for i in nearby.items])


async def find_items(store: Store, catalogue: Catalogue, texts: list[str]) -> list[Item]:
    """The items that several texts mean, each once, in the order given."""
    found = {}
    for text in texts:
        item = await find_item(store, catalogue, text)
        found[item.id] = item
    return list(found.values())


async def _named(store: Store, name: str) -> list[Item]:
    for statuses in (None, _ALL):
        page = await store.query(
            ItemQuery(
                conditions=(Condition("name", "starts_with", name),),
                statuses=statuses,
                sort=Sort("name"),
                limit=1000,
            )
        )
        exact = [i for i in page.items if i.name == name]
        folded = [i for i in page.items if i.name.casefold() == name.casefold()]
        if exact or folded:
            return exact or folded
    return []


async def _survivor(store: Store, item: Item) -> Item:
    while item.merged_into is not None:
        following = (await store.items([item.merged_into])).get(item.merged_into)
        if following is None:
            break
        item = following
    return item
