"""Errors as HTTP answers: a status for every class, and one shape of JSON."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cmdb import errors
from cmdb.server.body import TooLarge

log = logging.getLogger(__name__)

STATUS: Mapping[type[errors.CmdbError], int] = MappingProxyType(
    {
        errors.InvalidInput: 422,
        errors.Refused: 409,
        errors.Unauthorised: 401,
        errors.PartialResult: 502,
        errors.StoreUnavailable: 503,
        errors.WriteConflict: 503,
        errors.StoreTooNew: 500,
        errors.StoreDamaged: 500,
        errors.StoreError: 503,
        errors.RemoteUnavailable: 502,
        errors.CmdbError: 500,
    }
)


def status_of(error: errors.CmdbError) -> int:
    """The HTTP status of the nearest class that has one."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def json_answer(
    value: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Any of the product's values as JSON."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def refusal(status: int, code: str, message: str, **headers: str) -> Response:
    """An answer that says no: ``{"error": {"code", "message"}}``."""
    return json_answer({"error": {"code": code, "message": message}}, status, headers)


def error_answer(error: errors.CmdbError | TooLarge) -> Response:
    """The answer to one of our errors, with what a program may want of it."""
    if isinstance(error, TooLarge):
        return refusal(413, "too_large", error.message)
    data = {"error": {"code": error.code, "message": error.message, **error.data()}}
    return json_answer(data, status_of(error))


class ErrorAnswers:
    """Makes an answer of whatever is raised further in; what is not ours is logged and masked."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except (errors.CmdbError, TooLarge) as error:
            if started:
                raise
            await error_answer(error)(scope, receive, send)
        except Exception:
            log.exception("%s %s failed.", scope["method"], scope["path"])
            if started:
                raise
            message = "Something went wrong inside the server. The server's log says what."
            await refusal(500, "internal", message)(scope, receive, send)
