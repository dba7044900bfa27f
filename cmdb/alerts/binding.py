"""From alerts to the items that they are about: a few reads, whatever their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.alerts.rules import Rule, candidates
from cmdb.catalogue.model import Category
from cmdb.errors import InvalidInput
from cmdb.identity.identifiers import namespace_of, normalise
from cmdb.items import Item, ItemStatus
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery

NAMES_AT_ONCE = 1_000
MOST_CLUSTERS = 1_000


@dataclass(frozen=True, slots=True)
class Unbound:
    """An alert to be bound: whose it is and what was said of it."""

    tool: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bound:
    """The item that an alert is about; ``by`` is the rule, and what it made that led there."""

    item: Item
    by: str


async def bind(
    cmdb: Cmdb, rules: Sequence[Rule], alerts: Mapping[str, Unbound]
) -> dict[str, Bound]:
    """The items that alerts are about, by the alerts' keys; left out where none is found.

    A candidate that leads to several items, to a record, or to one that is retired, leads nowhere.
    """
    wanted = {key: list(candidates(rules, a.tool, a.labels)) for key, a in alerts.items()}
    texts = {text for found in wanted.values() for text, _ in found}
    clusters = await _clusters(cmdb) if any("k8s:*/" in text for text in texts) else []
    spelled = {text: _spelled(cmdb, text, clusters) for text in texts}
    items = await _items(cmdb, spelled)
    bound: dict[str, Bound] = {}
    for key, found in wanted.items():
        for text, rule in found:
            if text in items:
                bound[key] = Bound(items[text], f"{rule}: {text}")
                break
    return bound


async def _clusters(cmdb: Cmdb) -> list[str]:
    """The uids of the Kubernetes clusters that are known."""
    page = await cmdb.store.query(ItemQuery(kinds=("KubernetesCluster",), limit=MOST_CLUSTERS))
    keys = (key for item in page.items for key in item.identifiers if key.startswith("k8s:"))
    return sorted({key.removeprefix("k8s:").partition("/")[0] for key in keys})


def _spelled(cmdb: Cmdb, text: str, clusters: Sequence[str]) -> list[str]:
    """The normalised identifiers that a candidate stands for; none where it is a name."""
    if ":" not in text or namespace_of(text) not in cmdb.catalogue.namespaces:
        return []
    written = [text.replace("*", uid, 1) for uid in clusters] if "k8s:*/" in text else [text]
    try:
        return [normalise(one, cmdb.catalogue) for one in written]
    except InvalidInput:
        return []


async def _items(cmdb: Cmdb, spelled: Mapping[str, Sequence[str]]) -> dict[str, Item]:
    """The one item that each candidate leads to."""
    owners = await cmdb.store.owners({key for keys in spelled.values() for key in keys})
    texts = [text for text, keys in spelled.items() if not keys]
    ids = {o.item_id for o in owners.values() if o.item_id is not None}
    by_id = await cmdb.store.items({*ids, *texts})
    named = await _named(cmdb, [text for text in texts if text not in by_id])
    found: dict[str, Item] = {}
    for text, keys in spelled.items():
        hits = {o.item_id for key in keys if (o := owners.get(key)) and o.item_id} or {text}
        rows = [by_id[i] for i in hits if i in by_id] or named.get(text, [])
        rows = [item for item in rows if is_bindable(cmdb, item)]
        if len(rows) == 1:
            found[text] = rows[0]
    return found


async def _named(cmdb: Cmdb, names: Iterable[str]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    wanted = sorted(set(names))
    for start in range(0, len(wanted), NAMES_AT_ONCE):
        some = wanted[start : start + NAMES_AT_ONCE]
        after: str | None = None
        while True:
            page = await cmdb.store.query(
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


def is_bindable(cmdb: Cmdb, item: Item) -> bool:
    """Whether an alert can be about it: a configuration item that is not retired."""
    if item.status is ItemStatus.RETIRED:
        return False
    return cmdb.catalogue.kind(item.kind).kind.category is Category.CI
