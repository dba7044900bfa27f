"""What one request carries: the database, the batches of its reads, and its analyses."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from strawberry.dataloader import DataLoader

from cmdb.analysis import analyse_failure
from cmdb.errors import UnknownItem
from cmdb.items import Item, Link
from cmdb.records.actor import Actor
from cmdb.service import Cmdb
from cmdb.store.port import Direction
from cmdb.viewpoint import Viewpoint
from impact import Analysis, State

LinksKey = tuple[str, Direction, tuple[str, ...] | None, bool]
"""An item's id, the direction, the relations (None: all), and whether retired links count."""

AnalysisKey = tuple[tuple[str, ...], State, Viewpoint]
"""What fails, as what, and in which estate."""

_T = TypeVar("_T")


class Context:
    """One request's, with who makes it. Items and links asked for one by one are read in batches,
    each once."""

    def __init__(self, cmdb: Cmdb, actor: Actor | None = None) -> None:
        self.cmdb = cmdb
        self.actor = actor or Actor(cmdb.settings.actor)
        self.now = datetime.now(UTC)
        self._items: DataLoader[str, Item | None] = DataLoader(load_fn=self._load_items)
        self._links: DataLoader[LinksKey, list[Link]] = DataLoader(load_fn=self._load_links)
        self._analyses: dict[AnalysisKey, asyncio.Task[Analysis]] = {}

    async def item(self, item_id: str) -> Item:
        """The item with that id; raises :class:`~cmdb.errors.UnknownItem`."""
        found = await self._items.load(item_id)
        if found is None:
            raise UnknownItem(item_id)
        return found

    async def items(self, ids: Sequence[str]) -> list[Item]:
        """The items with these ids, in that order; those that are not there are left out."""
        return [item for item in await self._items.load_many(ids) if item is not None]

    def know(self, items: Sequence[Item]) -> None:
        """Keep items that were read anyway: whoever asks for them by id needs no further read."""
        for item in items:
            self._items.prime(item.id, item)

    async def links(self, key: LinksKey) -> list[Link]:
        """The links of one item, sorted by id."""
        return await self._links.load(key)

    async def analysis(self, key: AnalysisKey) -> Analysis:
        """The analysis of a failure; asked for twice in a request it is made once."""
        if key not in self._analyses:
            self._analyses[key] = asyncio.ensure_future(analyse_failure(self.cmdb, *key))
        return await self._analyses[key]

    async def _load_items(self, ids: list[str]) -> list[Item | None]:
        found = await self.cmdb.store.items(ids)
        return [found.get(item_id) for item_id in ids]

    async def _load_links(self, keys: list[LinksKey]) -> list[list[Link]]:
        asked: dict[tuple[Direction, tuple[str, ...] | None, bool], set[str]] = defaultdict(set)
        for item_id, *how in keys:
            asked[tuple(how)].add(item_id)  # type: ignore[index]  # a key without its first part
        found: dict[LinksKey, list[Link]] = {key: [] for key in keys}
        for (direction, relations, retired), ids in asked.items():
            links = await self.cmdb.store.links(ids, direction, relations, include_retired=retired)
            for link in links:
                for end in _ends(link, direction):
                    if end in ids:
                        found[end, direction, relations, retired].append(link)
        return [found[key] for key in keys]


def _ends(link: Link, direction: Direction) -> set[str]:
    """The ends that a link belongs to when links are read in this direction."""
    if direction == "out":
        return {link.from_id}
    return {link.to_id} if direction == "in" else {link.from_id, link.to_id}


async def off_loop(work: Callable[[], _T]) -> _T:
    """Do work that computes for long in a thread, so that other requests are served meanwhile."""
    return await asyncio.to_thread(work)
