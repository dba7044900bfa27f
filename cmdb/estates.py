"""The graphs that impact analysis works on, brought up to date with the store when asked for.

The latest one of a small store is read whole whenever the revision has moved. A large one is read
once, into columns (:mod:`impact.columns`), and then follows the revision log; what was read is kept
in a file for the next start. Past ones never change, and the last used few are kept.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cmdb import estate_file
from cmdb.catalogue import Catalogue
from cmdb.collector import collector_paused
from cmdb.errors import CmdbError
from cmdb.items import Item, Link
from cmdb.revisions import Edit
from cmdb.revisions.views import snapshot
from cmdb.store.codec import ReadRow, Seen, decode_item
from cmdb.store.port import Store
from impact import Estate
from impact.compiled.jit import AVAILABLE
from impact.states import State

if TYPE_CHECKING:
    from impact.columns.draft import Draft
    from impact.columns.version import Version

Progress = Callable[[int, int], None]
"""Told how many items and links were read so far, and about how many there are."""

COLUMNS_FROM = 100_000
"""Links from which on an estate is held in columns: reading fewer into plain values takes no longer
than it takes to load the kernels (docs/measurements.md)."""

PAST_ESTATES = 4
"""Graphs of past revisions that are kept, the last used ones."""

READ_AGAIN_AFTER = timedelta(days=1)
"""How old a graph may get by following alone. When something was last seen is no edit, so that
those times are no younger than the graph."""

MOST_FOLLOWED = 5
"""A graph of so many links follows at most one part in so many of edits; more is read anew."""

TELL_EVERY = 10_000

log = logging.getLogger(__name__)


class Estates:
    """The estates of one open store. May be asked by many tasks at a time."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.store = store
        self._catalogue = catalogue
        self._folder = folder
        self.progress = progress
        self._lock = asyncio.Lock()
        self._plain: Estate | None = None
        self._version: Version | None = None
        self._read_at = datetime.now(UTC)
        self._past: dict[tuple[int, bool], Estate] = {}
        self._background: asyncio.Task[None] | None = None

    async def latest(self, revision: int) -> Estate:
        """The estate of the revision that is the latest now, or of one that came since.

        Who asks while a revision is being taken in waits for that; whoever has an estate keeps it
        as it is.
        """
        async with self._lock:
            estate = await self._brought_to(revision)
        now = datetime.now(UTC)
        return dataclasses.replace(estate, now=now, as_of=now)

    async def past(self, revision: int, *, include_planned: bool) -> Estate:
        """The estate as of a revision, the latest included."""
        key = revision, include_planned
        found = self._past.pop(key, None) or await self._read_past(*key)
        self._past[key] = found
        while len(self._past) > PAST_ESTATES:
            del self._past[next(iter(self._past))]
        return found

    def warm_up(self) -> None:
        """Begin to read the latest estate, and to load what walks a large one, so that the first
        question need not wait for it."""
        self._background = asyncio.create_task(self._warmed_up())

    async def _warmed_up(self) -> None:
        try:
            await self.latest((await self.store.info()).revision)
            version = self._version
            if version is not None and version.engine is not None and version.size:
                await asyncio.to_thread(version.engine.walk, {0: State.DOWN})
        except CmdbError as error:
            log.warning("The graph could not be read: %s", error)

    async def close(self) -> None:
        """End what goes on in the background."""
        if self._background is not None:
            self._background.cancel()
            await asyncio.gather(self._background, return_exceptions=True)

    # --- the latest --------------------------------------------------------------------------

    async def _brought_to(self, revision: int) -> Estate:
        is_old = datetime.now(UTC) - self._read_at > READ_AGAIN_AFTER
        if self._version is not None:
            if self._version.revision < revision:
                self._version = await self._following(self._version, revision)
            if is_old:
                self._read_again()
        elif self._plain is None or self._plain.revision < revision or is_old:
            await self._read_latest(revision)
        if self._version is not None:
            return self._version.estate
        assert self._plain is not None
        return self._plain

    async def _read_latest(self, revision: int) -> None:
        self._read_at = datetime.now(UTC)
        if await self._is_large():
            self._plain, self._version = None, await self._first_version()
        else:
            self._plain = await self._read_plain(revision, include_planned=False)

    async def _is_large(self) -> bool:
        if not AVAILABLE:
            return False
        info = await self.store.info()
        return sum(info.links.values()) >= COLUMNS_FROM

    async def _first_version(self, *, from_file: bool = True) -> Version:
        from impact.columns.build import build_version

        kept = None
        if self._folder is not None and from_file:
            kept = await estate_file.load(self._folder, self.store, READ_AGAIN_AFTER)
        revision, draft = kept or await self._scanned()
        if kept is None and self._folder is not None:
            await estate_file.save(self._folder, self.store, revision, draft)
        as_of = await self._time_of(revision)
        with collector_paused():
            version = await asyncio.to_thread(
                build_version, draft, self._catalogue, decode_item, revision=revision, as_of=as_of
            )
        latest = (await self.store.info()).revision
        return version if latest == revision else await self._following(version, latest)

    async def _scanned(self) -> tuple[int, Draft]:
        """All that is stored, and the revision from which on edits may be missing in it."""
        from impact.columns.draft import Draft

        info, draft = await self.store.info(), Draft()
        tell = _Telling(self.progress, sum(info.items.values()) + sum(info.links.values()))
        with collector_paused():
            await self.store.scan("item", tell.about(draft.item))
            await asyncio.to_thread(draft.settle_items)
            await self.store.scan("link", tell.about(draft.link))
        return info.revision, draft

    async def _following(self, version: Version, revision: int) -> Version:
        """The version after all revisions up to this one."""
        from impact.columns.follow import follow

        changes = _Changes()
        most = max(version.links.used, COLUMNS_FROM) // MOST_FOLLOWED
        async for edit in self.store.edits(version.revision, revision):
            changes.add(edit)
            if len(changes) > most:
                self._read_at = datetime.now(UTC)
                return await self._first_version(from_file=False)
        as_of = await self._time_of(revision)
        # What the failed attempt put into the columns must not be met by the next one.
        self._version = None
        return await asyncio.to_thread(
            follow,
            version,
            [*changes.items.values()],
            [*changes.links.values()],
            gone=[*changes.gone.values()],
            revision=revision,
            as_of=as_of,
        )

    def _read_again(self) -> None:
        """Read the store afresh while the version at hand goes on serving."""
        if self._background is None or self._background.done():
            self._background = asyncio.create_task(self._replace_version())

    async def _replace_version(self) -> None:
        try:
            self._read_at = datetime.now(UTC)
            fresh = await self._first_version(from_file=False)
            async with self._lock:
                if self._version is not None and fresh.revision < self._version.revision:
                    fresh = await self._following(fresh, self._version.revision)
                self._version = fresh
        except CmdbError as error:
            log.warning("The graph could not be read afresh: %s", error)

    async def _time_of(self, revision: int) -> datetime:
        found = await self.store.revisions(revision - 1, limit=1)
        return found[0].time if found else datetime.now(UTC)

    # --- whole estates -----------------------------------------------------------------------

    async def _read_past(self, revision: int, include_planned: bool) -> Estate:
        was_large = self._version is not None
        if not was_large and (self._plain is not None or not await self._is_large()):
            return await self._read_plain(revision, include_planned=include_planned)
        from impact.columns.build import build_version
        from impact.columns.draft import Draft

        draft = Draft()
        with collector_paused():
            async for entity in snapshot(self.store, revision):
                if isinstance(entity, Item):
                    draft.whole_item(entity)
                elif isinstance(entity, Link):
                    draft.whole_link(entity)
            version = await asyncio.to_thread(
                build_version,
                draft,
                self._catalogue,
                decode_item,
                revision=revision,
                as_of=await self._time_of(revision),
                include_planned=include_planned,
            )
        return version.estate

    async def _read_plain(self, revision: int, *, include_planned: bool) -> Estate:
        items: list[Item] = []
        links: list[Link] = []
        with collector_paused():
            async for entity in snapshot(self.store, revision):
                if isinstance(entity, Item):
                    items.append(entity)
                elif isinstance(entity, Link):
                    links.append(entity)
            revisions = await self.store.revisions(revision - 1, limit=1)
            return await asyncio.to_thread(
                Estate.build,
                items,
                links,
                self._catalogue,
                revision=revision,
                as_of=revisions[0].time if revisions else None,
                include_planned=include_planned,
            )


class _Changes:
    """What items and links became in the end, of several edits each."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.links: dict[str, Link] = {}
        self.gone: dict[str, Link] = {}

    def __len__(self) -> int:
        return len(self.items) + len(self.links) + len(self.gone)

    def add(self, edit: Edit) -> None:
        """Take an edit in, later ones last."""
        if isinstance(edit.after, Item):
            self.items[edit.id] = edit.after
        elif isinstance(edit.after, Link):
            self.links[edit.id] = edit.after
            self.gone.pop(edit.id, None)
        elif isinstance(edit.before, Link):
            self.links.pop(edit.id, None)
            self.gone[edit.id] = edit.before


class _Telling:
    """Counts rows that are read, and tells of it now and then."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress = progress
        self.total = total
        self.count = 0

    def about(self, read: ReadRow) -> ReadRow:
        """``read``, counted."""
        if self.progress is None:
            return read
        tell = self.progress

        def counted(body: str, seen: Seen | None) -> None:
            read(body, seen)
            self.count += 1
            if self.count % TELL_EVERY == 0:
                tell(self.count, self.total)

        return counted
