"""Reconciliation of links: ends found by identifier, joined when they appear, moved when items
merge or part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.identity.owner import Owner
from cmdb.items import Link, LinkObservation, LinkReport, WaitingLink, link_id
from cmdb.items.link import waiting_id
from cmdb.reconcile.items import Rules
from cmdb.reconcile.reports import (
    new_link_report,
    same_link_but_seen,
    settle_link_report,
    update_link_report,
)
from cmdb.reconcile.resolve import resolve_link
from cmdb.reconcile.unchanged import link_says_nothing_new
from cmdb.revisions import Action, LinkChange, Touch, WaitingChange


@dataclass(frozen=True, slots=True)
class LinkInput:
    """What reconciliation of links starts from.

    ``places`` are those of the observations, one each. ``links`` are the stored links that the
    observations may be about and those of items whose identifiers moved; ``waiting`` the waiting
    links that name an identifier which got an owner, or that the observations repeat. ``kinds`` and
    ``owners`` tell what the ends are. ``moved`` are the identifiers that went from one item to
    another.
    """

    observations: Sequence[LinkObservation]
    places: Sequence[Place | str]
    links: Mapping[str, Link]
    waiting: Mapping[str, WaitingLink]
    owners: Mapping[str, Owner]
    kinds: Mapping[str, str]
    moved: Collection[str] = ()


@dataclass(slots=True)
class LinkOutcome:
    """What observations of links lead to. ``joined`` counts waiting links that found their ends;
    ``seen`` and ``waiting_seen`` have the ids of what the observations were about."""

    changes: list[LinkChange] = field(default_factory=list)
    waiting: list[WaitingChange] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    waiting_seen: set[str] = field(default_factory=set)
    joined: int = 0


def reconcile_links(given: LinkInput, rules: Rules) -> LinkOutcome:
    """What the observations, new owners and moved identifiers change among links. O(n)."""
    work = _Work(given, rules)
    work.repoint()
    work.join_waiting()
    for observation, place in zip(given.observations, given.places, strict=True):
        work.see(observation, place)
    return work.outcome()


class Place(NamedTuple):
    """Where a link is: its id, relation and ends, sorted where the relation is symmetric."""

    id: str
    relation: str
    from_id: str
    to_id: str


def place_of(
    relation: str,
    from_key: str,
    to_key: str,
    owners: Mapping[str, Owner],
    kinds: Mapping[str, str],
    catalogue: Catalogue,
) -> Place | str:
    """The place of the link between two identifiers, or a sentence saying why there is none."""
    start, end = owners.get(from_key), owners.get(to_key)
    from_id, to_id = start and start.item_id, end and end.item_id
    if not from_id or not to_id:
        unknown = [k for k, i in ((from_key, from_id), (to_key, to_id)) if not i]
        return f"nobody has reported {' or '.join(unknown)} yet"
    if from_id == to_id:
        return "both of its ends are the same item"
    problem = catalogue.end_problem(relation, kinds.get(from_id), kinds.get(to_id))
    if problem:
        return problem
    if to_id < from_id and catalogue.relations[relation].symmetric:
        from_id, to_id = to_id, from_id
    return Place(link_id(relation, from_id, to_id), relation, from_id, to_id)


def places_of(
    ends: Iterable[tuple[str, str, str]],
    owners: Mapping[str, Owner],
    kinds: Mapping[str, str],
    catalogue: Catalogue,
) -> list[Place | str]:
    """:func:`place_of` for many links by relation and both identifiers, in their order."""
    plain: set[tuple[str, str | None, str | None]] = set()
    places: list[Place | str] = []
    for relation, from_key, to_key in ends:
        start, end = owners.get(from_key), owners.get(to_key)
        from_id, to_id = start and start.item_id, end and end.item_id
        if from_id and to_id and from_id != to_id:
            between = (relation, kinds.get(from_id), kinds.get(to_id))
            if between in plain:
                places.append(Place(link_id(relation, from_id, to_id), relation, from_id, to_id))
                continue
            if not catalogue.end_problem(*between) and not catalogue.relations[relation].symmetric:
                plain.add(between)
        places.append(place_of(relation, from_key, to_key, owners, kinds, catalogue))
    return places


class _Work:
    """Links and waiting links on their way, each as a list of reports."""

    def __init__(self, given: LinkInput, rules: Rules) -> None:
        self._given = given
        self._rules = rules
        self._links: dict[str, list[LinkReport]] = {}
        self._again: dict[str, LinkObservation] = {}
        """What was only said again, by link: nothing else has been said of it yet."""
        self._places: dict[str, Place] = {}
        self._waiting: dict[str, WaitingLink | None] = {}
        self._outcome = LinkOutcome()

    def repoint(self) -> None:
        """Move every report of a link whose end's identifier now belongs to another item."""
        moved = set(self._given.moved)
        if not moved:
            return
        for link in self._given.links.values():
            for report in link.reports:
                if report.from_key not in moved and report.to_key not in moved:
                    continue
                place = self._ends_of(link.relation, report.from_key, report.to_key)
                if not isinstance(place, Place) or place.id == link.id:
                    continue
                self._reports(link.id).remove(report)
                target = self._reports(place.id)
                if all(r.source != report.source for r in target):
                    target.append(report)

    def join_waiting(self) -> None:
        """Turn waiting links into links where both ends are known now."""
        for waiting in self._given.waiting.values():
            report = waiting.report
            place = self._ends_of(waiting.relation, report.from_key, report.to_key)
            if not isinstance(place, Place):
                continue
            self._waiting[waiting.id] = None
            self._outcome.joined += 1
            reports = self._reports(place.id)
            if all(r.source != report.source for r in reports):
                reports.append(report)

    def see(self, seen: LinkObservation, place: Place | str) -> None:
        """Add or update the source's report about the relationship."""
        if not isinstance(place, Place):
            self._wait(seen, place)
            return
        own = place.id
        self._outcome.seen.add(own)
        if own not in self._links and own not in self._again:
            stored = self._given.links.get(own)
            if stored is not None and link_says_nothing_new(stored, seen):
                self._again[own] = seen
                return
        self._places[own] = place
        reports = self._reports(place.id)
        for n, report in enumerate(reports):
            if report.source == seen.source:
                reports[n] = update_link_report(report, seen)
                return
        reports.append(new_link_report(seen))

    def _wait(self, seen: LinkObservation, reason: str) -> None:
        key = waiting_id(seen.source, seen.relation, seen.from_key, seen.to_key)
        self._outcome.waiting_seen.add(key)
        known = self._waiting.get(key) or self._given.waiting.get(key)
        report = update_link_report(known.report, seen) if known else new_link_report(seen)
        self._waiting[key] = WaitingLink(
            key,
            seen.relation,
            report,
            reason,
            known.created_revision if known else 0,
            known.revision if known else 0,
        )

    def _ends_of(self, relation: str, from_key: str, to_key: str) -> Place | str:
        given = self._given
        place = place_of(
            relation, from_key, to_key, given.owners, given.kinds, self._rules.catalogue
        )
        if isinstance(place, Place):
            self._places[place.id] = place
        return place

    def _reports(self, place: str) -> list[LinkReport]:
        if place not in self._links:
            stored = self._given.links.get(place)
            self._links[place] = list(stored.reports) if stored else []
            if (again := self._again.pop(place, None)) is not None:
                self._links[place][0] = update_link_report(self._links[place][0], again)
        return self._links[place]

    def outcome(self) -> LinkOutcome:
        """All that follows; to be asked once."""
        for own, seen in self._again.items():
            self._touch_report(own, 0, self._given.links[own].reports[0], seen.time)
        for place, reports in self._links.items():
            self._settle(place, reports)
        for key, now in self._waiting.items():
            self._settle_waiting(key, now)
        return self._outcome

    def _settle(self, place: str, reports: list[LinkReport]) -> None:
        before = self._given.links.get(place)
        if before is None:
            if reports:
                at = self._places[place]
                after = self._resolved(Link(place, at.relation, at.from_id, at.to_id), reports)
                sources = ", ".join(after.sources)
                self._outcome.changes.append(
                    LinkChange(Action.CREATED, None, after, f"{sources} saw it")
                )
            return
        if not reports:
            self._outcome.changes.append(
                LinkChange(Action.REMOVED, before, None, "its ends now belong to other items")
            )
            return
        if len(reports) == len(before.reports) == 1 and same_link_but_seen(
            before.reports[0], reports[0]
        ):
            # Most links of most runs: with one report, nothing but what it says decides the rest.
            self._touch(before, reports)
            return
        by_source = {r.source: r for r in before.reports}
        settled = [
            settle_link_report(by_source[r.source], r) if r.source in by_source else r
            for r in reports
        ]
        after = self._resolved(before, settled)
        if self._unchanged(before, after):
            self._touch(before, after.reports)
            return
        action = (
            Action.RETURNED
            if before.status != "active" and after.status == "active"
            else Action.UPDATED
        )
        sources = ", ".join(r.source for r in settled if by_source.get(r.source) != r)
        self._outcome.changes.append(LinkChange(action, before, after, f"{sources} updated it"))

    def _resolved(self, base: Link, reports: list[LinkReport]) -> Link:
        kind = self._given.kinds.get(base.from_id)
        catalogue = self._rules.catalogue
        stale_after = catalogue.kind(kind or "ConfigurationItem").stale_after
        return resolve_link(base, reports, stale_after, self._rules.policy)

    @staticmethod
    def _unchanged(before: Link, after: Link) -> bool:
        if len(before.reports) != len(after.reports):
            return False
        if any(
            not same_link_but_seen(b, a) for b, a in zip(before.reports, after.reports, strict=True)
        ):
            return False
        return msgspec.structs.replace(before, reports=()) == msgspec.structs.replace(
            after, reports=()
        )

    def _touch(self, before: Link, after: Sequence[LinkReport]) -> None:
        for n, (old, new) in enumerate(zip(before.reports, after, strict=True)):
            self._touch_report(before.id, n, old, new.last_seen)

    def _touch_report(self, link: str, position: int, before: LinkReport, time: datetime) -> None:
        if time - before.last_seen >= self._rules.policy.touch_after:
            self._outcome.touches.append(Touch("link", link, position, time))

    def _settle_waiting(self, key: str, now: WaitingLink | None) -> None:
        before = self._given.waiting.get(key)
        if now is None:
            self._outcome.waiting.append(
                WaitingChange(Action.REMOVED, before, None, "both of its ends are known now")
            )
        elif before is None:
            self._outcome.waiting.append(WaitingChange(Action.CREATED, None, now, now.reason))
        else:
            report = settle_link_report(before.report, now.report)
            if same_link_but_seen(before.report, report) and before.reason == now.reason:
                if report.last_seen - before.report.last_seen >= self._rules.policy.touch_after:
                    self._outcome.touches.append(Touch("waiting", key, 0, report.last_seen))
                return
            after = msgspec.structs.replace(now, report=report)
            self._outcome.waiting.append(WaitingChange(Action.UPDATED, before, after, now.reason))
