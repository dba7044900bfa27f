"""One load of observations: chunk by chunk, then what is taken back, then what is not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import msgspec

from cmdb.binding import bind_ends
from cmdb.collector import collector_paused
from cmdb.errors import WriteConflict
from cmdb.items import ItemObservation, LinkObservation
from cmdb.reconcile.items import ItemOutcome
from cmdb.reconcile.links import LinkOutcome
from cmdb.reconcile.retire import unseen_items, unseen_links, unseen_waiting
from cmdb.retirement import Unseen, find_unseen
from cmdb.revisions import Action, Commit, Delta, Run, RunStatus
from cmdb.taking_back import taken_back_by

if TYPE_CHECKING:
    from cmdb.ingest import Ingest, Loaded, Progress

CHUNK = 10_000
"""Observations that are reconciled and written together, as one revision."""
MAX_ATTEMPTS = 20
"""How often a chunk is read and reconciled again because another writer was first."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Load:
    """One load under way: what it has seen and counted so far."""

    ingest: Ingest
    loaded: Loaded
    reason: str
    dry_run: bool
    progress: Progress
    counts: Counter[str] = field(default_factory=Counter)
    seen_items: set[str] = field(default_factory=set)
    seen_links: set[str] = field(default_factory=set)
    seen_waiting: set[str] = field(default_factory=set)
    complete: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Relations by source and identifier of the items that all links of are named."""

    async def execute(
        self, items: Iterable[ItemObservation], links: Iterable[LinkObservation]
    ) -> None:
        if self.dry_run:
            await self._chunk(list(items), list(links))
        else:
            for seen in chunks(items, CHUNK):
                await self._chunk(seen, [])
            for linked in chunks(links, CHUNK * 2):
                await self._chunk([], linked)
        if self.complete:
            await self._take_back()
        run = self.loaded.run
        if run.full_scope and run.status is RunStatus.RUNNING:
            await self._mark_unseen()

    async def _chunk(
        self, items: Sequence[ItemObservation], links: Sequence[LinkObservation]
    ) -> None:
        named, unbound = await bind_ends(
            self.ingest.store, self.ingest.rules.catalogue, links, items
        )
        self.loaded.unbound.extend(unbound)
        self.complete.update(
            ((item.source, item.identifiers[0]), item.complete) for item in items if item.complete
        )

        async def attempt() -> Delta:
            delta, outcome, linked = await self.ingest.reconcile(items, named)
            await self._write(delta)
            self.ingest.remember(outcome)
            self._count(outcome, linked, delta)
            return delta

        with collector_paused():
            await self._persist(attempt)
        self.counts["observed"] += len(items) + len(links)
        self.progress(len(items) + len(links))

    async def _persist(self, attempt: Callable[[], Awaitable[Delta]]) -> None:
        for remaining in reversed(range(MAX_ATTEMPTS)):
            try:
                await attempt()
                return
            except WriteConflict:
                self.ingest.forget()
                if not remaining:
                    raise

    async def _write(self, delta: Delta) -> None:
        if self.dry_run:
            self.loaded.deltas.append(delta)
            return
        run = self.loaded.run
        commit = Commit(self.ingest.actor, run.source, self.reason, datetime.now(UTC), run.id)
        revision = await self.ingest.apply(delta, commit)
        if revision is not None:
            self.loaded.revisions.append(revision)

    def _count(self, outcome: ItemOutcome, linked: LinkOutcome, delta: Delta) -> None:
        for item_change in delta.items:
            self.counts[item_change.action.value] += 1
        for link_change in delta.links:
            self.counts[f"links_{link_change.action.value}"] += 1
        changed = {c.after.id for c in delta.items}
        changed_links = {c.after.id for c in delta.links if c.after is not None}
        self.counts["unchanged"] += len(outcome.seen - changed)
        self.counts["links_unchanged"] += len(linked.seen - changed_links)
        self.counts["joined"] += linked.joined
        self.counts["waiting"] += len(linked.waiting_seen)
        self.counts["rejected"] += len(outcome.rejected)
        self.loaded.rejected.extend(outcome.rejected)
        self.loaded.waiting.extend(
            c.after for c in delta.waiting if c.action is Action.CREATED and c.after is not None
        )
        # What was seen is kept for what asks what was not: a load without end needs no more memory.
        if full := self.loaded.run.full_scope:
            self.seen_items |= outcome.seen
        if full or self.complete:
            self.seen_links |= linked.seen
            self.seen_waiting |= linked.waiting_seen

    async def _take_back(self) -> None:
        """Retire what sources said of links that they claim to have named all of, and have not."""
        for some in chunks(self.complete.items(), CHUNK):
            await self._persist(lambda some=some: self._retire_unnamed(some))  # type: ignore[misc]  # mypy can't infer a default's type in a lambda

    async def _retire_unnamed(
        self, complete: Sequence[tuple[tuple[str, str], tuple[str, ...]]]
    ) -> Delta:
        ingest, now = self.ingest, self.loaded.run.started
        delta = await taken_back_by(
            ingest.store, ingest.rules, dict(complete), self.seen_links, self.seen_waiting, now
        )
        if delta.links or delta.waiting:
            await self._write(delta)
        for change in delta.links:
            self.counts[f"links_{change.action.value}"] += 1
        return delta

    async def _mark_unseen(self) -> None:
        unseen = await find_unseen(
            self.ingest.store,
            self.loaded.run,
            self.seen_items,
            self.seen_links,
            self.seen_waiting,
        )
        if unseen.too_many(self.ingest.shrink_limit):
            self.loaded.run = msgspec.structs.replace(
                self.loaded.run, status=RunStatus.HELD, held=unseen.held()
            )
            return
        await self.retire(unseen)

    async def retire(self, unseen: Unseen) -> None:
        """Mark as missing, or after its grace as retired, what was not seen."""
        run, store = self.loaded.run, self.ingest.store
        for ids in chunks(unseen.items, CHUNK):
            await self._persist(lambda ids=ids: self._retire_items(ids))  # type: ignore[misc]  # mypy can't infer a default's type in a lambda
        for ids in chunks(unseen.links, CHUNK):
            await self._persist(lambda ids=ids: self._retire_links(ids))  # type: ignore[misc]  # as above
        if unseen.waiting:
            waiting = [w for w in await store.waiting() if w.id in set(unseen.waiting)]
            changes = unseen_waiting(waiting, run.source, run.scope)
            await self._write(Delta(waiting=tuple(changes)))

    async def _retire_items(self, ids: Sequence[str]) -> Delta:
        run, ingest = self.loaded.run, self.ingest
        items = await ingest.store.items(ids)
        changes = unseen_items(items.values(), run.source, run.scope, run.started, ingest.rules)
        delta = Delta(items=tuple(changes))
        await self._write(delta)
        for change in changes:
            self.counts[change.action.value] += 1
        return delta

    async def _retire_links(self, ids: Sequence[str]) -> Delta:
        run, ingest = self.loaded.run, self.ingest
        links = await ingest.store.links_by_id(ids)
        changes = unseen_links(links.values(), run.source, run.scope, run.started, ingest.rules)
        delta = Delta(links=tuple(changes))
        await self._write(delta)
        for change in changes:
            self.counts[f"links_{change.action.value}"] += 1
        return delta

    def ended(self, status: RunStatus) -> Run:
        return msgspec.structs.replace(
            self.loaded.run,
            status=status,
            ended=datetime.now(UTC),
            counts={k: v for k, v in sorted(self.counts.items()) if v},
        )


def chunks(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Values in lists of at most ``size``."""
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk
