"""Alerts into the store: deduplicated, bound and written as one revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from cmdb.alerts.alert import AlertValue
from cmdb.alerts.binding import Unbound, bind
from cmdb.alerts.fold import Kept, fold, labels_of, opens
from cmdb.alerts.rules import Rule
from cmdb.identity.identifiers import normalise
from cmdb.items import Item
from cmdb.records.actor import Actor
from cmdb.records.numbers import next_numbers
from cmdb.records.write import Draft, key_of, linked, observed, observed_again, write
from cmdb.service import Cmdb

KIND = "Alert"
PROBED = (1, 2, 3, 4, 8, 16, 64, 256)
"""How far behind the last known one sequence numbers are looked for."""


class Received(msgspec.Struct, frozen=True):
    """What came of notifications: how many alerts they opened, told of again and closed, how many
    of the new ones lead to no item, and the revision that holds it (None: nothing changed)."""

    revision: int | None
    notifications: int
    opened: int
    updated: int
    closed: int
    unbound: int


async def receive(
    cmdb: Cmdb, rules: Sequence[Rule], values: Sequence[AlertValue], actor: Actor
) -> Received:
    """Write what notifications say, in their order, as one revision. Nothing is lost once this is
    back: what it says is committed."""
    counts: dict[str, int] = {}

    async def make(now: datetime) -> Draft:
        stored, latest = await _stored(cmdb, values)
        kept = _folded(cmdb, values, stored, latest, now)
        draft = Draft(reason=_reason(values))
        new = {key: alert for key, alert in kept.items() if key not in stored}
        bound = await bind(
            cmdb,
            rules,
            {
                key: Unbound(str(a.properties["source_tool"]), labels_of(a.properties))
                for key, a in new.items()
            },
        )
        for key, found in bound.items():
            new[key].put(bound_by=found.by)
            draft.links.append(linked("AFFECTS", key, key_of(found.item), now))
        await _number(cmdb, draft, new, now)
        for key, alert in kept.items():
            if key in stored and alert.changed:
                item = stored[key]
                draft.items.append(observed_again(cmdb.catalogue, item, alert.changed, now))
                draft.based_on[item.id] = item.revision
        counts.update(
            opened=len(new),
            updated=len(kept) - len(new),
            closed=sum(a.is_over and "state" in a.changed for a in kept.values()),
            unbound=len(new) - len(bound),
        )
        return draft

    written = await write(cmdb.store, cmdb.rules, actor, make)
    number = written.revision.number if written.revision is not None else None
    return Received(revision=number, notifications=len(values), **counts)


async def _number(cmdb: Cmdb, draft: Draft, new: Mapping[str, Kept], now: datetime) -> None:
    """Give the new alerts their numbers and put them into the draft."""
    if not new:
        return
    numbers = await next_numbers(cmdb.store, KIND, len(new))
    for number, (key, alert) in zip(numbers, new.items(), strict=True):
        given = {"name": number, **alert.properties}
        keys = (key, f"name:{KIND}/{number}")
        draft.items.append(observed(cmdb.catalogue, KIND, keys, given, now))
        draft.fresh.update(keys)


def _folded(
    cmdb: Cmdb,
    values: Sequence[AlertValue],
    stored: Mapping[str, Item],
    latest: Mapping[str, int],
    now: datetime,
) -> dict[str, Kept]:
    """The alerts that notifications are about, as they will be, by their identifiers."""
    kept: dict[str, Kept] = {}
    last = dict(latest)
    for value in values:
        base = base_key(value)
        key = _key(cmdb, base, last.get(base, 1) if value.sequenced else None)
        alert = kept.get(key) or _known(key, stored)
        if value.sequenced and alert is not None and alert.is_over and value.state == "firing":
            last[base] = last.get(base, 1) + 1
            key = _key(cmdb, base, last[base])
            alert = None
        if alert is None:
            if not opens(value):
                continue
            alert = Kept(key)
        elif value.sequenced and alert.is_over:
            continue  # what is over can't be acknowledged, or be over once more
        kept[key] = alert
        fold(alert, value, now)
    return kept


def _known(key: str, stored: Mapping[str, Item]) -> Kept | None:
    item = stored.get(key)
    return Kept(key, dict(item.properties)) if item is not None else None


def base_key(value: AlertValue) -> str:
    """The identifier of an alert, but for its place in a sequence."""
    return f"key:{value.tool}/{value.key}"


def _key(cmdb: Cmdb, base: str, sequence: int | None) -> str:
    return normalise(base if sequence is None else f"{base}#{sequence}", cmdb.catalogue)


async def _stored(
    cmdb: Cmdb, values: Sequence[AlertValue]
) -> tuple[dict[str, Item], dict[str, int]]:
    """The stored alerts that notifications are about, by identifier, and for those with sequences
    the number of the latest."""
    plain = {_key(cmdb, base_key(v), None) for v in values if not v.sequenced}
    latest = await _latest(cmdb, {base_key(v) for v in values if v.sequenced})
    keys = plain | {_key(cmdb, base, number) for base, number in latest.items()}
    owners = await cmdb.store.owners(keys)
    ids = {key: o.item_id for key, o in owners.items() if o.item_id is not None}
    items = await cmdb.store.items(ids.values())
    found = {key: items[i] for key, i in ids.items() if i in items}
    return found, latest


async def _latest(cmdb: Cmdb, bases: set[str]) -> dict[str, int]:
    """The latest number in each sequence. They have no gaps, so that a few rounds of looking ahead,
    by ever larger and then by ever smaller steps, find it: one round for most."""
    low = dict.fromkeys(bases, 0)
    high: dict[str, int] = {}
    searching = set(bases)
    while searching:
        probes = {base: _probes(low[base], high.get(base)) for base in searching}
        wanted = {_key(cmdb, b, n): (b, n) for b, numbers in probes.items() for n in numbers}
        owners = await cmdb.store.owners(wanted)
        for key, (base, number) in wanted.items():
            if key in owners:
                low[base] = max(low[base], number)
        for key, (base, number) in wanted.items():
            if key not in owners and number > low[base]:
                high[base] = min(high.get(base, number), number)
        searching = {base for base in searching if high.get(base) != low[base] + 1}
    return {base: number for base, number in low.items() if number}


def _probes(low: int, high: int | None) -> set[int]:
    ahead = {low + step for step in PROBED}
    if high is None:
        return ahead
    return {n for n in ahead if n < high} | {(low + high) // 2} - {low}


def _reason(values: Sequence[AlertValue]) -> str:
    tools = ", ".join(sorted({value.tool for value in values}))
    count = len(values)
    return f"{count} notification{'' if count == 1 else 's'} from {tools}"
