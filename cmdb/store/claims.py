"""What a delta does to the ownership of identifiers: the same plan for both stores.

A plan is carried out in the order of its fields: what is let go first, so that within one delta an
identifier can move from one item to another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cmdb.errors import WriteConflict
from cmdb.revisions import Delta, ItemChange


@dataclass(slots=True)
class Claims:
    """Pairs of identifier and item id.

    ``dropped``: the item no longer bears it at all. ``former``: it only leads there from now on.
    ``live``: it identifies the item from now on, and must be free (or former, or let go above).
    ``shared``: it identifies nobody from now on, whoever bore it.
    """

    dropped: list[tuple[str, str]] = field(default_factory=list)
    former: list[tuple[str, str]] = field(default_factory=list)
    live: list[tuple[str, str]] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)


def claims_of(delta: Delta) -> Claims:
    """The plan for a delta. O(identifiers).

    Raises :class:`~cmdb.errors.WriteConflict` where two items of the delta claim one identifier,
    or one claims what the delta declares shared.
    """
    plan = Claims(shared=list(delta.shared))
    for change in delta.items:
        _add(plan, change)
    claimants: dict[str, str] = {}
    for key, item_id in plan.live:
        other = claimants.setdefault(key, item_id)
        if other != item_id:
            raise WriteConflict(f"The items {other} and {item_id} both claim {key}.")
    contested = claimants.keys() & set(delta.shared)
    if contested:
        raise shared_conflict(contested)
    return plan


def _add(plan: Claims, change: ItemChange) -> None:
    before, after = change.before, change.after
    if before is None:
        plan.live.extend((key, after.id) for key in dict.fromkeys(after.identifiers))
        plan.former.extend(
            (key, after.id) for key in after.former_identifiers if key not in after.identifiers
        )
        return
    if (
        before.identifiers == after.identifiers
        and before.former_identifiers == after.former_identifiers
    ):
        return
    was_live, is_live = set(before.identifiers), dict.fromkeys(after.identifiers)
    was_former = set(before.former_identifiers)
    is_former = [key for key in after.former_identifiers if key not in is_live]
    plan.live.extend((key, after.id) for key in is_live if key not in was_live)
    plan.former.extend((key, after.id) for key in is_former if key not in was_former)
    kept = {*is_live, *is_former}
    plan.dropped.extend((key, after.id) for key in sorted(was_live | was_former) if key not in kept)


def taken_conflict(key: str, item_id: str, owner: str) -> WriteConflict:
    """An identifier that is another item's."""
    return WriteConflict(
        f"The identifier {key} belongs to the item {owner} and can't be claimed for {item_id}."
    )


def shared_conflict(keys: Iterable[str]) -> WriteConflict:
    """Identifiers that are claimed although they identify nobody."""
    return WriteConflict(
        f"{', '.join(sorted(keys)[:5])} can't be claimed: several things share it, "
        "so it identifies none of them."
    )


def stale_conflict(noun: str, ids: Iterable[str]) -> WriteConflict:
    """Entities that are no longer what the writer read."""
    listed = sorted(ids)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return WriteConflict(f"Another writer changed the {noun} {', '.join(listed[:3])}{more} first.")


def unknown_end() -> WriteConflict:
    """A link to or from an item that the store does not have."""
    return WriteConflict("One of the new links has an end that is not stored.")
