"""Reconciliation of items: which observation is about which item, and what changes by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.identity.cluster import Group, conflicting, group_reports, identifying_keys
from cmdb.identity.identifiers import namespace_of
from cmdb.identity.owner import Owner
from cmdb.items import Item, ItemObservation, ItemReport, ItemStatus
from cmdb.items.ids import new_id
from cmdb.reconcile.policy import DEFAULT_POLICY, Policy
from cmdb.reconcile.reports import (
    new_item_report,
    same_but_seen,
    settle_item_report,
    update_item_report,
)
from cmdb.reconcile.resolve import resolve_item
from cmdb.reconcile.unchanged import seen_again
from cmdb.revisions import Action, ItemChange, Touch

MAX_RIVALS = 50
"""Claimants of one identifier that are still kept in mind as each other's rivals."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An observation that could not become part of any item, and why."""

    observation: ItemObservation
    reason: str


@dataclass(slots=True)
class ItemOutcome:
    """What observations of items lead to.

    ``owners`` are the identifiers' owners afterwards, as far as known; ``moved`` the keys that went
    from one item to another, ``gained`` those that got their first owner. ``seen`` has every item
    that an observation was about.
    """

    changes: list[ItemChange] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    owners: dict[str, Owner] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    gained: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """What reconciliation goes by: the catalogue, whose word counts, and how ids are drawn."""

    catalogue: Catalogue
    policy: Policy = DEFAULT_POLICY
    draw_id: Callable[[], str] = new_id


def reconcile_items(
    observations: Iterable[ItemObservation],
    items: Mapping[str, Item],
    owners: Mapping[str, Owner],
    rules: Rules,
) -> ItemOutcome:
    """What ``observations`` change, given the ``items`` they may be about.

    ``owners`` must answer for every identifier of the observations and of the items' reports, and
    ``items`` hold every owner: see :func:`cmdb.ingest.known_items`. Near O(n) in the number of
    identifiers.
    """
    outcome = ItemOutcome(owners=dict(owners))
    shared = {key for key, owner in owners.items() if owner.state == "shared"}
    again, rest = seen_again(list(observations), items, owners, rules.catalogue)
    for one in again:
        outcome.seen.add(one.item.id)
        _touch_report(
            one.item.id, one.item.reports[one.position], one.position, one.time, rules, outcome
        )
    others = {i: item for i, item in items.items() if i not in outcome.seen} if again else items
    for component in _components(rest, others, owners, shared):
        _reconcile_component(component, shared, rules, outcome)
    return outcome


@dataclass(slots=True)
class _Component:
    """Observations and items that identifiers tie together."""

    seen: list[ItemObservation] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)


class _Ties:
    """Which nodes belong together (union-find with path halving)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, node: str) -> str:
        above = self._above
        while (parent := above.setdefault(node, node)) != node:
            above[node] = above[parent]
            node = above[node]
        return node

    def tie(self, nodes: Iterable[str]) -> str:
        first, *others = [self.find(node) for node in nodes]
        for other in others:
            self._above[other] = first
        return first


def _components(
    observations: Iterable[ItemObservation],
    items: Mapping[str, Item],
    owners: Mapping[str, Owner],
    shared: Collection[str],
) -> Iterable[_Component]:
    """Split the work into parts that can't concern each other."""
    ties = _Ties()

    def node(key: str) -> str:
        owner = owners.get(key)
        return f"#{owner.item_id}" if owner and owner.item_id else key

    heads: list[tuple[ItemObservation, str]] = []
    for observation in observations:
        nodes = [node(key) for key in observation.identifiers if key not in shared]
        heads.append((observation, ties.tie(nodes or observation.identifiers[:1])))
    for item in items.values():
        keys = {k for r in item.reports for k in r.identifiers if k not in shared}
        ties.tie([f"#{item.id}", *map(node, keys)])
    found: dict[str, _Component] = {}
    for observation, head in heads:
        found.setdefault(ties.find(head), _Component()).seen.append(observation)
    for item in items.values():
        if (component := found.get(ties.find(f"#{item.id}"))) is not None:
            component.items.append(item)
    return found.values()


@dataclass(slots=True)
class _Staged:
    """A report on its way: where it came from and what it was before."""

    now: ItemReport
    before: ItemReport | None
    item: str | None
    position: int


def _reconcile_component(
    component: _Component, shared: set[str], rules: Rules, outcome: ItemOutcome
) -> None:
    staged = [
        _Staged(report, report, item.id, n)
        for item in component.items
        for n, report in enumerate(item.reports)
    ]
    for observation in sorted(component.seen, key=_by_strength(rules.catalogue)):
        _stage(observation, staged, shared, rules)
    for entry in staged:
        if entry.before is not None and entry.now is not entry.before:
            entry.now = settle_item_report(entry.before, entry.now)
    if _only_touched(staged) and not _winner_may_yield(component.items, staged, rules):
        _touch(staged, component, rules, outcome)
        return
    grouping = group_reports([entry.now for entry in staged], rules.catalogue, shared)
    outcome.shared.extend(grouping.shared)
    shared.update(grouping.shared)
    for key in grouping.shared:
        outcome.owners[key] = Owner(None, "shared")
    _assign(grouping.groups, staged, component, shared, rules, outcome)


def _by_strength(
    catalogue: Catalogue,
) -> Callable[[ItemObservation], tuple[datetime, str, int, int, tuple[str, ...]]]:
    """The order in which observations are taken: what is named weakly comes last of its time."""

    def key(seen: ItemObservation) -> tuple[datetime, str, int, int, tuple[str, ...]]:
        rule = catalogue.kind(seen.kind).identified_by
        ranks = [rule.index(n) for k in seen.identifiers if (n := namespace_of(k)) in rule]
        return seen.time, seen.source, min(ranks, default=99), -len(ranks), seen.identifiers

    return key


def _stage(
    observation: ItemObservation,
    staged: list[_Staged],
    shared: Collection[str],
    rules: Rules,
) -> None:
    """Bring the source's report about the thing up to date, or add its first one.

    Of several the one is meant that has all its keys, or shares the strongest, claimed last.
    """
    fresh = new_item_report(observation)
    keys = set(identifying_keys(fresh, rules.catalogue, shared))
    rule = rules.catalogue.kind(observation.kind).identified_by
    best: tuple[bool, int, float, int] | None = None
    found: _Staged | None = None
    for entry in staged:
        if entry.now.source != observation.source:
            continue
        common = keys.intersection(entry.now.identifiers)
        if not common:
            continue
        rank, strongest = min((rule.index(namespace_of(key)), key) for key in common)
        below = namespace_of(strongest)
        if conflicting(keys, entry.now.identifiers, rule, below, rules.catalogue):
            continue
        since = entry.now.said_since(strongest).timestamp()
        strangers = len(keys.symmetric_difference(entry.now.identifiers))
        score = (not keys <= set(entry.now.identifiers), rank, -since, strangers)
        if best is None or score < best:
            best, found = score, entry
    if found is None:
        staged.append(_Staged(fresh, None, None, 0))
    else:
        found.now = update_item_report(found.now, observation)


def _only_touched(staged: Sequence[_Staged]) -> bool:
    return all(
        entry.before is not None and same_but_seen(entry.before, entry.now) for entry in staged
    )


def _winner_may_yield(items: Sequence[Item], staged: Sequence[_Staged], rules: Rules) -> bool:
    """Whether a source has gone stale only because another went on seeing the thing."""
    for item in items:
        if len(item.reports) < 2:
            continue
        stale_after = rules.catalogue.kind(item.kind).stale_after
        before = max(r.last_seen for r in item.reports)
        now = max(e.now.last_seen for e in staged if e.item == item.id)
        if any(
            before - e.now.last_seen <= stale_after < now - e.now.last_seen
            for e in staged
            if e.item == item.id
        ):
            return True
    return False


def _touch(
    staged: Sequence[_Staged], component: _Component, rules: Rules, outcome: ItemOutcome
) -> None:
    for entry in staged:
        if entry.before is None or entry.item is None:
            continue
        if entry.now.source in {o.source for o in component.seen}:
            outcome.seen.add(entry.item)
        _touch_report(entry.item, entry.before, entry.position, entry.now.last_seen, rules, outcome)


def _touch_report(
    item: str,
    before: ItemReport,
    position: int,
    time: datetime,
    rules: Rules,
    outcome: ItemOutcome,
) -> None:
    """Have it written that a source saw an item again, where that was long enough ago."""
    if time - before.last_seen >= rules.policy.touch_after:
        outcome.touches.append(Touch("item", item, position, time))


def _assign(
    groups: Sequence[Group],
    staged: Sequence[_Staged],
    component: _Component,
    shared: Collection[str],
    rules: Rules,
    outcome: ItemOutcome,
) -> None:
    """Give every group an item: the one it continues, or a new one."""
    by_id = {item.id: item for item in component.items}
    heirs = _heirs(groups, staged, by_id)
    claimed = {key for group in groups for key in group.keys} | set(outcome.shared)
    continuations: list[_Continuation] = []
    for group in groups:
        continued = sorted(i for i, heir in heirs.items() if heir is group)
        if not group.keys:
            _reject(group, staged, component, outcome)
            if not continued:
                continue
        members = [staged[n] for n in group.reports]
        before = by_id[continued[0]] if continued else None
        absorbed = [by_id[i] for i in continued[1:]]
        item = before or Item(rules.draw_id(), members[0].now.kind, "", ItemStatus.ACTIVE)
        after = resolve_item(
            _with_former(item, [k for i in absorbed for k in _all_keys(i)]),
            (m.now for m in members),
            group.keys,
            rules.catalogue,
            rules.policy,
        )
        after = _without_former(after, claimed)
        continuations.append(_Continuation(group, members, before, after, absorbed))
    rivals = _rivals(continuations, rules, shared)
    for c in continuations:
        after = msgspec.structs.replace(c.after, rivals=rivals[c.after.id])
        for absorbed_item in c.absorbed:
            _merge(absorbed_item, after, c.group, outcome)
        _record(c.before, after, c.group, c.members, rules, outcome)


@dataclass(frozen=True, slots=True)
class _Continuation:
    """A group and the item it goes on being, before (None: new) and after."""

    group: Group
    members: Sequence[_Staged]
    before: Item | None
    after: Item
    absorbed: Sequence[Item]


def _rivals(
    continuations: Sequence[_Continuation], rules: Rules, shared: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Per item the others that claim one of the identifiers it claims.

    An identifier that more than MAX_RIVALS items claim makes none: it tells nobody apart.
    """
    claims: dict[str, set[str]] = {}
    claimed: dict[str, set[str]] = {}
    for c in continuations:
        keys = claimed[c.after.id] = set()
        for member in c.members:
            keys.update(identifying_keys(member.now, rules.catalogue, shared))
        for key in keys:
            claims.setdefault(key, set()).add(c.after.id)
    return {
        item: tuple(
            sorted(
                {i for key in keys if len(claims[key]) <= MAX_RIVALS for i in claims[key]} - {item}
            )
        )
        for item, keys in claimed.items()
    }


def _all_keys(item: Item) -> tuple[str, ...]:
    return (*item.identifiers, *item.former_identifiers)


def _with_former(item: Item, inherited: Sequence[str]) -> Item:
    if not inherited:
        return item
    former = tuple(dict.fromkeys((*item.former_identifiers, *inherited)))
    return msgspec.structs.replace(item, former_identifiers=former)


def _without_former(item: Item, claimed: Collection[str]) -> Item:
    former = tuple(key for key in item.former_identifiers if key not in claimed)
    if former == item.former_identifiers:
        return item
    return msgspec.structs.replace(item, former_identifiers=former)


def _heirs(
    groups: Sequence[Group], staged: Sequence[_Staged], items: Mapping[str, Item]
) -> dict[str, Group]:
    """For every item the group that goes on being it: the one with most of its standing."""
    heirs: dict[str, Group] = {}
    for item_id, item in items.items():
        ranked = {key: len(item.identifiers) - n for n, key in enumerate(item.identifiers)}
        best: tuple[int, int, tuple[str, ...]] | None = None
        for group in groups:
            mine = [n for n in group.reports if staged[n].item == item_id]
            if not mine:
                continue
            weight = max((ranked.get(key, 0) for key in group.keys), default=0)
            score = (weight, len(mine), group.keys)
            if best is None or score > best:
                best, heirs[item_id] = score, group
    return heirs


def _reject(
    group: Group, staged: Sequence[_Staged], component: _Component, outcome: ItemOutcome
) -> None:
    """Say of each observation behind a group without keys why it became nothing."""
    for n in group.reports:
        report = staged[n].now
        if staged[n].before is not None:
            continue
        for observation in component.seen:
            if observation.source == report.source and set(observation.identifiers) <= set(
                report.identifiers
            ):
                outcome.rejected.append(
                    Rejected(
                        observation,
                        "none of its identifiers identifies it alone: "
                        f"{', '.join(observation.identifiers)}",
                    )
                )


def _record(
    before: Item | None,
    after: Item,
    group: Group,
    members: Sequence[_Staged],
    rules: Rules,
    outcome: ItemOutcome,
) -> None:
    _own(after, outcome)
    outcome.seen.add(after.id)
    if before is None:
        was_elsewhere = any(member.item is not None for member in members)
        action = Action.SPLIT if was_elsewhere else Action.CREATED
        outcome.changes.append(ItemChange(action, None, after, _reason(group, members, None)))
        return
    if _differ_only_in_times(before, after):
        for m in members:
            if m.before is None or m.item != before.id:
                continue
            if m.now.last_seen - m.before.last_seen >= rules.policy.touch_after:
                outcome.touches.append(Touch("item", before.id, m.position, m.now.last_seen))
        return
    gone = (ItemStatus.MISSING, ItemStatus.RETIRED)
    returned = before.status in gone and after.status not in gone
    action = Action.RETURNED if returned else Action.UPDATED
    outcome.changes.append(ItemChange(action, before, after, _reason(group, members, before)))


def _differ_only_in_times(before: Item, after: Item) -> bool:
    if len(before.reports) != len(after.reports):
        return False
    if msgspec.structs.replace(before, reports=()) != msgspec.structs.replace(after, reports=()):
        return False
    return all(same_but_seen(b, a) for b, a in zip(before.reports, after.reports, strict=True))


def _reason(group: Group, members: Sequence[_Staged], before: Item | None) -> str:
    """Why the observations were taken to be about this item."""
    sources = ", ".join(sorted({m.now.source for m in members if m.now is not m.before}))
    if before is None:
        keys = ", ".join(group.keys[:4])
        return f"{sources or 'the reports'} saw something new, identified by {keys}"
    joined = [key for key in dict.fromkeys(group.joined_by) if key in before.identifiers]
    matched = joined or [key for key in before.identifiers if key in group.keys]
    if not matched:
        return f"{sources} updated it"
    return f"{sources} matched it by {', '.join(matched[:4])}"


def _own(after: Item, outcome: ItemOutcome) -> None:
    for key in after.identifiers:
        owner = outcome.owners.get(key)
        if owner is not None and owner.item_id == after.id and owner.state == "live":
            continue
        if owner is None or owner.item_id is None:
            outcome.gained.add(key)
        elif owner.item_id != after.id:
            outcome.moved.add(key)
        outcome.owners[key] = Owner(after.id, "live")
    for key in after.former_identifiers:
        owner = outcome.owners.get(key)
        if owner is None or owner.item_id in (None, after.id):
            outcome.owners[key] = Owner(after.id, "former")


def _merge(absorbed: Item, survivor: Item, group: Group, outcome: ItemOutcome) -> None:
    """Retire an item that turned out to be another, keeping what un-merging needs."""
    after = msgspec.structs.replace(
        absorbed,
        status=ItemStatus.RETIRED,
        identifiers=(),
        former_identifiers=(),
        reports=(),
        rivals=(),
        merged_into=survivor.id,
        merged_reports=tuple((r.source, r.identifiers) for r in absorbed.reports),
    )
    outcome.moved.update(_all_keys(absorbed))
    for key in _all_keys(absorbed):
        owner = outcome.owners.get(key)
        if owner is None or owner.item_id == absorbed.id:
            outcome.owners.pop(key, None)
    keys = ", ".join(dict.fromkeys(group.joined_by)) or ", ".join(group.keys[:3])
    outcome.changes.append(
        ItemChange(
            Action.MERGED,
            absorbed,
            after,
            f"is the same thing as {survivor.id}: {keys}",
        )
    )
