"""Who may come in: hosts, origins, and the token or the cookie got for it."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Collection
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdb.server.answers import refusal

COOKIE = "cmdb_session"
SESSION_SECONDS = 12 * 3600
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN_PATHS = frozenset({"/healthz", "/login"})
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Tokens:
    """Knows the one token, and the cookies that were given for it. Compares in constant time.

    A cookie is its time of expiry and a MAC of that by the token: it survives a restart, and a new
    token ends all sessions.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def is_token(self, given: bytes) -> bool:
        """Whether that is the token, in UTF-8."""
        return hmac.compare_digest(given, self._token)

    def session(self, now: float | None = None) -> str:
        """A cookie's value, good for :data:`SESSION_SECONDS`."""
        expires = int((time.time() if now is None else now) + SESSION_SECONDS)
        return f"{expires}.{self._mac(expires).decode()}"

    def is_session(self, value: str, now: float | None = None) -> bool:
        """Whether a cookie's value was given by us and has not expired."""
        expires, _, mac = value.partition(".")
        if not expires.isascii() or not expires.isdecimal() or len(expires) > 12:
            return False
        genuine = hmac.compare_digest(mac.encode("latin-1", "replace"), self._mac(int(expires)))
        return genuine and int(expires) > (time.time() if now is None else now)

    def _mac(self, expires: int) -> bytes:
        said = f"cmdb session {expires}".encode()
        return hmac.new(self._token, said, hashlib.sha256).hexdigest().encode()

    def admits(self, connection: HTTPConnection) -> bool:
        """Whether the caller shows the token as a bearer, or a session's cookie."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(given.strip().encode("latin-1")):
            return True
        return self.is_session(connection.cookies.get(COOKIE, ""))


class Authentication:
    """Lets through who shows the token or a session; only health and login are open to all.

    The paths in ``own`` see to secrets of their own.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, own: Collection[str] = ()) -> None:
        self.app = app
        self.tokens = tokens
        self.open_paths = OPEN_PATHS | frozenset(own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if scope["path"] in self.open_paths or self.tokens.admits(connection):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "unauthorised"})
        else:
            await self._ask(connection)(scope, receive, send)

    def _ask(self, connection: HTTPConnection) -> Response:
        """To the login page for a person's browser; a refusal for a program."""
        if connection.scope["method"] == "GET" and wants_html(connection.headers):
            path = connection.url.path
            query = f"?{connection.url.query}" if connection.url.query else ""
            return RedirectResponse(f"/login?next={quote(path + query, safe='')}", 303)
        return refusal(
            401,
            "unauthorised",
            "This server needs a token: send the header `Authorization: Bearer TOKEN`, or log in "
            "at /login.",
            **{"www-authenticate": "Bearer"},
        )


class HostCheck:
    """Refuses calls under a name that is not the server's: a page elsewhere may have pointed its
    own name at this address (DNS rebinding). With a token that is no danger, and not checked."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self.app = app
        self.names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = host_name(Headers(scope=scope).get("host", ""))
            if name not in self.names:
                shown = ", ".join(sorted(self.names))
                message = (
                    f"This server answers calls to {shown} only. Set CMDB_TOKEN to serve it under "
                    "another name."
                )
                await refusal(421, "wrong_host", message)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class OriginCheck:
    """Refuses what pages of other origins send, whatever cookies their browsers add."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in _UNSAFE:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            foreign = origin is not None and urlsplit(origin).netloc != headers.get("host", "")
            if foreign or headers.get("sec-fetch-site") == "cross-site":
                message = "Pages of other origins may not send anything to this server."
                await refusal(403, "cross_origin", message)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def host_name(host: str) -> str:
    """The name in a Host header, without its port and brackets, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def wants_html(headers: Headers) -> bool:
    """Whether the caller is a browser that goes to a page."""
    return "text/html" in headers.get("accept", "")
