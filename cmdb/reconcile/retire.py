"""What a run that covered its whole scope no longer sees: missing, and retired after its grace.

Nothing here is ever asked for a run that failed or covered part of its scope.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from cmdb.items import Item, ItemReport, ItemStatus, Link, LinkReport, WaitingLink
from cmdb.reconcile.items import Rules
from cmdb.reconcile.resolve import resolve_item, resolve_link
from cmdb.revisions import Action, ItemChange, LinkChange, WaitingChange

_Report = TypeVar("_Report", ItemReport, LinkReport)


def unseen_items(
    items: Iterable[Item], source: str, scope: str, now: datetime, rules: Rules
) -> list[ItemChange]:
    """The changes to items that ``source`` no longer sees in ``scope`` as of ``now``."""
    changes: list[ItemChange] = []
    for item in items:
        grace = rules.catalogue.kind(item.kind).retire_after
        reports = [
            _unseen(r, now, now - grace) if (r.source, r.scope) == (source, scope) else r
            for r in item.reports
        ]
        if tuple(reports) == item.reports:
            continue
        after = resolve_item(item, reports, item.identifiers, rules.catalogue, rules.policy)
        changes.append(ItemChange(_action(item.status, after.status), item, after, _reason(source)))
    return changes


def unseen_links(
    links: Iterable[Link], source: str, scope: str, now: datetime, rules: Rules
) -> list[LinkChange]:
    """The changes to links that ``source`` no longer sees in ``scope`` as of ``now``.

    A link's grace is that of configuration items in general.
    """
    root = rules.catalogue.kind("ConfigurationItem")
    changes: list[LinkChange] = []
    for link in links:
        reports = [
            _unseen(r, now, now - root.retire_after)
            if (r.source, r.scope) == (source, scope)
            else r
            for r in link.reports
        ]
        if tuple(reports) == link.reports:
            continue
        after = resolve_link(link, reports, root.stale_after, rules.policy)
        changes.append(LinkChange(_action(link.status, after.status), link, after, _reason(source)))
    return changes


def unseen_waiting(waiting: Iterable[WaitingLink], source: str, scope: str) -> list[WaitingChange]:
    """The removal of waiting links that ``source`` no longer reports in ``scope``."""
    return [
        WaitingChange(Action.REMOVED, w, None, _reason(source))
        for w in waiting
        if (w.report.source, w.report.scope) == (source, scope)
    ]


def taken_back(
    links: Iterable[Link],
    complete: Mapping[tuple[str, str], Collection[str]],
    now: datetime,
    rules: Rules,
) -> list[LinkChange]:
    """The changes to links that their sources have taken back as of ``now``, without grace.

    ``complete`` are the relations, by source and the id of an item, of which the source has named
    every link that leads from the item; ``links`` are those that it has not named.
    """
    root = rules.catalogue.kind("ConfigurationItem")
    changes: list[LinkChange] = []
    for link in links:
        gone = [
            report
            for report in link.reports
            if not report.retired
            and link.relation in complete.get((report.source, link.from_id), ())
        ]
        if not gone:
            continue
        reports = [
            msgspec.structs.replace(report, missing_since=report.missing_since or now, retired=True)
            if report in gone
            else report
            for report in link.reports
        ]
        after = resolve_link(link, reports, root.stale_after, rules.policy)
        sources = ", ".join(report.source for report in gone)
        changes.append(
            LinkChange(_action(link.status, after.status), link, after, f"{sources} took it back")
        )
    return changes


def waiting_taken_back(
    waiting: Iterable[WaitingLink],
    complete: Mapping[tuple[str, str], Collection[str]],
    owners: Mapping[str, str],
) -> list[WaitingChange]:
    """The removal of waiting links that their sources have taken back; see :func:`taken_back`.

    ``owners`` are the ids of the items that identifiers lead to.
    """
    return [
        WaitingChange(Action.REMOVED, w, None, f"{w.report.source} took it back")
        for w in waiting
        if w.relation in complete.get((w.report.source, owners.get(w.report.from_key, "")), ())
    ]


def _unseen(report: _Report, now: datetime, retire_before: datetime) -> _Report:
    if report.missing_since is None:
        return msgspec.structs.replace(report, missing_since=now)
    if not report.retired and report.missing_since <= retire_before:
        return msgspec.structs.replace(report, retired=True)
    return report


def _action(before: str, after: str) -> Action:
    if before != after:
        if after == ItemStatus.RETIRED:
            return Action.RETIRED
        if after == ItemStatus.MISSING:
            return Action.MISSING
    return Action.UPDATED


def _reason(source: str) -> str:
    return f"a complete run of {source} no longer sees it"
