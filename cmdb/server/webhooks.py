"""``POST /webhooks/<tool>``: alerts of monitoring tools, answered once they are committed.

A tool with a secret of its own (setting ``alert_secrets``) shows it as a bearer token, signs with
it as Standard Webhooks says, or, in PagerDuty's shape, names it as ``routing_key``. Tools without
one come in like everybody else.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cmdb.alerts.inbox import Inbox
from cmdb.alerts.tools import GENERIC, read_alerts
from cmdb.alerts.tools.pagerduty import routing_key
from cmdb.errors import CmdbError, InvalidInput, Unauthorised
from cmdb.records.actor import Actor
from cmdb.server.answers import json_answer
from cmdb.server.body import limited_body
from cmdb.service import Cmdb
from cmdb.webhooks.signature import ID, SIGNATURE, TOLERANCE, verify

MAX_BYTES = 5 * 1024 * 1024
"""What one request may send: some thousands of alerts."""
MOST_REMEMBERED = 100_000
ROOT = "/webhooks/"


_Answer = Callable[[Request, str], Awaitable[Response]]


class Seen:
    """The ids of signed webhooks of late: one that comes again is answered, and not taken again."""

    def __init__(self) -> None:
        self._ids: OrderedDict[tuple[str, str], float] = OrderedDict()

    def knows(self, tool: str, identifier: str, now: float) -> bool:
        """Whether it came within the time in which its signature holds."""
        while self._ids and next(iter(self._ids.values())) < now - 2 * TOLERANCE:
            self._ids.popitem(last=False)
        return (tool, identifier) in self._ids

    def add(self, tool: str, identifier: str, now: float) -> None:
        """Remember one that is stored."""
        self._ids[tool, identifier] = now
        if len(self._ids) > MOST_REMEMBERED:
            self._ids.popitem(last=False)


def own_paths(secrets: Iterable[str]) -> frozenset[str]:
    """The paths that see to their own secrets."""
    paths = {f"{ROOT}{tool}" for tool in secrets}
    if f"{ROOT}pagerduty" in paths:
        paths.add(f"{ROOT}pagerduty/v2/enqueue")
    return frozenset(paths)


def webhook_routes(cmdb: Cmdb, inbox: Inbox) -> list[Route]:
    """One route a tool; ``inbox`` commits what they bring."""
    gate = _Gate(cmdb.settings.alert_secret, time.time)

    def tool_route(path: str, tool: str | None, answer: _Answer) -> Route:
        async def receive(request: Request) -> Response:
            name = tool or f"{GENERIC}{request.path_params['name']}"
            return await answer(request, name)

        return Route(ROOT + path, receive, methods=["POST"])

    async def plainly(request: Request, tool: str) -> Response:
        body, identifier = await gate.admitted(request, tool)
        if identifier is not None and gate.seen.knows(tool, identifier, time.time()):
            return json_answer({"status": "known"})
        values = read_alerts(tool, body, cmdb.settings.alert_mappings)
        received = await inbox.receive(values, _actor(request, tool))
        if identifier is not None:
            gate.seen.add(tool, identifier, time.time())
        return json_answer(received)

    async def as_pagerduty(request: Request, tool: str) -> Response:
        body, _ = await gate.admitted(request, tool)
        try:
            (value,) = read_alerts(tool, body)
        except InvalidInput as error:
            wrong = [str(problem) for problem in error.problems] or [error.message]
            said = {"status": "invalid event", "message": "Event object is invalid"}
            return json_answer({**said, "errors": wrong}, 400)
        await inbox.receive([value], _actor(request, tool))
        done = {"status": "success", "message": "Event processed", "dedup_key": value.key}
        return json_answer(done, 202)

    return [
        tool_route("alertmanager", "alertmanager", plainly),
        tool_route("pagerduty", "pagerduty", as_pagerduty),
        tool_route("pagerduty/v2/enqueue", "pagerduty", as_pagerduty),
        tool_route("generic/{name}", None, plainly),
    ]


def _actor(request: Request, tool: str) -> Actor:
    return Actor(tool, request.client.host if request.client else None)


class _Gate:
    """Lets in what shows its tool's secret."""

    def __init__(self, secret_of: Callable[[str], str | None], clock: Callable[[], float]) -> None:
        self._secret_of = secret_of
        self._clock = clock
        self.seen = Seen()

    async def admitted(self, request: Request, tool: str) -> tuple[bytes, str | None]:
        """The body, and the id of a signed one. Raises :class:`~cmdb.errors.Unauthorised`."""
        secret = self._secret_of(tool)
        if secret is None:
            return await limited_body(request, MAX_BYTES), None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if not _same(token.strip(), secret):
                raise Unauthorised(f"That is not the token of {tool}.")
            return await limited_body(request, MAX_BYTES), None
        body = await limited_body(request, MAX_BYTES)
        if SIGNATURE in request.headers:
            wrong = verify(secret, request.headers, body, self._clock())
            if wrong is not None:
                raise Unauthorised(wrong)
            return body, request.headers[ID]
        if tool == "pagerduty" and _same(_routing_key(body), secret):
            return body, None
        raise Unauthorised(
            f"{tool} needs its secret: as `Authorization: Bearer SECRET`, or as a signature in "
            "webhook-id, webhook-timestamp and webhook-signature."
        )


def _routing_key(body: bytes) -> str:
    try:
        return routing_key(body)
    except CmdbError:
        return ""


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
