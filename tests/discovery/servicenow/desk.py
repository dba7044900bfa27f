"""A ServiceNow instance as its Table API is published: pages, encoded queries, dot-walking."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.discovery.serving import serving

USER, PASSWORD = "cmdb", "correct horse"
REFERENCES = ("cmdb_ci", "parent_incident", "problem_id", "rfc", "caused_by", "ci_item", "task",
              "assigned_to", "assignment_group", "business_service", "cat_item")  # fmt: skip
LONG_AGO = "2026-03-01 10:00:00"
LABELS = {"1": "New", "2": "In Progress", "6": "Resolved", "-2": "Scheduled"}


class Desk:
    """The instance's tables, and how it behaves. ``refuse`` has statuses that the next questions
    for a table get, with the headers that go with them."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
        self.refuse: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
        self.denied: set[str] = set()
        self.asked: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.links = True
        self.totals = True
        self.next_host = ""
        self.url = ""

    def put(
        self, table: str, sys_id: str, updated: str = "2026-03-01 10:00:00", **row: str
    ) -> None:
        """Add a row, or change what it says."""
        known = self.tables[table].get(sys_id, {"sys_created_on": updated})
        self.tables[table][sys_id] = {
            **known, "sys_id": sys_id, "sys_class_name": table, "sys_updated_on": updated, **row,
        }  # fmt: skip

    def row(self, sys_id: str) -> dict[str, str]:
        return next((rows[sys_id] for rows in self.tables.values() if sys_id in rows), {})

    def value(self, row: Mapping[str, str], path: str) -> str:
        """What is at a dot-walked path."""
        field, _, rest = path.partition(".")
        value = row.get(field, "")
        return self.value(self.row(value), rest) if rest else value

    def fits(self, row: Mapping[str, str], query: str) -> bool:
        return all(
            any(self._test(row, one) for one in re.split(r"\^OR(?!DERBY)", either))
            for either in re.split(r"\^(?!OR(?!DERBY))", query)
            if either and not either.startswith("ORDERBY")
        )

    def _test(self, row: Mapping[str, str], condition: str) -> bool:
        match = re.fullmatch(r"([\w.]+?)(>=|=)(.*)", condition)
        assert match, condition
        value = self.value(row, match[1])
        return value >= match[3] if match[2] == ">=" else value == match[3]

    def shown(self, row: Mapping[str, str], path: str) -> dict[str, str]:
        value = self.value(row, path)
        last = path.rpartition(".")[2]
        if last in REFERENCES and value:
            other = self.row(value)
            display = other.get("number") or other.get("name") or value
            link = f"{self.url}/api/now/table/any/{value}"
            return {"display_value": display, "link": link, "value": value}
        return {"display_value": LABELS.get(value, value), "value": value}

    async def answer(self, request: Request) -> Response:
        table = request.path_params["table"]
        self.asked.append(table)
        query = {k: v[0] for k, v in parse_qs(request.url.query).items()}
        self.queries.append(query)
        if not self.is_allowed(request):
            return JSONResponse({"error": {"message": "User Not Authenticated"}}, 401)
        if self.refuse[table]:
            status, headers = self.refuse[table].pop(0)
            return JSONResponse({"error": {"message": "Refused"}}, status, headers)
        if table in self.denied:
            return JSONResponse({"error": {"message": "ACL"}}, 403)
        return self.page(table, query)

    def is_allowed(self, request: Request) -> bool:
        both = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return request.headers.get("authorization") in (f"Basic {both}", "Bearer oauth-token")

    def page(self, table: str, query: dict[str, str]) -> Response:
        assert query["sysparm_display_value"] == "all"
        encoded = query.get("sysparm_query", "")
        assert encoded.endswith("ORDERBYsys_created_on^ORDERBYsys_id")
        found = [row for row in self.tables[table].values() if self.fits(row, encoded)]
        found.sort(key=lambda row: (row["sys_created_on"], row["sys_id"]))
        start, limit = int(query["sysparm_offset"]), int(query["sysparm_limit"])
        fields = query["sysparm_fields"].split(",")
        rows = [
            {field: self.shown(row, field) for field in fields}
            for row in found[start : start + limit]
            if row.get("hidden") != "true"
        ]
        headers = {"X-Total-Count": str(len(found))} if self.totals else {}
        if self.links:
            following = urlencode({**query, "sysparm_offset": start + limit})
            host = self.next_host or self.url
            last = f'<{self.url}/api/now/table/{table}?{urlencode(query)}>;rel="first"'
            more = f',<{host}/api/now/table/{table}?{following}>;rel="next"'
            headers["Link"] = last + (more if start + limit < len(found) else "")
        return JSONResponse({"result": rows}, headers=headers)


@contextmanager
def desk() -> Iterator[Desk]:
    """An instance that is served."""
    made = Desk()
    with serving(Starlette(routes=[Route("/api/now/table/{table}", made.answer)])) as url:
        made.url = url
        yield made


def settings_of(made: Desk, **given: Any) -> list[str]:
    """The words that a scan of it takes on the command line."""
    words = {"url": made.url, "user": USER, "password": "env:DESK_PASSWORD", **given}
    return [word for name, value in words.items() for word in ("--set", f"{name}={value}")]
