"""The store's port: what the product asks of a store, and nothing more.

Both implementations pass one contract suite (tests/store). All times are aware and in UTC.
Everything that returns a mapping leaves out what it did not find.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from cmdb.identity.owner import Owner
from cmdb.items import Item, Link, WaitingLink
from cmdb.items.value import Value
from cmdb.revisions import Commit, Delta, Edit, Revision, Run
from cmdb.store.codec import ReadRow

SCHEMA_VERSION = 1
"""The newest store layout that this code reads and writes."""

Direction = Literal["out", "in", "both"]


Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "starts_with", "exists"]


class Condition(msgspec.Struct, frozen=True):
    """One test on ``kind``, ``name``, ``status`` or a property (``properties.<name>``).

    ``contains`` and ``starts_with`` ignore case on strings; on a list of strings ``contains`` asks
    for a whole entry. ``in`` takes a list, ``exists`` a boolean. ``ne`` also holds where there is
    no value; every other operator but ``exists`` fails there.
    """

    field: str
    operator: Operator
    value: Value | list[int] | list[float]


class Sort(msgspec.Struct, frozen=True):
    """The order of a query: ``id``, ``kind``, ``name`` (ignoring case), ``status``, ``revision`` or
    ``properties.<name>``. Items without the value come last either way; ties go by id."""

    field: str = "name"
    descending: bool = False


class ItemQuery(msgspec.Struct, frozen=True):
    """Which items, in which order, and which page of them.

    ``kinds`` are concrete kinds (None: all). ``statuses`` None means all but retired. ``after`` is
    the cursor of the last item of the page before. Conditions must all hold.
    """

    kinds: tuple[str, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    statuses: tuple[str, ...] | None = None
    sort: Sort = Sort()
    limit: int = 50
    after: str | None = None


class ItemPage(msgspec.Struct, frozen=True):
    """One page: items with a cursor each, the count of all matches, and whether more follow."""

    items: tuple[Item, ...]
    cursors: tuple[str, ...]
    total: int
    has_next: bool


class SearchPage(msgspec.Struct, frozen=True):
    """Hits of a text search, best first by (exact name, name starts with, kind, name, id)."""

    items: tuple[Item, ...]
    total: int


class StoreInfo(msgspec.Struct, frozen=True):
    """What a store holds. ``items`` and ``links`` count those not retired, by kind and relation."""

    place: str
    engine: str
    schema_version: int
    revision: int
    revision_time: datetime | None
    items: dict[str, int]
    links: dict[str, int]
    waiting: int


class Reported(msgspec.Struct, frozen=True):
    """The ids of all items, links and waiting links with a report of one source and scope that is
    not retired."""

    items: frozenset[str]
    links: frozenset[str]
    waiting: frozenset[str]


class Store(Protocol):
    """A place that keeps items, links, identifiers and the revision log.

    Every method may raise :class:`~cmdb.errors.StoreUnavailable`.
    """

    async def close(self) -> None:
        """Release connections and files. May be called twice."""
        ...

    async def info(self) -> StoreInfo:
        """Counts, schema version and the latest revision."""
        ...

    async def owners(self, keys: Iterable[str]) -> Mapping[str, Owner]:
        """Who owns each of the normalised identifiers. One round trip per 10,000 keys."""
        ...

    async def items(self, ids: Iterable[str]) -> Mapping[str, Item]:
        """The items with these ids, retired ones too."""
        ...

    async def links(
        self,
        item_ids: Iterable[str],
        direction: Direction = "both",
        relations: Sequence[str] | None = None,
        *,
        include_retired: bool = False,
    ) -> Sequence[Link]:
        """The links that start at, lead to, or touch these items, sorted by id, each once."""
        ...

    async def links_by_id(self, ids: Iterable[str]) -> Mapping[str, Link]:
        """The links with these ids, retired ones too."""
        ...

    async def waiting(
        self, keys: Iterable[str] | None = None, *, limit: int | None = None
    ) -> Sequence[WaitingLink]:
        """Waiting links with an end among ``keys`` (None: all), sorted by id."""
        ...

    async def query(self, query: ItemQuery) -> ItemPage:
        """One page of items. Keyset paging: what existed before and during all pages and keeps its
        place in the order is seen once, whoever writes meanwhile.

        Raises :class:`~cmdb.errors.InvalidInput` on a cursor that is not of this query's order.
        """
        ...

    async def search(
        self,
        text: str,
        kinds: Sequence[str] | None = None,
        limit: int = 20,
        offset: int = 0,
        *,
        include_retired: bool = False,
    ) -> SearchPage:
        """Items in whose name, identifiers, string properties or kind every word of ``text`` begins
        a word (see :mod:`cmdb.store.text`)."""
        ...

    async def apply(self, delta: Delta, commit: Commit) -> Revision | None:
        """Write a delta atomically as the next revision; None where it has no changes (touches are
        written all the same).

        Each change's ``before`` must still be what is stored (same ``revision``) and each claimed
        identifier free, else :class:`~cmdb.errors.WriteConflict` is raised and nothing is written.
        """
        ...

    async def revisions(
        self, after: int = 0, limit: int = 100, *, newest_first: bool = False
    ) -> Sequence[Revision]:
        """Revisions with a number above ``after``, oldest first unless told."""
        ...

    async def revision_at(self, time: datetime) -> int:
        """The number of the last revision not later than ``time``; 0 before the first."""
        ...

    def edits(self, after: int, upto: int | None = None) -> AsyncIterator[Edit]:
        """The edits of the revisions in (after, upto], in the order of their revisions."""
        ...

    async def history(
        self, entity_id: str, limit: int = 100, before: int | None = None
    ) -> Sequence[tuple[Revision, Edit]]:
        """What happened to one item or link, newest first, with revision below ``before``."""
        ...

    def stream(self) -> AsyncIterator[Item | Link | WaitingLink]:
        """Everything: all items, then all links, then all waiting links, retired ones too, in
        bounded memory. A writer may commit meanwhile; see :mod:`cmdb.revisions.views`."""
        ...

    async def scan(self, entity: Literal["item", "link"], read: ReadRow) -> int:
        """Give ``read`` every stored item, or every link, retired ones too: its JSON, and when
        sources saw it later than that says. Returns how many there were.

        For whoever needs a part of each: nothing is made of them that ``read`` does not make. It is
        called from whatever thread, one call at a time. What it raises of
        :class:`msgspec.DecodeError` says that the JSON is torn; it gets that one again. A writer
        may commit meanwhile: some of what it wrote may be seen.
        """
        ...

    async def shared_identifiers(self) -> Sequence[str]:
        """The identifiers declared shared, sorted."""
        ...

    async def reported(self, source: str, scope: str) -> Reported:
        """What a source's runs over a scope have reported so far."""
        ...

    async def save_run(self, run: Run) -> None:
        """Insert or replace a run by its id."""
        ...

    async def runs(self, limit: int = 50, source: str | None = None) -> Sequence[Run]:
        """Runs, the latest start first."""
        ...
