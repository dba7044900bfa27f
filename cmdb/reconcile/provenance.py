"""Where each value comes from: which source's word won, since when, and what the others say."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.items import Item, Value
from cmdb.reconcile.items import Rules
from cmdb.reconcile.resolve import Silence, winners


class Claim(msgspec.Struct, frozen=True):
    """One source's word on a property: since when it says so, when it last saw the thing, and
    whether it has been silent for longer than the kind allows, measured at ``now``."""

    value: Value
    source: str
    since: datetime
    last_seen: datetime
    stale: bool
    missing: bool


class Provenance(msgspec.Struct, frozen=True):
    """A property with the claim that won and the others, sorted by source."""

    property: str
    winner: Claim
    others: tuple[Claim, ...]


def provenance(item: Item, rules: Rules, now: datetime) -> tuple[Provenance, ...]:
    """Every property of an item with its claims, sorted by name."""
    silence = Silence(rules.policy, item.kind, rules.catalogue.kind(item.kind).stale_after)
    found = []
    for name, winner in winners(item.reports, silence).items():
        claims = {
            id(r): Claim(
                r.values[name],
                r.source,
                r.said_since(name),
                r.last_seen,
                silence.is_stale(r, now),
                r.missing_since is not None,
            )
            for r in item.reports
            if name in r.values
        }
        chosen = claims.pop(id(winner))
        others = tuple(sorted(claims.values(), key=lambda c: (c.source, c.since)))
        found.append(Provenance(name, chosen, others))
    return tuple(found)
