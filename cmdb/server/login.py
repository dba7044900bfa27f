"""The login page: the token once, then a cookie."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cmdb.server.access import COOKIE, SESSION_SECONDS, Tokens
from cmdb.server.answers import refusal
from cmdb.server.body import limited_body
from cmdb.server.pages import page

_MAX_FORM = 10_000


def login_routes(tokens: Tokens) -> list[Route]:
    """``/login`` (a form, and what it sends) and ``/logout``."""

    async def form(request: Request) -> Response:
        return _form(request.query_params.get("next", "/"))

    async def log_in(request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        ):
            return refusal(415, "unsupported_media_type", "The login page sends a form.")
        body = await limited_body(request, _MAX_FORM)
        fields = parse_qs(body.decode("utf-8", "replace"))
        target = local_path(fields.get("next", ["/"])[0])
        name = tokens.name_of(fields.get("token", [""])[0].strip().encode())
        if name is None:
            return _form(target, "That is not the token.", status=401)
        answer = RedirectResponse(target, 303)
        answer.set_cookie(
            COOKIE,
            tokens.session(name),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def log_out(_: Request) -> Response:
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return [
        Route("/login", form, methods=["GET"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
    ]


def local_path(target: str) -> str:
    """The target where it is a path on this server; else the start page."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_local and target.isprintable() else "/"


def _form(target: str, problem: str = "", status: int = 200) -> HTMLResponse:
    said = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return page(
        "Log in",
        f"""<form method="post" action="/login">{said}
<label>Token <input type="password" name="token" autocomplete="current-password" required
autofocus></label>
<input type="hidden" name="next" value="{escape(local_path(target))}">
<button>Log in</button></form>""",
        status,
    )
