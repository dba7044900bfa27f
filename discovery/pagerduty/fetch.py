"""Reading PagerDuty's incidents: those of a time, those that are open, those that changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cmdb.errors import InvalidSettings, Problem, RemoteUnavailable
from cmdb.items.value import format_time, parse_time
from discovery.pagerduty.settings import PagerDutySettings, address, mapping, site
from discovery.record_mapping import RecordMapping
from discovery.record_reading import RecordPage, only
from discovery.remote import Pages, Remote, decoded, part
from discovery.scanner import Failure

MOST_OFFSET = 10_000
"""The API reads no further than this in one question."""
LONGEST_RANGE = timedelta(days=150)
"""The API takes no longer range than six months."""
TYPE = "incident"
ALSO_READ = ("status", "last_status_change_at")
"""What tells when an incident was resolved, whatever the mapping reads."""

Rows = list[dict[str, Any]]
Asked = Mapping[str, str | Sequence[str]]


async def fetch(
    settings: PagerDutySettings, since: datetime | None
) -> AsyncIterator[RecordPage | Failure]:
    """The account's incidents, or those with a log entry since then; a part that can't be read to
    its end is named."""
    url, read = address(settings), mapping(settings)
    if not settings.token:
        problem = Problem("is needed: env:NAME or file:PATH", field="token")
        raise InvalidSettings("The settings can't be used.", [problem])
    headers = {
        "authorization": f"Token token={settings.token.value}",
        "accept": "application/vnd.pagerduty+json;version=2",
    }
    async with Remote(url, headers, timeout=settings.timeout, at_once=settings.at_once) as remote:
        account = _Account(remote, settings, read)
        parts: dict[str, AsyncIterator[RecordPage]]
        if since is None:
            start = datetime.now(UTC) - timedelta(days=settings.days)
            parts = {"open incidents": account.open(), "incidents": account.created(start)}
        else:
            start = since - timedelta(minutes=settings.overlap)
            parts = {"changed incidents": account.changed(start)}
        for name, pages in parts.items():
            async for page in part(remote, name, pages):
                yield page


class _Account:
    """An account that is read from."""

    def __init__(self, remote: Remote, settings: PagerDutySettings, read: RecordMapping) -> None:
        self._remote = remote
        self._size = settings.page_size
        self._watch = Pages(remote.host)
        self._site = site(settings)
        self._paths = (*read.type(TYPE).paths(), *ALSO_READ)

    async def open(self) -> AsyncIterator[RecordPage]:
        """The incidents that are not resolved, however old."""
        query: Asked = {"statuses[]": ["triggered", "acknowledged"], "date_range": "all"}
        async for rows, _ in self._pages("incidents", query):
            yield self._page(rows)

    async def created(self, start: datetime) -> AsyncIterator[RecordPage]:
        """The incidents that began since a time, range by range, the oldest first."""
        now = datetime.now(UTC)
        while start < now:
            end = min(start + LONGEST_RANGE, now)
            query = {
                "since": format_time(start),
                "until": format_time(end),
                "sort_by": "created_at:asc",
            }
            cut: datetime | None = None
            async for rows, is_cut in self._pages("incidents", query):
                yield self._page(rows)
                if is_cut:
                    cut = parse_time(str(rows[-1].get("created_at", "")))
            if cut is not None and cut <= start:
                raise RemoteUnavailable(
                    f"{self._remote.host} has more than {MOST_OFFSET:,} incidents of "
                    f"{format_time(start)}, more than it can be asked for."
                )
            start = end if cut is None else cut

    async def changed(self, start: datetime) -> AsyncIterator[RecordPage]:
        """The incidents with a log entry since a time. The API can't be asked for them, but for
        the entries, the latest first."""
        ids: dict[str, None] = {}
        until: datetime | None = datetime.now(UTC)
        while until is not None:
            query = {"since": format_time(start), "until": format_time(until)}
            cut: datetime | None = None
            async for rows, is_cut in self._pages("log_entries", query):
                for row in rows:
                    incident = row.get("incident")
                    if isinstance(incident, Mapping) and incident.get("id"):
                        ids[str(incident["id"])] = None
                if is_cut:
                    cut = parse_time(str(rows[-1].get("created_at", "")))
            until = cut if cut is not None and start < cut < until else None
        found = [*ids]
        for first in range(0, max(len(found), 1), self._size):
            some = found[first : first + self._size]
            read = await asyncio.gather(*(self._incident(one) for one in some))
            yield self._page([row for row in read if row is not None])

    async def _incident(self, own: str) -> dict[str, Any] | None:
        """One incident; None where it is there no more, as after it was merged."""
        answer = await self._remote.get(f"incidents/{own}")
        if answer.status == 404:
            return None
        found = decoded(self._remote.accepted(answer), self._remote.host)
        row = found.get("incident") if isinstance(found, dict) else None
        return row if isinstance(row, dict) else None

    async def _pages(self, what: str, query: Asked) -> AsyncIterator[tuple[Rows, bool]]:
        """Pages of a list; with the last is told whether the API would read no further."""
        offset = 0
        while True:
            asked: dict[str, str | int | Sequence[str]] = {
                **query,
                "limit": self._size,
                "offset": offset,
            }
            found = await self._remote.read(what, asked)
            rows = found.get(what) if isinstance(found, dict) else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise RemoteUnavailable(f"{self._remote.host} answered without a list of {what}.")
            self._watch.check(rows)
            offset += self._size
            more = found.get("more") is True and bool(rows)
            is_cut = more and offset + self._size > MOST_OFFSET
            yield rows, is_cut
            if is_cut or not more:
                return

    def _page(self, rows: Rows) -> RecordPage:
        return RecordPage(self._site, TYPE, [only(row, self._paths) for row in rows])
