"""Reading ServiceNow's Table API, table by table and page by page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from cmdb.errors import InvalidSettings, Problem, RemoteUnavailable
from discovery.record_mapping import FIELD, RecordMapping, RecordType
from discovery.record_reading import RecordPage
from discovery.remote import Pages, Query, Remote, basic, bearer, decoded, part
from discovery.scanner import Failure
from discovery.servicenow.settings import ServiceNowSettings, address, mapping, tables

_PART_OF_FIELD = re.compile(r"\.(value|display_value|link)$")


async def fetch(
    settings: ServiceNowSettings, since: datetime | None
) -> AsyncIterator[RecordPage | Failure]:
    """The records of every table; a table that can't be read to its end is named.

    Tables of links come last: what they say of a record is then never older than the record.
    """
    url, read, names = address(settings), mapping(settings), tables(settings)
    if since is not None:
        since -= timedelta(minutes=settings.overlap)
    headers = _credentials(settings)
    async with Remote(url, headers, timeout=settings.timeout, at_once=settings.at_once) as remote:
        for kind in sorted(_types(read, names), key=lambda kind: kind.kind is None):
            pages = _pages(remote, kind, settings, since)
            name = f"table {kind.name}"
            async for page in part(remote, name, pages, hides_links=kind.kind is None):
                yield page


def _types(read: RecordMapping, names: Sequence[str]) -> list[RecordType]:
    return [kind for kind in read.types if kind.name in names]


def _credentials(settings: ServiceNowSettings) -> dict[str, str]:
    if settings.token:
        return bearer(settings.token)
    if settings.user and settings.password:
        return basic(settings.user, settings.password)
    problem = Problem("is needed with a password, or a token in their place", field="user")
    raise InvalidSettings("The settings can't be used.", [problem])


async def _pages(
    remote: Remote, kind: RecordType, settings: ServiceNowSettings, since: datetime | None
) -> AsyncIterator[RecordPage]:
    """The pages of a table. A page may have fewer rows than asked for where some are hidden, so
    the end is where the server says, or where a page is empty."""
    path, offset = f"api/now/table/{kind.name}", 0
    query: Query | None = _query(kind, settings, since, offset)
    watch = Pages(remote.host)
    while True:
        answer = remote.accepted(await remote.get(path, query))
        found = decoded(answer, remote.host)
        rows = found.get("result") if isinstance(found, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise RemoteUnavailable(f"{remote.host} answered without a list of records (result).")
        watch.check(rows)
        yield RecordPage(remote.host, kind.name, rows)
        offset += settings.page_size
        total = answer.headers.get("x-total-count", "")
        if answer.next is not None:
            path, query = answer.next, None
        elif "link" in answer.headers or not rows or (total.isdigit() and offset >= int(total)):
            return
        else:
            path, query = f"api/now/table/{kind.name}", _query(kind, settings, since, offset)


def _query(
    kind: RecordType, settings: ServiceNowSettings, since: datetime | None, offset: int
) -> Query:
    fields = sorted({_PART_OF_FIELD.sub("", path) for path in kind.paths()} | {"sys_id"})
    return {
        "sysparm_query": condition(kind, settings.query, since),
        "sysparm_fields": ",".join(fields),
        "sysparm_display_value": "all",
        "sysparm_limit": settings.page_size,
        "sysparm_offset": offset,
    }


def condition(kind: RecordType, query: str, since: datetime | None) -> str:
    """The encoded query: which rows, in an order that editing them does not change."""
    parts = []
    if kind.kind is not None and query:
        parts.append(query.strip("^"))
    if since is not None:
        at = f">={since:%Y-%m-%d %H:%M:%S}"
        newer = f"sys_updated_on{at}"
        if kind.kind is None:
            record = FIELD.findall(kind.id)[0].partition(".")[0]
            newer = f"{record}.sys_updated_on{at}^OR{newer}"
        parts.append(newer)
    return "^".join((*parts, "ORDERBYsys_created_on", "ORDERBYsys_id"))
