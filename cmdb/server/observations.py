"""``POST /api/observations``: what a collector saw, as JSON Lines; checked whole, then loaded."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cmdb.errors import InvalidInput, Problem
from cmdb.ingest import Loaded, new_run
from cmdb.items import Observed
from cmdb.revisions import Run, RunStatus
from cmdb.server.answers import json_answer, refusal
from cmdb.server.body import limited_stream
from cmdb.service import Cmdb
from cmdb.times import read_time

MAX_BYTES = 512 * 1024 * 1024
"""What one request may send. Memory stays small: it is spooled to a file."""

MEDIA_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
LISTED = 100
"""Waiting links and rejected observations that an answer lists; the run counts all."""

MOST_ERROR = 2_000
"""Characters of one error that are kept."""


def observation_routes(cmdb: Cmdb) -> list[Route]:
    """The one route. Query: ``source``, ``scope``, ``full_scope``, ``partial``, ``dry_run``,
    ``started``; ``error``, which may come many times; ``empty`` for a run that looked and found
    nothing, and ``failed`` for one that could not look."""

    async def receive(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in MEDIA_TYPES or "content-encoding" in request.headers:
            message = f"Send JSON Lines as {MEDIA_TYPES[0]}, not compressed."
            return refusal(415, "unsupported_media_type", message)
        with tempfile.TemporaryDirectory(prefix="cmdb-observations-") as folder:
            path = Path(folder) / "body.ndjson"
            await _spool(request, path)
            return json_answer(await _load(cmdb, path, request))

    return [Route("/api/observations", receive, methods=["POST"])]


async def _spool(request: Request, path: Path) -> None:
    with path.open("wb") as file:
        async for piece in limited_stream(request, MAX_BYTES):
            await asyncio.to_thread(file.write, piece)


async def _load(cmdb: Cmdb, path: Path, request: Request) -> dict[str, Any]:
    given = request.query_params
    source, scope = given.get("source", "api"), given.get("scope", "")
    run = _run(request, source, scope)
    if run.status is RunStatus.FAILED:
        await cmdb.store.save_run(run)
        return _answer(Loaded(run))
    checked = await _checked(cmdb, path, source, scope)
    if not checked and not _flag(given.get("empty"), "empty"):
        raise InvalidInput(
            "The request's body has no observation in it; empty=true says that this is meant."
        )
    loaded = await cmdb.load(
        checked.items(),
        checked.links(),
        run,
        reason=f"observations of {scope or source}",
        actor="api",
        dry_run=_flag(given.get("dry_run"), "dry_run"),
    )
    return _answer(loaded)


def _run(request: Request, source: str, scope: str) -> Run:
    """The run that the parameters are about."""
    given = request.query_params
    status = RunStatus.RUNNING
    if _flag(given.get("partial"), "partial"):
        status = RunStatus.PARTIAL
    failed = _flag(given.get("failed"), "failed")
    run = new_run(
        source,
        scope=scope,
        full_scope=_flag(given.get("full_scope"), "full_scope") and not failed,
        actor="api",
        started=read_time(given.get("started"), "started"),
        status=RunStatus.FAILED if failed else status,
        errors=[error[:MOST_ERROR] for error in given.getlist("error")[:LISTED]],
    )
    return msgspec.structs.replace(run, ended=datetime.now(UTC)) if failed else run


async def _checked(cmdb: Cmdb, path: Path, source: str, scope: str) -> Observed:
    """The checked body. Problems name its lines, and not the file it was spooled to."""
    try:
        return await cmdb.check_files([path], source, scope=scope)
    except InvalidInput as error:
        problems = [Problem(p.message, None, p.line, p.field) for p in error.problems]
        raise InvalidInput(error.message, problems, error.total) from None


def _flag(text: str | None, name: str) -> bool:
    if text not in (None, "true", "false", "1", "0"):
        raise InvalidInput(f"{name} is true or false, not {text[:40]!r}.")
    return text in ("true", "1")


def _answer(loaded: Loaded) -> dict[str, Any]:
    return {
        "run": loaded.run,
        "revisions": [revision.number for revision in loaded.revisions],
        "waiting": loaded.waiting[:LISTED],
        "rejected": [
            {"identifiers": r.observation.identifiers, "reason": r.reason}
            for r in loaded.rejected[:LISTED]
        ],
        "unbound": [
            {"relation": u.relation, "from": u.from_key, "to_any": u.to_any}
            for u in loaded.unbound[:LISTED]
        ],
        "truncated": max(len(loaded.waiting), len(loaded.rejected), len(loaded.unbound)) > LISTED,
    }
