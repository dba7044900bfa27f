"""NetBox's REST API as it is published, over given rows: lists, pages, filters, tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from discovery.netbox import NetboxSettings
from discovery.setting_values import Secret
from tests.discovery.serving import serving

TOKEN = "0123456789abcdef-netbox-token"
NEW_TOKEN = "nbt_AbCdEf.0123456789abcdef"
RIGHT = (f"Token {TOKEN}", f"Bearer {NEW_TOKEN}")
Row = dict[str, Any]
Lists = Mapping[str, list[Row]]


class Api:
    """One NetBox; ``lists`` are its rows by path (``dcim/devices``), ``denied`` are refused."""

    def __init__(self, lists: Lists, version: str = "4.2.3") -> None:
        self.lists = dict(lists)
        self.version = version
        self.denied: set[str] = set()
        self.asked: list[str] = []
        self.url = ""

    async def status(self, request: Request) -> Response:
        if request.headers.get("authorization") not in RIGHT:
            return JSONResponse({"detail": "Invalid token"}, 401)
        return JSONResponse({"netbox-version": self.version, "plugins": {}})

    async def list(self, request: Request) -> Response:
        path = request.path_params["path"].strip("/")
        self.asked.append(path)
        if request.headers.get("authorization") not in RIGHT:
            return JSONResponse({"detail": "Invalid token"}, 401)
        if path in self.denied:
            return JSONResponse({"detail": "You do not have permission"}, 403)
        query = request.query_params
        rows = [row for row in self.lists.get(path, []) if _is_asked(row, request)]
        first, size = int(query.get("offset", 0)), int(query.get("limit", 50))
        # As behind a proxy that does not say what it is: the link leads to nowhere.
        more = "http://netbox-internal:8001/wrong" if first + size < len(rows) else None
        answer = {"count": len(rows), "next": more, "previous": None}
        return JSONResponse({**answer, "results": rows[first : first + size]})


def _is_asked(row: Row, request: Request) -> bool:
    query = request.query_params
    sites, statuses = query.getlist("site"), query.getlist("status")
    own = row.get("site") or (row.get("device") or {}).get("_site") or {}
    return (not sites or own.get("slug") in sites) and (
        not statuses or (row.get("status") or {}).get("value") in statuses
    )


@contextmanager
def netbox(lists: Lists, version: str = "4.2.3") -> Iterator[Api]:
    """A NetBox on loopback."""
    made = Api(lists, version)
    routes = [Route("/api/status/", made.status), Route("/api/{path:path}/", made.list)]
    with serving(Starlette(routes=routes)) as url:
        made.url = url
        yield made


def settings(url: str, **more: Any) -> NetboxSettings:
    """Settings that read a NetBox of these tests."""
    return NetboxSettings(url=url, token=Secret("env:NETBOX_TOKEN", TOKEN), **more)
