"""Roots about what was: history, diff, revisions, runs; and about what waits."""

from typing import Annotated, Any

import msgspec
import strawberry

from cmdb.errors import InvalidInput, UnknownRevision
from cmdb.filters import MAX_PAGE
from cmdb.items import WaitingLink
from cmdb.revisions import Revision, Run
from cmdb.views import FieldChange, HistoryEntry, entity_name, field_changes
from cmdb_graphql.context import Context
from cmdb_graphql.structs import StructTypes, many, maybe

Info = strawberry.Info[Context, None]


class DiffEntry(msgspec.Struct, frozen=True):
    """One item or link at both points; null where it was not there. ``name`` is what it is called,
    ``changes`` what differs."""

    id: str
    name: str
    before: Any
    after: Any
    changes: tuple[FieldChange, ...]


class Diff(msgspec.Struct, frozen=True):
    """What differs between two points, sorted by id. ``truncated`` says that of ``total``
    differences not all are listed."""

    differences: tuple[DiffEntry, ...]
    total: int
    truncated: bool


class WaitingLinks(msgspec.Struct, frozen=True):
    """Links with an end that nobody has reported yet, sorted by id, and how many there are."""

    waiting: tuple[WaitingLink, ...]
    total: int


def fields(structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    revision = structs.of(Revision)
    return {
        "history": strawberry.field(
            resolver=_history,
            graphql_type=many(structs.of(HistoryEntry)),
            description="What happened to an item, newest first, by whom and why.",
        ),
        "diff": strawberry.field(
            resolver=_diff,
            graphql_type=structs.of(Diff),
            description="What differs between two revisions or times.",
        ),
        "revision": strawberry.field(
            resolver=_revision,
            graphql_type=maybe(revision),
            description="The revision with that number; null where there is none.",
        ),
        "revisions": strawberry.field(
            resolver=_revisions,
            graphql_type=many(revision),
            description="Revisions, newest first.",
        ),
        "runs": strawberry.field(
            resolver=_runs,
            graphql_type=many(structs.of(Run)),
            description="Scans and imports, the latest first.",
        ),
        "waiting_links": strawberry.field(
            resolver=_waiting_links,
            graphql_type=structs.of(WaitingLinks),
            description="Links that wait for an item nobody has reported yet.",
        ),
    }


def _checked(limit: int) -> int:
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput(f"The limit must be 1 to {MAX_PAGE}, not {limit}.")
    return limit


async def _history(
    info: Info,
    key: Annotated[str, strawberry.argument("An id, an identifier or a unique name.")],
    limit: int = 100,
    before: Annotated[
        int | None, strawberry.argument("What happened before this revision only.")
    ] = None,
) -> Any:
    cmdb = info.context.cmdb
    return await cmdb.history(await cmdb.find(key), _checked(limit), before)


async def _diff(
    info: Info,
    start: Annotated[str, strawberry.argument("A revision number or a time.", name="from")],
    end: Annotated[str, strawberry.argument("A revision number or a time.", name="to")],
    limit: int = 100,
) -> Any:
    _checked(limit)
    found = await info.context.cmdb.difference(start, end)
    rows = tuple(
        DiffEntry(
            d.id,
            entity_name(d.after or d.before),
            d.before,
            d.after,
            field_changes(d.before, d.after),
        )
        for d in found[:limit]
    )
    return Diff(rows, len(found), len(found) > limit)


async def _revision(info: Info, number: int) -> Any:
    if number < 1:
        raise UnknownRevision(f"Revisions are numbered from 1; {number} is none.")
    found = await info.context.cmdb.store.revisions(number - 1, limit=1)
    return found[0] if found and found[0].number == number else None


async def _revisions(
    info: Info,
    limit: int = 20,
    before: Annotated[int | None, strawberry.argument("Revisions before this one only.")] = None,
) -> Any:
    store = info.context.cmdb.store
    _checked(limit)
    if before is None:
        return await store.revisions(limit=limit, newest_first=True)
    found = await store.revisions(max(0, before - 1 - limit), limit)
    return [r for r in reversed(found) if r.number < before]


async def _runs(
    info: Info,
    limit: int = 20,
    source: Annotated[str | None, strawberry.argument("Runs of this source only.")] = None,
) -> Any:
    return await info.context.cmdb.store.runs(_checked(limit), source)


async def _waiting_links(info: Info, limit: int = 50) -> Any:
    store = info.context.cmdb.store
    waiting = await store.waiting(limit=_checked(limit))
    return WaitingLinks(tuple(waiting), (await store.info()).waiting)
