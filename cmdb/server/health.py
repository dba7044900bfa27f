"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cmdb.errors import CmdbError
from cmdb.server.answers import json_answer, refusal
from cmdb.service import Cmdb

PATIENCE = 5.0
"""Seconds that the store has to answer."""


def health_routes(cmdb: Cmdb) -> list[Route]:
    """``/healthz`` and ``/readyz``."""

    async def alive(_: Request) -> Response:
        return json_answer({"status": "ok"})

    async def ready(_: Request) -> Response:
        try:
            async with asyncio.timeout(PATIENCE):
                revision = await cmdb.revision()
        except TimeoutError:
            return refusal(503, "store_unavailable", f"The store was silent for {PATIENCE:g} s.")
        except CmdbError as error:
            return refusal(503, error.code, error.message)
        return json_answer({"status": "ok", "revision": revision})

    return [Route("/healthz", alive), Route("/readyz", ready)]
