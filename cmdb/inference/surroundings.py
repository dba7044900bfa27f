"""The estate as the rules of inference look at it: without what was inferred before."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from cmdb.catalogue import Catalogue, Category
from cmdb.items import Item, ItemStatus, Link
from cmdb.reconcile.items import Rules
from cmdb.reconcile.resolve import resolve_link
from cmdb.revisions.views import snapshot
from cmdb.store.port import Store

SOURCE = "inference"


@dataclass(slots=True)
class Surroundings:
    """The configuration items that are there, and the links that sources report between them.

    ``inferred`` are all links that an earlier inference reports, by their ids; those that nobody
    else reports are not among ``outgoing`` and ``incoming``, nor such items among ``items``.
    """

    catalogue: Catalogue
    items: dict[str, Item] = field(default_factory=dict)
    outgoing: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))
    incoming: dict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))
    inferred: dict[str, Link] = field(default_factory=dict)

    def is_a(self, item: Item, kind: str) -> bool:
        """Whether an item is of a kind or of one below it."""
        return self.catalogue.is_a(item.kind, kind)

    def labels(self, item: Item) -> dict[str, str]:
        """The labels of an item, by key."""
        said = item.properties.get("labels")
        pairs = (str(one).partition("=") for one in said) if isinstance(said, list) else ()
        return {key: value for key, _, value in pairs if value}

    def text(self, item: Item, name: str) -> str:
        """A property as text; empty where there is none."""
        value = item.properties.get(name)
        return value if isinstance(value, str) else ""


async def read_surroundings(store: Store, rules: Rules) -> Surroundings:
    """All of it as of the latest revision. O(items + links)."""
    kinds = {resolved.name for resolved in rules.catalogue.of_category(Category.CI)}
    found = Surroundings(rules.catalogue)
    async for entity in snapshot(store):
        if isinstance(entity, Item):
            if entity.kind in kinds and _is_reported(entity):
                found.items[entity.id] = entity
        elif isinstance(entity, Link):
            _add(found, entity, rules)
    return found


def _is_reported(item: Item) -> bool:
    """Whether a source, and not only an inference, sees the item now."""
    gone = item.status in (ItemStatus.RETIRED, ItemStatus.MISSING) or item.merged_into is not None
    return not gone and bool(item.identifiers) and set(item.sources) != {SOURCE}


def _add(found: Surroundings, link: Link, rules: Rules) -> None:
    live = [report for report in link.reports if not report.retired]
    if any(report.source == SOURCE for report in live):
        found.inferred[link.id] = link
    others = [r for r in live if r.source != SOURCE and r.missing_since is None]
    if others and link.from_id in found.items and link.to_id in found.items:
        # As it would be without an inference, or each would undo itself the next time.
        stale_after = rules.catalogue.kind("ConfigurationItem").stale_after
        link = resolve_link(link, others, stale_after, rules.policy)
        found.outgoing[link.from_id].append(link)
        found.incoming[link.to_id].append(link)
