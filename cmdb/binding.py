"""From what a tool calls something to the configuration item that it means: identifiers or names.

A few reads, whatever their number. What leads to several items, to a record, or to an item that is
retired, leads nowhere: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cmdb.catalogue import Catalogue
from cmdb.catalogue.model import Category
from cmdb.errors import InvalidInput
from cmdb.identity.identifiers import namespace_of, normalise
from cmdb.items import Item, ItemObservation, ItemStatus, LinkObservation
from cmdb.store.port import Condition, ItemQuery, Store

NAMES_AT_ONCE = 1_000


def spelled(catalogue: Catalogue, texts: Iterable[str]) -> list[str]:
    """The normalised identifiers among texts; a text that is a name is none."""
    found = []
    for text in texts:
        if ":" not in text or namespace_of(text) not in catalogue.namespaces:
            continue
        try:
            found.append(normalise(text, catalogue))
        except InvalidInput:
            continue
    return found


def is_bindable(catalogue: Catalogue, item: Item) -> bool:
    """Whether a tool can mean it: a configuration item that is not retired."""
    if item.status is ItemStatus.RETIRED:
        return False
    return catalogue.kind(item.kind).kind.category is Category.CI


async def items_meant(
    store: Store, catalogue: Catalogue, texts: Mapping[str, Sequence[str]]
) -> dict[str, Item]:
    """The one item that each text leads to, by its identifiers, or as an id or a name where it has
    none."""
    owners = await store.owners({key for keys in texts.values() for key in keys})
    plain = [text for text, keys in texts.items() if not keys]
    ids = {o.item_id for o in owners.values() if o.item_id is not None}
    by_id = await store.items({*ids, *plain})
    named = await _named(store, [text for text in plain if text not in by_id])
    found: dict[str, Item] = {}
    for text, keys in texts.items():
        hits = {o.item_id for key in keys if (o := owners.get(key)) and o.item_id} or {text}
        rows = [by_id[i] for i in hits if i in by_id] or named.get(text, [])
        rows = [item for item in rows if is_bindable(catalogue, item)]
        if len(rows) == 1:
            found[text] = rows[0]
    return found


async def _named(store: Store, names: Iterable[str]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    wanted = sorted(set(names))
    for start in range(0, len(wanted), NAMES_AT_ONCE):
        some = wanted[start : start + NAMES_AT_ONCE]
        after: str | None = None
        while True:
            page = await store.query(
                ItemQuery(
                    conditions=(Condition("name", "in", some),), limit=NAMES_AT_ONCE, after=after
                )
            )
            for item in page.items:
                found.setdefault(item.name, []).append(item)
            if not page.has_next:
                break
            after = page.cursors[-1]
    return found


async def bind_ends(
    store: Store,
    catalogue: Catalogue,
    links: Sequence[LinkObservation],
    seen: Sequence[ItemObservation] = (),
) -> tuple[list[LinkObservation], list[LinkObservation]]:
    """Links with the ends that their ``to_any`` leads to, and those that nothing leads on.

    ``seen`` are items that are not stored yet, as in a dry run. A link of which nothing leads on
    keeps its ``to_key``, and is among the first as well where it has one: it waits.
    """
    texts = {text: spelled(catalogue, [text]) for link in links for text in link.to_any}
    meant = await items_meant(store, catalogue, texts) if texts else {}
    fresh = _fresh(catalogue, seen) if texts else {}
    bound, unbound = [], []
    for link in links:
        if not link.to_any:
            bound.append(link)
            continue
        end = next(filter(None, (_end(t, texts[t], meant, fresh) for t in link.to_any)), None)
        if end is None:
            unbound.append(link)
        if end or link.to_key:
            bound.append(_with_end(link, end or link.to_key))
    return bound, unbound


def _with_end(link: LinkObservation, key: str) -> LinkObservation:
    return LinkObservation(
        link.relation, link.from_key, key, link.source, link.time, link.strength, link.gate,
        link.weight, link.confidence, link.evidence, link.scope, link.past,
    )  # fmt: skip


def _end(
    text: str, keys: Sequence[str], meant: Mapping[str, Item], fresh: Mapping[str, str]
) -> str | None:
    """An identifier of what a text leads to: the one in the text, where it is one."""
    item = meant.get(text)
    if item is not None:
        own = [key for key in keys if key in item.identifiers]
        return next(iter((*own, *item.identifiers)), None)
    return next((fresh[key] for key in (*keys, text) if key in fresh), None)


def _fresh(catalogue: Catalogue, seen: Iterable[ItemObservation]) -> dict[str, str]:
    """Identifiers of items that are not stored yet, by all their identifiers and their names."""
    found: dict[str, str] = {}
    several: set[str] = set()
    for item in seen:
        if catalogue.kind(item.kind).kind.category is not Category.CI:
            continue
        name = item.properties.get("name")
        for text in (*item.identifiers, *([name] if isinstance(name, str) else [])):
            if found.setdefault(text, item.identifiers[0]) != item.identifiers[0]:
                several.add(text)
    return {text: key for text, key in found.items() if text not in several}
