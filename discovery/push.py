"""Sending what a scanner saw to a server: the collector of a closed network.

What is seen is first written to disk, and sent from there in order: a server that is away loses
nothing, and what an earlier run saw never arrives after what a later one did.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from cmdb.errors import InvalidInput, InvalidSettings, Problem, RemoteUnavailable
from cmdb.items.value import format_time, parse_time
from discovery.address import LOOPBACK, checked_address
from discovery.remote import bearer
from discovery.run import ScanResult
from discovery.setting_values import Secret
from discovery.sink import Stored
from discovery.spool import Spool, SpooledRun

TIMEOUT = httpx.Timeout(30.0, read=600.0)
"""Seconds. The server answers when all is stored: a large run takes minutes."""
PIECE = 256 * 1024
MOST_ERRORS = 50
"""Errors that are sent along with a run; the first ones."""
_RUNS = "query ($source: String) { runs(limit: 1000, source: $source) { scope status started } }"


class Push:
    """A sink that sends to a server. Use it as an async context manager.

    ``token`` may be missing where the server is on this machine and asks for none. ``folder``
    keeps what is not sent yet.
    """

    def __init__(self, address: str, token: Secret, folder: Path) -> None:
        self._address = checked_address(address, "https://cmdb.example.org", "--to")
        self._host = httpx.URL(self._address).host
        self._spool = Spool(folder)
        self._one_by_one = asyncio.Lock()
        self._http = httpx.AsyncClient(
            base_url=self._address,
            headers={"user-agent": "cmdb", **(bearer(token) if token else {})},
            timeout=TIMEOUT,
            trust_env=self._host not in LOOPBACK,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def last_complete_run(self, source: str, scope: str) -> datetime | None:
        """When the last complete run began, as the server knows; None where it does not answer,
        and where runs are waiting to be sent that it does not know of."""
        if self._spool.waiting():
            return None
        body = {"query": _RUNS, "variables": {"source": source}}
        try:
            answer = await self._http.post("/graphql", json=body)
            runs = answer.json()["data"]["runs"] if answer.status_code == 200 else []
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None
        for run in runs or ():
            if run["scope"] == scope and str(run["status"]).lower() == "complete":
                return parse_time(run["started"])
        return None

    async def store(self, found: ScanResult, progress: Callable[[int], None]) -> Stored:
        """Write a run to disk and send what waits there, this last.

        The status is ``kept`` where the server is away. Raises
        :class:`~cmdb.errors.InvalidInput` for what it would not take, which is put aside, and
        :class:`~cmdb.errors.InvalidSettings` where it refuses the token; the run is kept then.
        """
        name = await asyncio.to_thread(
            self._spool.add,
            found.observations,
            {
                "source": found.source,
                "scope": found.scope,
                "started": format_time(found.started),
                "full_scope": _flag(found.full_scope),
                "partial": _flag(found.partial),
                "empty": _flag(not found.observations),
                "error": list(found.errors[:MOST_ERRORS]),
            },
        )
        stored = await self._send_all(name)
        progress(len(found.observations))
        return stored or Stored("kept")

    async def failed(self, source: str, scope: str, error: str, started: datetime) -> None:
        """Tell the server that a run saw nothing; later, where it is away."""
        about: dict[str, str | list[str]] = {
            "source": source,
            "scope": scope,
            "started": format_time(started),
            "failed": "true",
            "error": [error],
        }
        await asyncio.to_thread(self._spool.add, (), about)
        await self._send_all("")

    async def send_waiting(self) -> int:
        """Send what waits; returns how many runs still do."""
        await self._send_all("")
        return len(self._spool.waiting())

    async def _send_all(self, name: str) -> Stored | None:
        """Send all runs in order; what became of the one of that name, None where it waits."""
        answered = None
        async with self._one_by_one:
            for run in await asyncio.to_thread(self._spool.waiting):
                if not run.lines.exists():  # another process has sent it meanwhile
                    continue
                try:
                    stored = await self._send(run)
                except RemoteUnavailable:
                    return None
                except InvalidInput as error:
                    if isinstance(error, InvalidSettings):
                        raise
                    place = self._spool.refuse(run, str(error))
                    if run.name == name:
                        raise InvalidInput(
                            f"{error.message} It was put aside as {place}.", error.problems
                        ) from None
                    continue
                self._spool.done(run)
                if run.name == name:
                    answered = stored
        return answered

    async def _send(self, run: SpooledRun) -> Stored:
        try:
            answer = await self._http.post(
                "/api/observations",
                params=_params(run.about),
                content=_pieces(run.lines),
                headers={"content-type": "application/x-ndjson"},
            )
        except (httpx.HTTPError, OSError) as error:
            said = str(error) or type(error).__name__
            raise RemoteUnavailable(f"{self._host} can't be reached: {said}.") from None
        return self._stored(answer)

    def _stored(self, answer: httpx.Response) -> Stored:
        """What the server made of a run; raises for what it refused."""
        status = answer.status_code
        if status in (401, 403):
            raise InvalidSettings(
                f"{self._host} refuses the token ({status}): check --token. The run is kept in "
                f"{self._spool.folder} and sent the next time."
            )
        if status in (408, 429) or status >= 500:
            raise RemoteUnavailable(f"{self._host} answered {status}.")
        try:
            body = msgspec.json.decode(answer.content)
            if status == 200:
                run = body["run"]
                return Stored(
                    str(run.get("status", "running")),
                    str(run["id"]),
                    run.get("counts", {}),
                    len(body["revisions"]),
                )
            raise InvalidInput(_refusal(self._host, body), _problems(body))
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
            # Whatever answers there is no cmdb: a proxy's page, or another service.
            raise RemoteUnavailable(
                f"{self._host} answered {status} as no cmdb does: is the address right?"
            ) from None


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _params(about: Mapping[str, str | list[str]]) -> httpx.QueryParams:
    pairs: list[tuple[str, str]] = []
    for name, value in about.items():
        pairs += [(name, one) for one in ([value] if isinstance(value, str) else value)]
    return httpx.QueryParams([(name, value) for name, value in pairs])


def _refusal(host: str, body: dict[str, Any]) -> str:
    return f"{host} does not take it: {body['error']['message']}"


def _problems(body: dict[str, Any]) -> list[Problem]:
    listed = body["error"].get("problems") or ()
    return [
        Problem(str(one["message"]), one.get("file"), one.get("line"), one.get("field"))
        for one in listed[:20]
    ]
