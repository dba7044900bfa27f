"""A PagerDuty account as its REST API is published: classic paging, ranges, log entries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cmdb.items.value import format_time, parse_time
from tests.discovery.serving import serving

TOKEN = "pd-key-of-cmdb"


class Account:
    """The account's incidents by id, their log entries, and how it behaves."""

    def __init__(self) -> None:
        self.incidents: dict[str, dict[str, Any]] = {}
        self.entries: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.denied: set[str] = set()
        self.url = ""

    def put(self, own: str, **said: Any) -> None:
        """Add an incident, or change what it says, with a log entry of it."""
        known = self.incidents.get(own, {"id": own, "type": "incident", "acknowledgements": []})
        self.incidents[own] = {**known, **said}
        entry = {"created_at": format_time(datetime.now(UTC)), "incident": {"id": own}}
        self.entries.insert(0, entry)

    def is_allowed(self, request: Request) -> bool:
        headers = request.headers
        return (
            headers.get("authorization") == f"Token token={TOKEN}"
            and headers.get("accept") == "application/vnd.pagerduty+json;version=2"
        )

    async def list_incidents(self, request: Request) -> Response:
        query = request.query_params
        statuses = query.getlist("statuses[]")
        part = "open" if statuses else "all"
        refused = self.refusal(request, part)
        if refused is not None:
            return refused
        rows = sorted(self.incidents.values(), key=lambda row: row["created_at"])
        if statuses:
            assert query["date_range"] == "all"
            rows = [row for row in rows if row["status"] in statuses]
        else:
            rows = in_range(rows, request)
        return page("incidents", rows, request)

    async def list_entries(self, request: Request) -> Response:
        refused = self.refusal(request, "log_entries")
        return refused or page("log_entries", in_range(self.entries, request), request)

    async def one(self, request: Request) -> Response:
        own = request.path_params["own"]
        refused = self.refusal(request, own)
        if refused is not None:
            return refused
        if own not in self.incidents:
            return JSONResponse({"error": {"code": 2100, "message": "Not Found"}}, 404)
        return JSONResponse({"incident": self.incidents[own]})

    def refusal(self, request: Request, part: str) -> Response | None:
        self.asked.append(part)
        if not self.is_allowed(request):
            return JSONResponse({"error": {"code": 2006}}, 401)
        return JSONResponse({"error": {}}, 403) if part in self.denied else None


def in_range(rows: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    since = parse_time(request.query_params["since"])
    until = parse_time(request.query_params["until"])
    assert (until - since).days < 180
    return [row for row in rows if since <= parse_time(row["created_at"]) <= until]


def page(name: str, rows: list[dict[str, Any]], request: Request) -> Response:
    offset, limit = int(request.query_params["offset"]), int(request.query_params["limit"])
    if offset + limit > 10_000:
        return JSONResponse({"error": {"code": 2001, "message": "Invalid Input"}}, 400)
    shown = rows[offset : offset + limit]
    more = offset + limit < len(rows)
    return JSONResponse(
        {name: shown, "offset": offset, "limit": limit, "more": more, "total": None}
    )


@contextmanager
def account() -> Iterator[Account]:
    """An account that is served."""
    made = Account()
    routes = [
        Route("/incidents", made.list_incidents),
        Route("/incidents/{own}", made.one),
        Route("/log_entries", made.list_entries),
    ]
    with serving(Starlette(routes=routes)) as url:
        made.url = url
        yield made
