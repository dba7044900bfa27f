"""From what the sources said to what holds: the winner of every property, kind and status.

The winner is chosen by: seen at all, not stale, precedence, and then whoever *began* last to say
what it says. Because the last counts changes and not repetitions, two sources that disagree never
flip a value back and forth run after run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.identity.identifiers import namespace_of, split
from cmdb.items import Item, ItemReport, ItemStatus, Link, LinkReport, Value
from cmdb.reconcile.policy import Policy

_Rank = tuple[bool, bool, int, datetime, tuple[int, ...]]

_NAMING = ("fqdn", "name", "k8s", "email", "dns", "url", "serial")
MAX_FORMER = 16
"""Former identifiers an item keeps, the latest first."""


def resolve_item(
    base: Item,
    reports: Iterable[ItemReport],
    keys: Iterable[str],
    catalogue: Catalogue,
    policy: Policy,
) -> Item:
    """``base`` with everything that follows from ``reports`` and from owning ``keys``.

    Reports are kept in a fixed order, so that equal sets of reports give equal items.
    """
    ordered = tuple(sorted(reports, key=lambda r: (r.source, r.identifiers, r.first_seen)))
    if not ordered:
        return base
    kind = winning_kind(ordered, catalogue, policy)
    silence = Silence(policy, kind, catalogue.kind(kind).stale_after)
    properties = {name: winner.values[name] for name, winner in winners(ordered, silence).items()}
    rule = catalogue.kind(kind).identified_by
    identifiers = tuple(sorted(keys, key=lambda k: (_position(rule, k), k)))
    dropped = [k for k in base.identifiers if k not in identifiers]
    former = [k for k in (*dropped, *base.former_identifiers) if k not in identifiers]
    return msgspec.structs.replace(
        base,
        kind=kind,
        name=_name(properties, identifiers, base),
        status=_status(ordered, properties),
        identifiers=identifiers,
        former_identifiers=tuple(dict.fromkeys(former))[:MAX_FORMER],
        properties=properties,
        reports=ordered,
    )


@dataclass(frozen=True, slots=True)
class Silence:
    """What judges the age of reports on things of one kind."""

    policy: Policy
    kind: str
    allowed: timedelta

    def is_stale(self, report: ItemReport | LinkReport, now: datetime) -> bool:
        """Whether the report's source has been silent for too long at ``now``."""
        return now - report.last_seen > self.policy.silence(report.source, self.kind, self.allowed)


def winners(reports: Sequence[ItemReport], silence: Silence) -> dict[str, ItemReport]:
    """For every property that any report has, the report whose value wins. Sorted by name."""
    if len(reports) == 1:
        return dict.fromkeys(sorted(reports[0].values), reports[0])
    newest = max(report.last_seen for report in reports)
    names = sorted({name for report in reports for name in report.values})
    return {
        name: max(
            (report for report in reports if name in report.values),
            key=lambda report: _rank(report, name, newest, silence),
        )
        for name in names
    }


def winning_kind(reports: Sequence[ItemReport], catalogue: Catalogue, policy: Policy) -> str:
    """The kind that holds: of related kinds the more specific, else the sources' winner."""
    kinds = {report.kind for report in reports}
    if len(kinds) == 1:
        return next(iter(kinds))
    specific = {k for k in kinds if not any(k != o and catalogue.is_a(o, k) for o in kinds)}
    candidates = [report for report in reports if report.kind in specific]
    allowed = min(catalogue.kind(k).stale_after for k in specific)
    newest = max(report.last_seen for report in reports)
    return max(
        candidates,
        key=lambda r: _rank(r, "kind", newest, Silence(policy, r.kind, allowed)),
    ).kind


def _rank(
    report: ItemReport,
    what: str,
    newest: datetime,
    silence: Silence,
) -> _Rank:
    return (
        report.missing_since is None,
        not silence.is_stale(report, newest),
        -silence.policy.rank(report.source),
        report.said_since(what),
        tuple(-ord(c) for c in report.source),
    )


def _status(reports: Sequence[ItemReport], properties: dict[str, Value]) -> ItemStatus:
    if all(report.retired for report in reports):
        return ItemStatus.RETIRED
    if all(report.missing_since is not None for report in reports):
        return ItemStatus.MISSING
    said = properties.get("lifecycle_status")
    return ItemStatus(said) if isinstance(said, str) else ItemStatus.ACTIVE


def _name(properties: dict[str, Value], identifiers: Sequence[str], base: Item) -> str:
    name = properties.get("name") or properties.get("hostname")
    if isinstance(name, str) and name.strip():
        return name
    for namespace in _NAMING:
        for key in identifiers:
            if namespace_of(key) == namespace:
                value = split(key)[1]
                return value.partition("/")[2] or value if namespace == "name" else value
    return split(identifiers[0])[1] if identifiers else base.name


def _position(rule: Sequence[str], key: str) -> int:
    namespace = namespace_of(key)
    return rule.index(namespace) if namespace in rule else len(rule)


def resolve_link(
    base: Link, reports: Iterable[LinkReport], stale_after: timedelta, policy: Policy
) -> Link:
    """``base`` with everything that follows from its reports."""
    ordered = tuple(sorted(reports, key=lambda r: (r.source, r.from_key, r.to_key)))
    if not ordered:
        return base
    silence = Silence(policy, base.relation, stale_after)
    winner = ordered[0] if len(ordered) == 1 else _link_winner(ordered, silence)
    return msgspec.structs.replace(
        base,
        status=_link_status(ordered),
        strength=winner.strength,
        gate=winner.gate,
        weight=winner.weight,
        confidence=winner.confidence,
        evidence=winner.evidence,
        reports=ordered,
    )


def _link_winner(reports: Sequence[LinkReport], silence: Silence) -> LinkReport:
    newest = max(report.last_seen for report in reports)
    return max(
        reports,
        key=lambda r: (
            r.missing_since is None,
            not silence.is_stale(r, newest),
            -silence.policy.rank(r.source),
            r.since,
            tuple(-ord(c) for c in r.source),
        ),
    )


def _link_status(
    reports: Sequence[LinkReport],
) -> Literal["active", "missing", "retired"]:
    if all(report.retired for report in reports):
        return "retired"
    return "missing" if all(r.missing_since is not None for r in reports) else "active"
