"""What people decide about identity: these two are one; this one is two after all."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, Refused
from cmdb.identity.cluster import group_reports, identifying_keys
from cmdb.items import Item, ItemObservation, ItemReport, ItemStatus
from cmdb.reconcile.items import Rules
from cmdb.reconcile.policy import OPERATOR
from cmdb.reconcile.resolve import resolve_item
from cmdb.revisions import Action, ItemChange


def merge_observation(
    left: Item, right: Item, catalogue: Catalogue, time: datetime
) -> ItemObservation:
    """The operator's word that two items are one: an observation with the strongest key of each.

    Reconciled like any other, it makes one item of both and records what un-merging needs.
    Raises :class:`~cmdb.errors.InvalidInput` where they can't be one thing.
    """
    if left.id == right.id:
        raise InvalidInput(f"{left.name} can't be merged with itself.")
    families = {catalogue.kind(item.kind).family for item in (left, right)}
    if len(families) > 1:
        raise InvalidInput(
            f"A {left.kind} and a {right.kind} can't be one thing: {left.name}, {right.name}."
        )
    for item in (left, right):
        if not item.identifiers:
            raise InvalidInput(f"{item.name} has no identifier of its own to merge by.")
        if item.status is ItemStatus.RETIRED:
            raise InvalidInput(f"{item.name} is retired.")
    kind = left.kind if catalogue.is_a(left.kind, right.kind) else right.kind
    return ItemObservation(
        kind=kind,
        identifiers=(
            f"key:{OPERATOR}/same/{left.id}+{right.id}",
            left.identifiers[0],
            right.identifiers[0],
        ),
        source=OPERATOR,
        time=time,
    )


def unmerge(survivor: Item, absorbed: Item, rules: Rules) -> tuple[ItemChange, ItemChange]:
    """The two changes that take ``absorbed`` out of ``survivor`` again, and keep it out.

    The reports that ``absorbed`` had go back to it, marked as distinct from what remains; the
    operator's word that they are one is withdrawn.

    Raises :class:`~cmdb.errors.Refused` where nothing of it is left to give back.
    """
    theirs = {(source, key) for source, keys in absorbed.merged_reports for key in keys}
    taken = [
        r
        for r in survivor.reports
        if any((r.source, k) in theirs for k in r.identifiers) and not _joins(r)
    ]
    kept = [r for r in survivor.reports if r not in taken and not _joins(r)]
    if not taken or not kept:
        raise Refused(
            f"{absorbed.name} can't be taken out of {survivor.name}: "
            f"nothing would be left of {'the former' if not taken else 'the latter'}."
        )
    kept_keys = _keys(kept, rules.catalogue)
    own_keys = _keys(taken, rules.catalogue)
    taken = [
        msgspec.structs.replace(
            r, distinct_from=tuple(sorted({*r.distinct_from, *(kept_keys - own_keys)}))
        )
        for r in taken
    ]
    grouping = group_reports([*taken, *kept], rules.catalogue)
    own = {k for g in grouping.groups for k in g.keys if any(n < len(taken) for n in g.reports)}
    rest = {k for g in grouping.groups for k in g.keys} - own
    base = msgspec.structs.replace(absorbed, merged_into=None, merged_reports=())
    restored = resolve_item(base, taken, own, rules.catalogue, rules.policy)
    former = tuple(k for k in survivor.former_identifiers if k not in own)
    reduced = resolve_item(
        msgspec.structs.replace(
            survivor,
            former_identifiers=former,
            identifiers=tuple(k for k in survivor.identifiers if k not in own),
        ),
        kept,
        rest,
        rules.catalogue,
        rules.policy,
    )
    reason = f"an operator says that it is not {survivor.name}"
    return (
        ItemChange(Action.UPDATED, survivor, reduced, f"{absorbed.name} was taken out of it"),
        ItemChange(Action.SPLIT, absorbed, restored, reason),
    )


def _joins(report: ItemReport) -> bool:
    return report.source == OPERATOR and any(
        key.startswith(f"key:{OPERATOR}/same/") for key in report.identifiers
    )


def _keys(reports: list[ItemReport], catalogue: Catalogue) -> set[str]:
    return {key for report in reports for key in identifying_keys(report, catalogue)}
