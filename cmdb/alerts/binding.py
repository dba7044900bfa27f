"""From alerts to the items that they are about: a few reads, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmdb.alerts.rules import Rule, candidates
from cmdb.binding import items_meant, spelled
from cmdb.items import Item
from cmdb.service import Cmdb
from cmdb.store.port import ItemQuery

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
    keys = {text: _spelled(cmdb, text, clusters) for text in texts}
    items = await items_meant(cmdb.store, cmdb.catalogue, keys)
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
    written = [text.replace("*", uid, 1) for uid in clusters] if "k8s:*/" in text else [text]
    return spelled(cmdb.catalogue, written)
