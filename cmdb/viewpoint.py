"""Which estate a question is asked of: as it is, as it was, or as it would be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cmdb.errors import AmbiguousItem, InvalidInput, UnknownItem
from cmdb.service import Cmdb, Point
from cmdb.what_if import WhatIf, hypothetical
from impact import Estate

NOW = "now"
"""The point to compare with that is the latest revision."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """The latest estate unless told: at a past point, or after changes that nobody stores.

    Planned items take part where ``include_planned`` says so. Raises
    :class:`~cmdb.errors.InvalidInput` for changes at a past point: observations are reconciled
    with what is stored, and that is known as it is now only.
    """

    at: Point | None = None
    what_if: WhatIf | None = None
    include_planned: bool = False

    def __post_init__(self) -> None:
        if self.at is not None and self.what_if is not None:
            raise InvalidInput(
                "A what-if stands on the latest revision; it can't be combined with a past point."
            )

    async def estate(self, cmdb: Cmdb) -> Estate:
        """The estate that is seen from here. Raises what
        :func:`~cmdb.what_if.hypothetical` raises, and for a point that is none."""
        if self.what_if is not None:
            return await hypothetical(cmdb, self.what_if, include_planned=self.include_planned)
        return await cmdb.estate(self.at, include_planned=self.include_planned)

    async def find(self, cmdb: Cmdb, texts: Iterable[str]) -> tuple[Estate, list[str]]:
        """The estate, and the ids of the items that texts mean in it.

        Raises :class:`~cmdb.errors.UnknownItem` and :class:`~cmdb.errors.AmbiguousItem`, and
        :class:`~cmdb.errors.InvalidInput` for an item that the what-if takes out, or that was not
        there at the past point.
        """
        if self.at is None and self.what_if is None:
            # A wrong name is said before anybody waits for a large estate.
            ids = [(await cmdb.find(text)).id for text in texts]
            return await self.estate(cmdb), ids
        estate = await self.estate(cmdb)
        return estate, [await self.find_in(cmdb, estate, text) for text in texts]

    async def find_in(self, cmdb: Cmdb, estate: Estate, text: str) -> str:
        """The id of the item that the text means in the estate that is seen from here."""
        found = await item_in(cmdb, estate, text)
        is_latest = self.at is None and self.what_if is None
        if is_latest or found in estate.index or found in estate.left_out:
            return found
        item = (await cmdb.store.items([found]))[found]
        why = f"is taken out by {self.what_if.name}" if self.what_if else "was not there then"
        raise InvalidInput(f"{item.kind} {item.name!r} {why} (revision {estate.revision}).")

    async def placed_in(self, cmdb: Cmdb, estate: Estate, text: str) -> str:
        """The same, of an item that is part of that estate; raises for one that is retired or
        planned."""
        found = await self.find_in(cmdb, estate, text)
        estate.position(found)
        return found

    async def before(self, cmdb: Cmdb, since: Point) -> Estate:
        """The estate at the point to compare with, which may be ``"now"``."""
        then = None if since == NOW else since
        return await cmdb.estate(then, include_planned=self.include_planned)


LATEST = Viewpoint()


async def both(
    cmdb: Cmdb, texts: Iterable[str], since: Point, view: Viewpoint
) -> tuple[Estate, Estate, list[str]]:
    """The estate at ``since``, the one seen from ``view``, and the ids of the items that texts mean
    in the later, or else in the earlier; each once. Raises as :func:`in_either`."""
    before, after = await view.before(cmdb, since), await view.estate(cmdb)
    ids = [await in_either(cmdb, before, after, text) for text in texts]
    return before, after, list(dict.fromkeys(ids))


async def in_either(cmdb: Cmdb, before: Estate, after: Estate, text: str) -> str:
    """The id of the item that the text means in the later of two estates, or else in the earlier.

    Raises what :func:`item_in` raises, and :class:`~cmdb.errors.InvalidInput` for an item that is
    part of neither.
    """
    try:
        found = await item_in(cmdb, after, text)
    except UnknownItem:
        found = await item_in(cmdb, before, text)
    if found not in before.index:
        after.position(found)
    return found


async def item_in(cmdb: Cmdb, estate: Estate, text: str) -> str:
    """The id of the item that the text means: in the store, or by a name or identifier that only
    this estate has, because it is past or supposed.

    Raises :class:`~cmdb.errors.UnknownItem` and :class:`~cmdb.errors.AmbiguousItem`. O(items)
    where the store does not know it.
    """
    try:
        return (await cmdb.find(text)).id
    except UnknownItem:
        named = [i for i in estate.items if text in (i.id, i.name, *i.identifiers)]
        if len(named) > 1:
            raise AmbiguousItem(text, [(i.id, i.kind, i.name) for i in named]) from None
        if not named:
            raise
        return named[0].id
