"""Observations into the store: read what is known, reconcile, apply; again on a conflict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from cmdb.errors import InvalidInput
from cmdb.identity.owner import Owner
from cmdb.items import (
    Item,
    ItemObservation,
    Link,
    LinkObservation,
    WaitingLink,
)
from cmdb.items.ids import new_id
from cmdb.items.link import waiting_id
from cmdb.load import Load
from cmdb.reconcile.items import ItemOutcome, Rejected, Rules, reconcile_items
from cmdb.reconcile.links import LinkInput, LinkOutcome, Place, places_of, reconcile_links
from cmdb.retirement import of_held
from cmdb.revisions import Commit, Delta, Revision, Run, RunStatus
from cmdb.store.port import Store

LATER_RUNS = 1_000
"""Among how many of the latest runs of a source one is looked for that replaces a held run."""

MOST_KNOWN = 100_000
"""Identifiers whose owners are kept in mind during a load; beyond that they are asked for anew."""

Progress = Callable[[int], None]


@dataclass(slots=True)
class Loaded:
    """What a load did: its run, the revisions it wrote, and what needs a person's eye.

    ``deltas`` are filled on a dry run only. ``rejected`` are observations that nothing identifies,
    ``unbound`` links whose other end is called something that leads to no item, or to several.
    """

    run: Run
    revisions: list[Revision] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    waiting: list[WaitingLink] = field(default_factory=list)
    unbound: list[LinkObservation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows about the things that observations may be about."""

    items: Mapping[str, Item]
    owners: Mapping[str, Owner]


async def known_items(store: Store, observations: Iterable[ItemObservation]) -> Known:
    """The items that observations may be about, and the owners of all identifiers involved.

    Follows the identifiers of the items found until no new item turns up: two round trips where
    no two items compete for an identifier.
    """
    owners: dict[str, Owner] = {}
    items: dict[str, Item] = {}
    asked: set[str] = set()
    keys = {key for observation in observations for key in observation.identifiers}
    while keys:
        found = await store.owners(keys)
        asked |= keys
        owners.update(found)
        ids = {o.item_id for o in found.values() if o.item_id is not None} - items.keys()
        fresh: dict[str, Item] = {}
        while ids:
            fresh.update(await store.items(ids))
            items.update(fresh)
            ids = {rival for item in fresh.values() for rival in item.rivals} - items.keys()
        keys = {k for i in fresh.values() for r in i.reports for k in r.identifiers} - asked
    return Known(items, owners)


class Ingest:
    """Loads observations for one actor. One instance serves one run at a time."""

    def __init__(
        self, store: Store, rules: Rules, actor: str, *, shrink_limit: float = 1.0
    ) -> None:
        self.shrink_limit = shrink_limit
        """The share of a scope's items (0 to 1) that may be gone at once."""
        self._store = store
        self._rules = rules
        self._actor = actor
        self._owners: dict[str, Owner] = {}
        self._kinds: dict[str, str] = {}
        self._newest = -1

    async def load(
        self,
        items: Iterable[ItemObservation],
        links: Iterable[LinkObservation],
        run: Run,
        *,
        reason: str,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Loaded:
        """Reconcile and store observations, items first so that links find their ends.

        Each chunk is one revision: what was written stays if a later chunk fails. A run whose
        status is complete and that covered its full scope then marks what it did not see. A dry
        run writes nothing, and reconciles all at once so that its deltas are the real ones.
        """
        work = Load(self, Loaded(run), reason, dry_run, progress or _quiet)
        self._owners, self._kinds, self._newest = {}, {}, -1
        if not dry_run:
            await self._store.save_run(run)
        try:
            await work.execute(items, links)
        except BaseException:
            if not dry_run:
                await self._store.save_run(work.ended(RunStatus.FAILED))
            raise
        status = work.loaded.run.status
        work.loaded.run = work.ended(RunStatus.COMPLETE if status is RunStatus.RUNNING else status)
        if not dry_run:
            await self._store.save_run(work.loaded.run)
        return work.loaded

    async def accept(self, run: Run, reason: str) -> Loaded:
        """Mark as gone what a held run did not see; the run is complete then.

        Raises :class:`~cmdb.errors.InvalidInput` where there is nothing to accept: the run is not
        held, or a later complete one over the same has replaced it.
        """
        if run.held is None or run.status is not RunStatus.HELD:
            raise InvalidInput(f"The run {run.id} of {run.source} is {run.status}, and not held.")
        for later in await self._store.runs(limit=LATER_RUNS, source=run.source):
            if later.scope == run.scope and later.full_scope and later.started > run.started:
                raise InvalidInput(
                    f"A later run of {run.source} over the same has ended: {later.id}, "
                    f"{later.status}. What the earlier one did not see may be back."
                )
        work = Load(self, Loaded(run), reason, False, _quiet)
        work.counts.update(run.counts)
        await work.retire(of_held(run.held))
        ended = msgspec.structs.replace(
            work.ended(RunStatus.COMPLETE), held=None, accepted_by=self._actor, ended=run.ended
        )
        work.loaded.run = ended
        await self._store.save_run(ended)
        return work.loaded

    async def link_input(
        self, links: Sequence[LinkObservation], outcome: ItemOutcome | None
    ) -> LinkInput:
        """All that reconciling ``links`` needs, given what happened to items just before."""
        owners = await self._owners_of({k for o in links for k in (o.from_key, o.to_key)}, outcome)
        moved = outcome.moved if outcome else set[str]()
        stored: dict[str, Link] = {}
        if moved and outcome:
            losers = {c.before.id for c in outcome.changes if c.before is not None}
            touched = await self._store.links(losers, include_retired=True)
            stored.update((link.id, link) for link in touched)
        await self._learn_kinds(owners)
        places = self._places(((o.relation, o.from_key, o.to_key) for o in links), owners)
        of_links = tuple(places)
        waits = [o for o, place in zip(links, places, strict=True) if isinstance(place, str)]
        waiting = await self._waiting(waits, outcome)
        ends = [(w.relation, w.report) for w in waiting.values()]
        ends += [(link.relation, report) for link in stored.values() for report in link.reports]
        keys = {k for _, r in ends for k in (r.from_key, r.to_key)}
        owners |= await self._owners_of(keys - owners.keys(), outcome)
        await self._learn_kinds(owners)
        places += self._places(((rel, r.from_key, r.to_key) for rel, r in ends), owners)
        # In the order in which they are told: links that were written together lie together.
        wanted = dict.fromkeys(place.id for place in places if isinstance(place, Place))
        missing = [own for own in wanted if own not in stored] if stored else list(wanted)
        stored.update(await self._store.links_by_id(missing))
        return LinkInput(links, of_links, stored, waiting, owners, self._kinds, moved)

    async def _owners_of(self, keys: set[str], outcome: ItemOutcome | None) -> dict[str, Owner]:
        overlay = outcome.owners if outcome else {}
        gone = outcome.moved - overlay.keys() if outcome else set()
        missing = keys - self._owners.keys() - overlay.keys() - gone
        if missing:
            self._owners.update(await self._store.owners(missing))
        found = {key: self._owners[key] for key in keys if key in self._owners}
        found.update({key: overlay[key] for key in keys if key in overlay})
        return {key: owner for key, owner in found.items() if key not in gone}

    async def _waiting(
        self, waits: Sequence[LinkObservation], outcome: ItemOutcome | None
    ) -> dict[str, WaitingLink]:
        """The stored waiting links that observations repeat or that new owners may let join."""
        claimed = (outcome.gained | outcome.moved) if outcome else set[str]()
        keys = claimed | {k for o in waits for k in (o.from_key, o.to_key)}
        if not keys or not await self._store.waiting(limit=1):
            return {}
        repeated = {waiting_id(o.source, o.relation, o.from_key, o.to_key) for o in waits}
        return {
            w.id: w
            for w in await self._store.waiting(keys)
            if w.id in repeated or not claimed.isdisjoint((w.report.from_key, w.report.to_key))
        }

    async def _learn_kinds(self, owners: Mapping[str, Owner]) -> None:
        unknown = {o.item_id for o in owners.values() if o.item_id} - self._kinds.keys()
        if unknown:
            found = await self._store.items(unknown)
            self._kinds.update((i, item.kind) for i, item in found.items())

    def _places(
        self, ends: Iterable[tuple[str, str, str]], owners: Mapping[str, Owner]
    ) -> list[Place | str]:
        return places_of(ends, owners, self._kinds, self._rules.catalogue)

    async def reconcile(
        self, items: Sequence[ItemObservation], links: Sequence[LinkObservation]
    ) -> tuple[Delta, ItemOutcome, LinkOutcome]:
        """The delta that these observations make of the store as it is now. Writes nothing."""
        known = await known_items(self._store, items)
        outcome = reconcile_items(items, known.items, known.owners, self._rules)
        self._kinds.update((i, item.kind) for i, item in known.items.items())
        self._kinds.update((c.after.id, c.after.kind) for c in outcome.changes)
        given = await self.link_input(links, outcome)
        linked = reconcile_links(given, self._rules)
        delta = Delta(
            items=tuple(outcome.changes),
            links=tuple(linked.changes),
            waiting=tuple(linked.waiting),
            shared=tuple(outcome.shared),
            touches=(*outcome.touches, *linked.touches),
        )
        return delta, outcome, linked

    async def apply(self, delta: Delta, commit: Commit) -> Revision | None:
        """Write a delta, and forget what is cached if another writer wrote in between."""
        revision = await self._store.apply(delta, commit)
        if revision is not None:
            if self._newest not in (-1, revision.number - 1):
                self._owners.clear()
                self._kinds.clear()
            self._newest = revision.number
        return revision

    def forget(self) -> None:
        """Drop what is cached: the next chunk reads everything anew."""
        self._owners.clear()
        self._kinds.clear()

    def remember(self, outcome: ItemOutcome) -> None:
        """Keep who owns what after a chunk was written, for the links that follow."""
        if len(self._owners) > MOST_KNOWN:
            self.forget()
        for key in outcome.moved:
            self._owners.pop(key, None)
        self._owners.update(outcome.owners)

    @property
    def actor(self) -> str:
        return self._actor

    @property
    def store(self) -> Store:
        return self._store

    @property
    def rules(self) -> Rules:
        return self._rules


def _quiet(_: int) -> None:
    return None


def new_run(
    source: str,
    *,
    scope: str = "",
    full_scope: bool = False,
    actor: str = "",
    started: datetime | None = None,
    status: RunStatus = RunStatus.RUNNING,
    errors: Sequence[str] = (),
) -> Run:
    """A run that starts now. ``status`` is set beforehand where the scan was partial or failed."""
    return Run(
        id=new_id(),
        source=source,
        started=started or datetime.now(UTC),
        status=status,
        scope=scope,
        full_scope=full_scope,
        actor=actor,
        errors=tuple(errors),
    )
