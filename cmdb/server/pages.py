"""The web app's files, and the few pages that the server writes itself."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from cmdb.server.access import wants_html
from cmdb.server.answers import refusal

FOREVER = "public, max-age=31536000, immutable"
"""For files whose names change with what is in them."""

HASHED = "assets/"
"""Where the web app's build puts those."""

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;"
    "color-scheme:light dark}label{display:block}input{font:inherit;width:100%;margin:.5rem 0}"
    "button{font:inherit}[role=alert]{color:#b00}"
)


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """A page of the server's own. ``body`` is HTML."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)} - CMDB'
        f'</title><meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}</html>",
        status,
    )


class WebApp(StaticFiles):
    """The built web app: its files, and its page for every other path that a browser goes to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self.config_checked = True  # a folder that is not there is answered, not raised
        self._page = folder / "index.html"

    @property
    def is_built(self) -> bool:
        """Whether there is a web app in the folder."""
        return self._page.is_file()

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, the app's page, or a refusal."""
        if scope["method"] not in ("GET", "HEAD"):
            return refusal(
                405, "method_not_allowed", "Nothing can be sent here.", allow="GET, HEAD"
            )
        if not self.is_built and path in (".", "index.html"):
            return not_built()
        try:
            answer = await super().get_response("index.html" if path == "." else path, scope)
        except HTTPException:
            return await self._missing(path, scope)
        answer.headers["cache-control"] = (
            FOREVER if path.startswith(HASHED) and answer.status_code < 400 else "no-cache"
        )
        return answer

    async def _missing(self, path: str, scope: Scope) -> Response:
        is_page = _wants_page(scope) and not path.startswith((HASHED, "api/"))
        if is_page and self.is_built:
            answer = await super().get_response("index.html", scope)
            answer.headers["cache-control"] = "no-cache"
            return answer
        if is_page:
            return not_built(404)
        return refusal(404, "not_found", f"There is nothing at /{path}.")


def _wants_page(scope: Scope) -> bool:
    return wants_html(Headers(scope=scope))


def not_built(status: int = 200) -> HTMLResponse:
    """The page that stands in for a web app that was not built."""
    return page(
        "The web app is not built",
        "<p>This installation has no web app. In a checkout, build it with "
        "<code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>; packages from an index "
        "bring it along.</p><p>The API works without it: <a href='/graphql'>/graphql</a>.</p>",
        status,
    )
