"""The product's use cases: what the command line, GraphQL and the web server all call.

One :class:`Cmdb` holds an open store, the catalogue in force and the analysis graph of the latest
revision. It speaks in the values of the core; how they are shown is the caller's matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.catalogue.files import load_catalogue
from cmdb.errors import AmbiguousItem, InvalidInput, UnknownItem
from cmdb.estates import Estates
from cmdb.exchange.mapping import ColumnMap
from cmdb.exchange.problems import Problems
from cmdb.exchange.reader import PlacedLink, check_ends, check_files, open_ends
from cmdb.exchange.record import Defaults
from cmdb.ingest import Ingest, Loaded, Progress, new_run
from cmdb.items import Item, ItemObservation, Link, LinkObservation, Observation, Observed
from cmdb.load import CHUNK, chunks
from cmdb.lookup import find_item
from cmdb.operations import Reverted, merge_items, revert, unmerge_item
from cmdb.reconcile.items import Rules
from cmdb.reconcile.policy import Policy
from cmdb.revisions import Run, RunStatus
from cmdb.revisions.views import Difference, Entity, difference, item_at, revision_number
from cmdb.settings import Settings
from cmdb.store.connect import open_store
from cmdb.store.port import Store
from cmdb.views import HistoryEntry, ItemView, entity_name, history_entry, item_view, link_end
from impact import Estate

AfterLoad = Callable[["Cmdb", Loaded], Awaitable[None]]

RUNS_LOOKED_AT = 1_000

Point = str | int | datetime
"""A point in the past: a revision number or a time."""


class Cmdb:
    """An open configuration management database."""

    def __init__(self, store: Store, catalogue: Catalogue, settings: Settings) -> None:
        self.store = store
        self.catalogue = catalogue
        self.settings = settings
        self.rules = Rules(
            catalogue,
            Policy(
                settings.source_precedence,
                touch_after=settings.touch_after,
                stale_after=settings.stale_after,
                declared=frozenset(settings.declared_sources),
            ),
        )
        self.estates = Estates(store, catalogue, settings.cache_folder)
        self.after_load: list[AfterLoad] = []
        """What the assembly wants done after observations were stored, in order."""

    @classmethod
    async def open(cls, settings: Settings) -> Cmdb:
        """Open what the settings name, with the catalogue they extend.

        Raises :class:`~cmdb.errors.StoreError` and :class:`~cmdb.errors.InvalidCatalogue`.
        """
        catalogue = load_catalogue(settings.catalogue)
        store = await open_store(
            settings.store,
            catalogue,
            user=settings.neo4j_user,
            password=settings.secret("neo4j_password"),
        )
        return cls(store, catalogue, settings)

    async def close(self) -> None:
        """End what is under way and close the store."""
        await self.estates.close()
        await self.store.close()

    async def find(self, text: str) -> Item:
        """The item that an id, identifier or unique name means; see :mod:`cmdb.lookup`."""
        return await find_item(self.store, self.catalogue, text)

    async def end_names(self, entities: Iterable[Entity | None]) -> dict[str, str]:
        """The kinds and names of the items at the ends of the links among these, by id."""
        links = [e for e in entities if isinstance(e, Link)]
        ids = dict.fromkeys(end for link in links for end in (link.from_id, link.to_id))
        found = await self.store.items(list(ids)) if ids else {}
        return {item.id: entity_name(item) for item in found.values()}

    async def revision(self) -> int:
        """The number of the latest revision; 0 in an empty store."""
        latest = await self.store.revisions(limit=1, newest_first=True)
        return latest[0].number if latest else 0

    async def estate(self, at: Point | None = None, *, include_planned: bool = False) -> Estate:
        """The graph that impact analysis works on, as of the latest revision or a past point.

        The latest is kept and brought up to date when the revision has moved; see
        :mod:`cmdb.estates`.
        """
        if at is not None:
            number = await revision_number(self.store, at)
            return await self.estates.past(number, include_planned=include_planned)
        if include_planned:
            return await self.estates.past(await self.revision(), include_planned=True)
        return await self.estates.latest(await self.revision())

    async def item_at(self, item: str, at: Point) -> Item | None:
        """An item as it was; None where it did not exist yet."""
        number = await revision_number(self.store, at)
        return await item_at(self.store, (await self.find(item)).id, number)

    async def show(self, item: Item, *, include_retired: bool = False) -> ItemView:
        """An item with where its values come from and all its links. Two reads."""
        links = await self.store.links([item.id], include_retired=include_retired)
        others = await self.store.items({i for k in links for i in (k.from_id, k.to_id)})
        ends = tuple(
            link_end(k, item.id, others[k.to_id if k.from_id == item.id else k.from_id], self.rules)
            for k in links
        )
        return item_view(item, ends, self.rules)

    async def history(
        self, item: Item, limit: int = 100, before: int | None = None
    ) -> list[HistoryEntry]:
        """What happened to an item, newest first."""
        found = await self.store.history(item.id, limit, before)
        return [history_entry(revision, edit) for revision, edit in found]

    async def difference(self, start: Point, end: Point) -> list[Difference]:
        """What differs between two points in the past."""
        first = await revision_number(self.store, start)
        return await difference(self.store, first, await revision_number(self.store, end))

    async def check_files(
        self,
        paths: Sequence[Path],
        source: str,
        *,
        scope: str = "",
        kind: str | None = None,
        mapping: ColumnMap | None = None,
        time: datetime | None = None,
    ) -> Observed:
        """What files of observations say, checked whole, against each other and what is stored.

        Raises :class:`~cmdb.errors.InvalidInput` with every problem; nothing is changed.
        """
        defaults = Defaults(source, time or datetime.now(UTC), scope)
        files = await asyncio.to_thread(check_files, paths, defaults, self.catalogue, mapping, kind)
        await self.check_open_ends(open_ends(files.placed_links(), files.kinds), files.kinds)
        return files.observed

    async def check_open_ends(self, links: Iterable[PlacedLink], kinds: Mapping[str, str]) -> None:
        """Raise where a link leads to or from a stored item of a kind that it can't join."""
        problems = Problems()
        for some in chunks(links, CHUNK):
            keys = {k for _, _, o in some for k in (o.from_key, o.to_key) if k} - kinds.keys()
            owners = await self.store.owners(keys)
            items = await self.store.items({o.item_id for o in owners.values() if o.item_id})
            stored = {
                key: items[owner.item_id].kind
                for key, owner in owners.items()
                if owner.item_id is not None and owner.item_id in items
            }
            named = {end for _, _, o in some for end in (o.from_key, o.to_key) if end in kinds}
            stored.update((key, kinds[key]) for key in named)
            check_ends(some, stored, self.catalogue, problems)
        problems.raise_if_any()

    async def load(
        self,
        items: Iterable[ItemObservation],
        links: Iterable[LinkObservation],
        run: Run,
        *,
        reason: str,
        actor: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Loaded:
        """Reconcile and store observations; see :class:`cmdb.ingest.Ingest`."""
        loaded = await self._ingest(actor).load(
            items, links, run, reason=reason, dry_run=dry_run, progress=progress
        )
        if loaded.revisions:
            for follow in self.after_load:
                await follow(self, loaded)
        return loaded

    def _ingest(self, actor: str | None = None) -> Ingest:
        return Ingest(
            self.store,
            self.rules,
            actor or self.settings.actor,
            shrink_limit=self.settings.shrink_limit,
        )

    async def accept_run(
        self, run_id: str, reason: str = "", *, actor: str | None = None
    ) -> Loaded:
        """Mark as gone what a held run did not see; see :meth:`cmdb.ingest.Ingest.accept`."""
        for run in await self.store.runs(limit=RUNS_LOOKED_AT):
            if run.id == run_id:
                said = reason or "what a held run did not see is gone"
                return await self._ingest(actor).accept(run, said)
        raise InvalidInput(f"There is no run {run_id!r}; `cmdb runs` lists them.")

    async def load_scan(
        self,
        source: str,
        scope: str,
        observations: Iterable[Observation],
        *,
        full_scope: bool,
        errors: Sequence[str] = (),
        started: datetime | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Loaded:
        """Store what a scanner saw that began to look at ``started`` (default: now). A scan with
        errors is partial and retires nothing."""
        run = new_run(
            source,
            scope=scope,
            full_scope=full_scope,
            actor=self.settings.actor,
            started=started,
            status=RunStatus.PARTIAL if errors else RunStatus.RUNNING,
            errors=errors,
        )
        observed = observations if isinstance(observations, Observed) else Observed(observations)
        return await self.load(
            observed.items(),
            observed.links(),
            run,
            reason=f"scan of {scope or source}",
            dry_run=dry_run,
            progress=progress,
        )

    async def save_failure(self, source: str, scope: str, error: str, started: datetime) -> Run:
        """Keep that a run of a source saw nothing at all, and why."""
        run = new_run(
            source,
            scope=scope,
            actor=self.settings.actor,
            started=started,
            status=RunStatus.FAILED,
            errors=[error],
        )
        run = msgspec.structs.replace(run, ended=datetime.now(UTC))
        await self.store.save_run(run)
        return run

    async def last_complete_run(self, source: str, scope: str) -> datetime | None:
        """When the last complete run of a source over a scope began; None before the first.

        What changed there since then is new; it may be looked for among the latest runs only.
        """
        for run in await self.store.runs(limit=RUNS_LOOKED_AT, source=source):
            if run.scope == scope and run.status is RunStatus.COMPLETE:
                return run.started
        return None

    async def merge(self, left: str, right: str, reason: str = "") -> Item:
        """Make one item of two; returns the one that stays."""
        return await merge_items(
            self.store,
            self.rules,
            await self.find(left),
            await self.find(right),
            self.settings.actor,
            reason,
        )

    async def unmerge(self, item_id: str, reason: str = "") -> Item:
        """Take an item, by its own id, out of the one it was merged into."""
        found = (await self.store.items([item_id])).get(item_id)
        if found is None:
            await self._refuse_unmerge_by_name(item_id)
            raise UnknownItem(item_id)
        return await unmerge_item(self.store, self.rules, found, self.settings.actor, reason)

    async def _refuse_unmerge_by_name(self, text: str) -> None:
        try:
            kept = await self.find(text)
        except (UnknownItem, AmbiguousItem):
            return
        raise InvalidInput(
            f"{text} means {kept.name} ({kept.id}), which stands for itself: give the id of the "
            f"item that was merged into it. `cmdb history {kept.id}` names it."
        )

    async def revert(self, number: int, reason: str = "", *, dry_run: bool = False) -> Reverted:
        """Undo a revision by a new one."""
        return await revert(self.store, number, self.settings.actor, reason, dry_run=dry_run)


def plain(value: Any) -> Any:
    """Any of the product's values as plain JSON values, snake_case, times as ISO 8601."""
    return msgspec.to_builtins(value)
