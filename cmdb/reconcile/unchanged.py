"""What most observations of most runs are: the same thing, said again. They are spared the work
that finds out what changes, and come out as that work would have left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cmdb.catalogue import Catalogue
from cmdb.identity.identifiers import namespace_of
from cmdb.identity.junk import junk_reason
from cmdb.identity.owner import Owner
from cmdb.items import Item, ItemObservation, ItemReport, Link, LinkObservation


class Again(NamedTuple):
    """An item that a source described as before: the position of its report, and when."""

    item: Item
    position: int
    time: datetime


def seen_again(
    observations: Sequence[ItemObservation],
    items: Mapping[str, Item],
    owners: Mapping[str, Owner],
    catalogue: Catalogue,
) -> tuple[list[Again], list[ItemObservation]]:
    """The items that one observation is about which says nothing new, and the other observations.

    Only items that share no identifier with anything else are among them: what is said of others
    can't concern them.
    """
    homes = [_home(seen, owners) for seen in observations]
    told: dict[str, ItemObservation] = {}
    tied = _tied(items, owners)
    for seen, home in zip(observations, homes, strict=True):
        if len(home) != 1 or None in home or home <= told.keys():
            tied |= home
        else:
            told[next(iter(home)) or ""] = seen
    again: dict[str, Again] = {}
    for own, seen in told.items():
        if own in items and own not in tied:
            position = _says_nothing_new(items[own], seen, catalogue)
            if position is not None:
                again[own] = Again(items[own], position, seen.time)
    rest = [
        seen
        for seen, home in zip(observations, homes, strict=True)
        if len(home) != 1 or not home <= again.keys()
    ]
    return list(again.values()), rest


def _home(seen: ItemObservation, owners: Mapping[str, Owner]) -> set[str | None]:
    """The items that own what an observation names; None among them for what no item owns."""
    return {
        owner.item_id if (owner := owners.get(key)) is not None else None
        for key in seen.identifiers
    }


def _tied(items: Mapping[str, Item], owners: Mapping[str, Owner]) -> set[str | None]:
    """The items of which a source names an identifier that is not theirs, and whose it is."""
    tied: set[str | None] = set()
    for own, item in items.items():
        for report in item.reports:
            for key in report.identifiers:
                owner = owners.get(key)
                if owner is None or owner.item_id != own:
                    tied.add(own)
                    tied.add(owner.item_id if owner is not None else None)
    return tied


def _says_nothing_new(item: Item, seen: ItemObservation, catalogue: Catalogue) -> int | None:
    """The position of the report that the observation repeats; None where it changes anything."""
    own = [n for n, report in enumerate(item.reports) if report.source == seen.source]
    if len(own) != 1 or not _repeats(item.reports[own[0]], seen):
        return None
    rule = catalogue.kind(seen.kind).identified_by
    if not any(namespace_of(k) in rule and junk_reason(k) is None for k in seen.identifiers):
        return None
    if len(item.reports) > 1:
        stale_after = catalogue.kind(item.kind).stale_after
        others = [r.last_seen for n, r in enumerate(item.reports) if n != own[0]]
        before = max(*others, item.reports[own[0]].last_seen)
        if _one_goes_stale(others, before, max(*others, seen.time), stale_after):
            return None
    return own[0]


def _one_goes_stale(
    times: Sequence[datetime], before: datetime, now: datetime, stale_after: timedelta
) -> bool:
    """Whether another source counts as stale now and did not before."""
    return any(before - time <= stale_after < now - time for time in times)


def _repeats(report: ItemReport, seen: ItemObservation) -> bool:
    """Whether a source's observation says what its report has, and when is all that differs."""
    return (
        seen.time >= report.last_seen
        and seen.kind == report.kind
        and seen.past is None
        and report.missing_since is None
        and not report.retired
        and not seen.distinct_from
        and not report.distinct_from
        and (not seen.scope or seen.scope == report.scope)
        and _same_identifiers(report.identifiers, seen.identifiers)
        and _has_values(report.values, seen.properties)
        and (not report.since or _is_settled(report))
    )


def _same_identifiers(kept: tuple[str, ...], named: Sequence[str]) -> bool:
    return len(kept) == len(named) and all(key in kept for key in named)


def _has_values(values: Mapping[str, object], said: Mapping[str, object]) -> bool:
    for name, value in said.items():
        if value is None:
            if name in values:
                return False
        elif name not in values or values[name] != value:
            return False
    return True


def _is_settled(report: ItemReport) -> bool:
    """Whether its times are of what it says, as they are once it has been brought up to date."""
    return all(
        time != report.first_seen
        and (what in report.values or what in report.identifiers or what == "kind")
        for what, time in report.since.items()
    )


def link_says_nothing_new(link: Link, seen: LinkObservation) -> bool:
    """Whether a link's only report is what its source says again."""
    if len(link.reports) != 1:
        return False
    report = link.reports[0]
    return (
        report.source == seen.source
        and seen.time >= report.last_seen
        and report.strength == seen.strength
        and report.gate == seen.gate
        and report.weight == seen.weight
        and report.confidence == seen.confidence
        and report.evidence == seen.evidence
        and (not seen.scope or seen.scope == report.scope)
        and seen.past is None
        and report.missing_since is None
        and not report.retired
    )
