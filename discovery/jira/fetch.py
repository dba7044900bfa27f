"""Reading the issues of Jira: of the Cloud by tokens of pages, of a Data Center by offsets."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cmdb.errors import InvalidSettings, Problem, RemoteUnavailable
from discovery.jira.payload import JiraPage
from discovery.jira.settings import JiraSettings, address, mapping
from discovery.record_mapping import RecordMapping
from discovery.remote import Pages, Remote, basic, bearer, decoded, part
from discovery.scanner import Failure

CLOUD, DATA_CENTER = "rest/api/3/search/jql", "rest/api/2/search"
NOT_THERE = (404, 405, 410)
_KEY = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


async def fetch(
    settings: JiraSettings, since: datetime | None
) -> AsyncIterator[JiraPage | Failure]:
    """The issues of every project; a project that can't be read to its end is named."""
    url, read = address(settings), mapping(settings)
    _check(settings)
    async with Remote(
        url, _credentials(settings), timeout=settings.timeout, at_once=settings.at_once
    ) as remote:
        names = await _names(remote, read)
        for project in settings.projects or ("",):
            name = f"project {project}" if project else "the issues"
            search = _Search(remote, settings, read, names, condition(settings, project, since))
            async for page in part(remote, name, search.pages()):
                yield page


def _check(settings: JiraSettings) -> None:
    problems = [
        Problem(f"has {key!r}, which is no project's key, such as OPS", field="projects")
        for key in settings.projects
        if not _KEY.match(key)
    ]
    if not settings.projects and not settings.jql.strip():
        problems.append(
            Problem("is needed, or jql: the Cloud reads no site whole", field="projects")
        )
    if re.search(r"\border\s+by\b", settings.jql, re.IGNORECASE):
        problems.append(Problem("must not have an order of its own", field="jql"))
    if not settings.token:
        problems.append(Problem("is needed: env:NAME or file:PATH", field="token"))
    if problems:
        raise InvalidSettings("The settings can't be used.", problems)


def _credentials(settings: JiraSettings) -> dict[str, str]:
    return basic(settings.user, settings.token) if settings.user else bearer(settings.token)


def condition(
    settings: JiraSettings, project: str, since: datetime | None, now: datetime | None = None
) -> str:
    """The JQL: which issues, in an order that editing them does not change.

    The time is told as minutes before now: JQL reads a clock's time in the time zone of the user.
    """
    parts = []
    if project:
        parts.append(f'project = "{project}"')
    if settings.jql.strip():
        parts.append(f"({settings.jql.strip()})")
    if since is not None:
        past = (now or datetime.now(UTC)) - since
        minutes = math.ceil(past.total_seconds() / 60) + settings.overlap
        parts.append(f'updated >= "-{minutes}m"')
    return f"{' AND '.join(parts)} ORDER BY created ASC, key ASC"


async def _names(remote: Remote, read: RecordMapping) -> dict[str, str]:
    """The names of the custom fields that the mapping reads, by their ids on this site."""
    wanted = _fields(read)
    found = await remote.read("rest/api/2/field")
    if not isinstance(found, list):
        raise RemoteUnavailable(f"{remote.host} answered without a list of fields.")
    rows = [one for one in found if isinstance(one, Mapping) and "id" in one and "name" in one]
    wanted -= {row["id"] for row in rows}
    return {str(row["id"]): str(row["name"]) for row in rows if row["name"] in wanted}


def _fields(read: RecordMapping) -> set[str]:
    paths = (path for kind in read.types for path in kind.paths())
    return {p.split(".")[1] for p in paths if p.startswith("fields.") and p.count(".")}


class _Search:
    """One search on its way through its pages."""

    def __init__(
        self,
        remote: Remote,
        settings: JiraSettings,
        read: RecordMapping,
        names: Mapping[str, str],
        jql: str,
    ) -> None:
        self._remote = remote
        self._names = dict(names)
        self._watch = Pages(remote.host)
        fields = sorted({*names, *(_fields(read) - {*names.values()})})
        self._query: dict[str, str | int] = {
            "jql": jql,
            "fields": ",".join(fields),
            "maxResults": settings.page_size,
        }

    async def pages(self) -> AsyncIterator[JiraPage]:
        first = await self._remote.get(CLOUD, self._query)
        if first.status in NOT_THERE:
            async for page in self._by_offset():
                yield page
            return
        found = decoded(self._remote.accepted(first), self._remote.host)
        while True:
            yield self._page(found)
            token = found.get("nextPageToken")
            if not token or found.get("isLast") is True:
                return
            found = await self._remote.read(CLOUD, {**self._query, "nextPageToken": token})

    async def _by_offset(self) -> AsyncIterator[JiraPage]:
        start = 0
        while True:
            found = await self._remote.read(DATA_CENTER, {**self._query, "startAt": start})
            page = self._page(found)
            yield page
            start += len(page.issues)
            total = found.get("total")
            if not page.issues or (isinstance(total, int) and start >= total):
                return

    def _page(self, found: Any) -> JiraPage:
        issues = found.get("issues") if isinstance(found, dict) else None
        if not isinstance(issues, list) or not all(isinstance(row, dict) for row in issues):
            raise RemoteUnavailable(f"{self._remote.host} answered without a list of issues.")
        self._watch.check(issues)
        return JiraPage(self._remote.host, issues, self._names)
