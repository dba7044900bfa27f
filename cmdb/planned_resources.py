"""Which items the resources of a plan are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from cmdb.errors import InvalidInput
from cmdb.identity.identifiers import normalise
from cmdb.items import Item
from cmdb.plans import Effect, Plan, PlannedResource
from cmdb.plans.plan import EFFECTS, TAKES_DOWN, Tool
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery
from impact import Estate

SEVERAL_CLUSTERS = "more than one cluster has it: name the cluster"
Match = Literal["identifier", "name", "several", "none"]


class PlannedChange(msgspec.Struct, frozen=True):
    """What a plan does to one resource, and the item that it is: its ``id``, ``kind`` and ``name``.

    ``match`` says how the item was found: by an ``identifier``, or by a ``name`` that only it
    bears, which is weaker; ``matched_by`` is which. ``several``: more than one item answers to it,
    so ``candidates`` has their ids and no item is taken. ``reason`` is why the effect is what it
    is, or why nothing follows from it.
    """

    address: str
    type: str
    effect: Effect
    match: Match
    matched_by: str | None
    id: str | None
    kind: str | None
    name: str | None
    candidates: tuple[str, ...]
    reason: str


async def planned_changes_of(
    cmdb: Cmdb, plan: Plan, estate: Estate, cluster: str | None
) -> list[PlannedChange]:
    """What the plan does to each resource that it touches, the worst effect first."""
    touched = [r for r in plan.resources if r.effect != "unchanged"]
    found = await _Finder.of(cmdb, touched, cluster)
    changes = [await found.change(resource, plan.tool, estate) for resource in touched]
    return sorted(changes, key=lambda change: (EFFECTS.index(change.effect), change.address))


@dataclass(frozen=True)
class _Finder:
    """Finds the items that resources are; identifiers are looked up all at once."""

    cmdb: Cmdb
    keys: Mapping[str, tuple[str, ...]]
    """The identifiers of each resource, by address, normalised."""
    owners: Mapping[str, Item]

    @classmethod
    async def of(
        cls, cmdb: Cmdb, resources: Sequence[PlannedResource], cluster: str | None
    ) -> _Finder:
        is_asked = cluster is not None or any(r.objects for r in resources)
        clusters = await _clusters(cmdb, cluster) if is_asked else ()
        keys = {r.address: _keys(cmdb, r, clusters) for r in resources if r.effect != "create"}
        wanted = {key for found in keys.values() for key in found}
        owners = await cmdb.store.owners(wanted) if wanted else {}
        ids = {key: owner.item_id for key, owner in owners.items() if owner.item_id is not None}
        items = await cmdb.store.items(set(ids.values())) if ids else {}
        return cls(cmdb, keys, {key: items[i] for key, i in ids.items() if i in items})

    async def change(self, resource: PlannedResource, tool: Tool, estate: Estate) -> PlannedChange:
        if resource.effect == "create":
            return _change(resource, "none", None, ())
        for key in self.keys[resource.address]:
            items = {self.owners[k].id: self.owners[k] for k in self._alike(resource, key)}
            if len(items) == 1:
                (item,) = items.values()
                return _placed(_change(resource, "identifier", key, (item,)), estate)
            if items:
                found = _change(resource, "several", None, tuple(items.values()))
                return msgspec.structs.replace(found, reason=SEVERAL_CLUSTERS)
        for name in resource.names if tool == "terraform" else ():
            items = {item.id: item for item in await self._named(name)}
            if items:
                match: Match = "name" if len(items) == 1 else "several"
                found = _change(resource, match, name, tuple(items.values()))
                return _placed(found, estate)
        if tool == "kubernetes":
            created = msgspec.structs.replace(resource, effect="create", reason="")
            return _change(created, "none", None, ())
        return _change(resource, "none", None, ())

    def _alike(self, resource: PlannedResource, key: str) -> list[str]:
        """The key, with those of the same object in other clusters: which is meant is not said."""
        keys = self.keys[resource.address] if key.startswith("k8s:") else (key,)
        return [k for k in keys if k in self.owners and k.startswith(key[:4])]

    async def _named(self, name: str) -> Sequence[Item]:
        query = ItemQuery(conditions=(Condition("name", "eq", name),), limit=20)
        return (await self.cmdb.store.query(query)).items


async def _clusters(cmdb: Cmdb, named: str | None) -> tuple[str, ...]:
    """What the identifiers of each stored cluster's objects begin with; or of that one's."""
    if named is not None:
        item = await cmdb.find(named)
        if item.kind != "KubernetesCluster":
            raise InvalidInput(f"{item.kind} {item.name!r} is no KubernetesCluster.")
        items: Sequence[Item] = (item,)
    else:
        query = ItemQuery(kinds=("KubernetesCluster",), limit=1000)
        items = (await cmdb.store.query(query)).items
    keys = (key for item in items for key in item.identifiers if key.startswith("k8s:"))
    return tuple(dict.fromkeys(key.split("/", 1)[0] for key in keys))


def _keys(cmdb: Cmdb, resource: PlannedResource, clusters: Sequence[str]) -> tuple[str, ...]:
    written = [f"{c}/{'/'.join(o)}" for o in resource.objects for c in clusters]
    keys: list[str] = []
    for identifier in (*written, *resource.identifiers):
        try:
            keys.append(normalise(identifier, cmdb.catalogue))
        except InvalidInput:
            continue  # a value of the plan that is no identifier finds nothing
    return tuple(dict.fromkeys(keys))


def _change(
    resource: PlannedResource, match: Match, by: str | None, items: Sequence[Item]
) -> PlannedChange:
    item = items[0] if match in ("identifier", "name") else None
    return PlannedChange(
        address=resource.address,
        type=resource.type,
        effect=resource.effect,
        match=match,
        matched_by=by if item is not None else None,
        id=item.id if item else None,
        kind=item.kind if item else None,
        name=item.name if item else None,
        candidates=tuple(i.id for i in items) if match == "several" else (),
        reason=resource.reason,
    )


def _placed(change: PlannedChange, estate: Estate) -> PlannedChange:
    """The change with a word on why nothing follows from it, where its item is retired already."""
    known = estate.left_out.get(change.id or "")
    if known is None or change.effect not in TAKES_DOWN:
        return change
    said = f"{change.reason}; it is {known.status.value}, so nothing rests on it".lstrip("; ")
    return msgspec.structs.replace(change, reason=said)
