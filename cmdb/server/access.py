"""Who may come in: hosts, origins, and the token or the cookie got for it."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Collection, Mapping
from types import MappingProxyType
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cmdb.server.answers import refusal

COOKIE = "cmdb_session"
SHARED = ""
"""Whose the shared token is: nobody's in particular."""
ACTOR = "cmdb.actor"
"""Where a request's scope says whose token was shown, if it is somebody's own."""
SESSION_SECONDS = 12 * 3600
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN_PATHS = frozenset({"/healthz", "/login"})
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Tokens:
    """Knows the tokens, and the cookies that were given for them. Compares in constant time.

    The shared token stands for nobody in particular; each of the ``named`` ones for whom it is
    named after. A cookie is its time of expiry, a MAC of that and of the name by all tokens, and
    the name: it survives a restart, and a new token ends all sessions.
    """

    def __init__(self, token: str | None, named: Mapping[str, str] = MappingProxyType({})) -> None:
        self._tokens = {name: secret.encode() for name, secret in named.items()}
        if token:
            self._tokens[SHARED] = token.encode()
        digests = (hashlib.sha256(t).digest() for _, t in sorted(self._tokens.items()))
        self._key = b"".join(digests)

    def name_of(self, given: bytes) -> str | None:
        """Whose token that is, in UTF-8; :data:`SHARED` for the shared one, None for no token."""
        found = [n for n, token in self._tokens.items() if hmac.compare_digest(given, token)]
        return found[0] if found else None

    def session(self, name: str = SHARED, now: float | None = None) -> str:
        """A cookie's value for that name, good for :data:`SESSION_SECONDS`."""
        expires = int((time.time() if now is None else now) + SESSION_SECONDS)
        return f"{expires}.{self._mac(expires, name).decode()}.{quote(name, safe='')}"

    def name_in(self, value: str, now: float | None = None) -> str | None:
        """Whose session a cookie's value is; None where it was not given by us or has expired."""
        expires, _, rest = value.partition(".")
        mac, _, quoted = rest.partition(".")
        if not expires.isascii() or not expires.isdecimal() or len(expires) > 12:
            return None
        name = unquote(quoted)
        mine = self._mac(int(expires), name)
        genuine = hmac.compare_digest(mac.encode("latin-1", "replace"), mine)
        is_current = int(expires) > (time.time() if now is None else now)
        return name if genuine and is_current and name in self._tokens else None

    def _mac(self, expires: int, name: str) -> bytes:
        said = f"cmdb session {expires} {name}".encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest().encode()

    def caller(self, connection: HTTPConnection) -> str | None:
        """Who calls, by the token as a bearer or by a session's cookie; None where neither is
        good."""
        scheme, _, given = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            found = self.name_of(given.strip().encode("latin-1"))
            if found is not None:
                return found
        return self.name_in(connection.cookies.get(COOKIE, ""))


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
        caller = self.tokens.caller(connection)
        if caller:
            scope[ACTOR] = caller
        if scope["path"] in self.open_paths or caller is not None:
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
