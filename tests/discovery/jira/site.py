"""A Jira site as its search is published: of the Cloud by tokens, of a Data Center by offsets."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.discovery.serving import serving

USER, TOKEN = "cmdb@acme.example", "api-token-of-cmdb"
CUSTOM = {"customfield_10041": "Impact", "customfield_10050": "Affected services",
          "customfield_10061": "Change type"}  # fmt: skip
IDS = {name: field for field, name in CUSTOM.items()}


class Site:
    """The site's issues by id, and how it behaves."""

    def __init__(self, *, cloud: bool = True) -> None:
        self.cloud = cloud
        self.issues: dict[str, dict[str, Any]] = {}
        self.updated: dict[str, datetime] = {}
        self.denied: set[str] = set()
        self.asked: list[str] = []
        self.page = 2
        self.url = ""

    def put(self, own: str, key: str, kind: str, **fields: Any) -> None:
        """Add an issue, or change what it says; it was updated now."""
        known = self.issues.get(own, {"fields": {}})["fields"]
        said = {IDS.get(name.replace("_", " "), name): value for name, value in fields.items()}
        self.issues[own] = {
            "id": own,
            "key": key,
            "self": f"{self.url}/rest/api/3/issue/{own}",
            "fields": {
                "issuetype": {"name": kind},
                "created": "2026-03-01T10:00:00.000+0100",
                "description": None,
                **known,
                **said,
            },
        }
        self.updated[own] = datetime.now(UTC)

    def found(self, jql: str) -> list[dict[str, Any]] | None:
        """The issues that a query finds; None where it asks for what nobody may see."""
        assert jql.endswith(" ORDER BY created ASC, key ASC")
        project = re.search(r'project = "(\w+)"', jql)
        minutes = re.search(r'updated >= "-(\d+)m"', jql)
        assert project
        if project[1] in self.denied:
            return None
        since = datetime.now(UTC) - timedelta(minutes=int(minutes[1])) if minutes else None
        return [
            issue
            for own, issue in sorted(self.issues.items())
            if issue["key"].startswith(f"{project[1]}-")
            and (since is None or self.updated[own] >= since)
        ]

    def is_allowed(self, request: Request) -> bool:
        both = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        right = f"Basic {both}" if self.cloud else f"Bearer {TOKEN}"
        return request.headers.get("authorization") == right

    async def fields(self, request: Request) -> Response:
        if not self.is_allowed(request):
            return Response(status_code=401)
        rows = [{"id": i, "name": n, "custom": True} for i, n in CUSTOM.items()]
        system = [{"id": "summary", "name": "Summary", "custom": False}]
        return JSONResponse([*system, *rows])

    async def search(self, request: Request) -> Response:
        if not self.cloud:
            return Response("<html>not here</html>", 404)
        self.asked.append(request.query_params["jql"])
        found = self.found(request.query_params["jql"])
        if found is None:
            return JSONResponse({"errorMessages": ["no such project"]}, 400)
        start = int(request.query_params.get("nextPageToken", "t0")[1:])
        end = start + min(self.page, int(request.query_params["maxResults"]))
        last = {"isLast": True} if end >= len(found) else {"nextPageToken": f"t{end}"}
        return JSONResponse({"issues": self.cut(found[start:end], request), **last})

    async def search_by_offset(self, request: Request) -> Response:
        self.asked.append(request.query_params["jql"])
        found = self.found(request.query_params["jql"]) or []
        start = int(request.query_params["startAt"])
        rows = self.cut(found[start : start + self.page], request)
        return JSONResponse(
            {"startAt": start, "maxResults": self.page, "total": len(found), "issues": rows}
        )

    def cut(self, issues: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        """Only the fields that are asked for."""
        names = request.query_params["fields"].split(",")
        return [
            {**i, "fields": {n: v for n, v in i["fields"].items() if n in names}} for i in issues
        ]


@contextmanager
def site(*, cloud: bool = True) -> Iterator[Site]:
    """A site that is served."""
    made = Site(cloud=cloud)
    routes = [
        Route("/rest/api/2/field", made.fields),
        Route("/rest/api/3/search/jql", made.search),
        Route("/rest/api/2/search", made.search_by_offset),
    ]
    with serving(Starlette(routes=routes)) as url:
        made.url = url
        yield made
