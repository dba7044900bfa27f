"""Spans that are sent to the server: counted as they come, told every now and then.

Knows neither the web nor the store. One at a time works on it, so that memory stays bounded.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time as clock
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cmdb.errors import InvalidInput
from discovery.run import ScanResult, result_of
from discovery.traces import TracesSettings
from discovery.traces.graph import SECOND, CallGraph
from discovery.traces.memory import recall, remember
from discovery.traces.otlp import from_json, from_protobuf, resources_like
from discovery.traces.pairing import Pairing
from discovery.traces.parse import parse
from discovery.traces.payload import TracesPayload

MOST_UNPACKED = 32 * 2**20
"""Bytes of one request once it is unpacked."""
MOST_MEMBERS = 16
"""Of one gzip. Senders pack into one; thousands of empty ones only take time."""
WINDOW = 600.0
"""Seconds that a rate is counted over: the window under way and the one before it."""
SHORTEST = 60.0
"""Seconds that a rate is counted over at least: the first calls are no rate."""
TELL_AGAIN = 300.0
"""Seconds after which a call that still happens is told again, though nothing else is new."""
FORGOTTEN = 24 * 3600.0
"""Seconds after which what was not seen again is no longer counted."""
SCOPE = "received"
_COUNTED = {
    "duplicate": "came twice",
    "early": "were settled early, since too many waited for their other half",
    "lost": "call one of several services, and it is not clear which",
    "unnamed": "call something that they do not name",
}

log = logging.getLogger(__name__)


class TooMuch(Exception):
    """A request unpacks to more than is taken."""


class Answer(NamedTuple):
    """How many spans of a request were not taken, and why; empty where all were."""

    rejected: int
    message: str


class Told(NamedTuple):
    """What there is to be stored; ``payload`` is what to confirm once it is."""

    result: ScanResult
    payload: TracesPayload


class TraceReceiver:
    """Takes requests of OTLP and tells what they add up to.

    ``now`` gives the time in seconds since 1970. ``memory`` is the file that keeps what was counted
    until the next start.
    """

    def __init__(
        self,
        settings: TracesSettings,
        now: Callable[[], float] = clock.time,
        memory: Path | None = None,
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._now = now
        self._graph = CallGraph(settings.most_services, settings.most_calls)
        if memory is not None:
            self._graph.restore(recall(memory))
        self._pairing = Pairing(self._graph, settings.most_spans)
        self._resources = resources_like(settings.environment, settings.cluster)
        # The first keeps threads free that would only wait; the second holds where a task that
        # waits for its thread is cancelled, and the thread goes on.
        self._turn = asyncio.Lock()
        self._alone = threading.Lock()
        self._rejected = Counter[str]()
        self._began = self._earlier = now()

    async def take(self, body: bytes, *, json: bool, packed: bool) -> Answer:
        """Count the spans of a request.

        Raises :class:`~cmdb.errors.InvalidInput` where it is none, and :class:`TooMuch`; nothing
        of it is counted then.
        """
        async with self._turn:
            return await asyncio.to_thread(self._take, body, json, packed)

    def _take(self, body: bytes, json: bool, packed: bool) -> Answer:
        data = unpacked(body, MOST_UNPACKED) if packed else body
        read = from_json if json else from_protobuf
        now = int(self._now() * SECOND)
        reasons = Counter[str]()
        with self._alone:
            for group in read(data, self._resources):
                reasons.update(self._pairing.take(group, now).rejected)
            self._rejected += reasons
        said = ", ".join(f"{count:,} {why}" for why, count in sorted(reasons.items()))
        return Answer(reasons.total(), f"Spans that were not taken: {said}." if said else "")

    async def tell(self, *, final: bool = False) -> Told | None:
        """What is new since it was last :meth:`confirmed`; None where nothing is.

        Each time is a turn in which spans wait for their other half; with ``final`` none wait.
        """
        async with self._turn:
            return await asyncio.to_thread(self._tell, final)

    def _tell(self, final: bool) -> Told | None:
        with self._alone:
            return self._told(final)

    def _told(self, final: bool) -> Told | None:
        now = self._now()
        if final:
            self._pairing.settle()
        else:
            self._pairing.turn()
        self._log()
        seconds = max(SHORTEST, now - self._earlier)
        payload = self._graph.payload(SCOPE, seconds, TELL_AGAIN)
        if now - self._began >= WINDOW:
            self._graph.roll()
            self._graph.forget(int((now - FORGOTTEN) * SECOND))
            self._earlier, self._began = self._began, now
        if not payload.calls and not payload.services and not payload.errors:
            return None
        time = datetime.fromtimestamp(now, UTC)
        parsed = parse(payload, self._settings, time)
        return Told(result_of("traces", [parsed], time), payload)

    def _log(self) -> None:
        """Say once what was left out, or said nothing, since this was said before."""
        lost = Counter({f"refused, since they {why}": n for why, n in self._rejected.items()})
        lost.update(
            {f"are of more {what} than are kept": n for what, n in self._graph.dropped.items()}
        )
        lost.update({_COUNTED[what]: n for what, n in self._pairing.counts.items()})
        self._rejected.clear()
        self._pairing.counts.clear()
        if lost:
            said = ", ".join(f"{count:,} {why}" for why, count in sorted(lost.items()))
            log.warning("Spans that were left out: %s.", said)

    async def confirmed(self, told: Told) -> None:
        """Remember that it was stored: it is not told again before there is news."""
        async with self._turn:
            await asyncio.to_thread(self._confirm, told.payload)

    def _confirm(self, payload: TracesPayload) -> None:
        with self._alone:
            self._graph.told(payload)
            if self._memory is not None:
                remember(self._memory, self._graph.kept())


def unpacked(body: bytes, most: int) -> bytes:
    """What gzip packed; raises :class:`TooMuch` as soon as it is more than ``most`` bytes, and
    :class:`~cmdb.errors.InvalidInput` where it is no whole gzip."""
    found = bytearray()
    rest, members = body, 0
    try:
        while rest:
            members += 1
            member = zlib.decompressobj(wbits=31)
            found += member.decompress(rest, most + 1 - len(found))
            if len(found) > most:
                raise TooMuch
            if not member.eof or members > MOST_MEMBERS:
                raise InvalidInput("The request's body is no whole gzip.")
            rest = member.unused_data
    except zlib.error:
        raise InvalidInput("The request's body is no gzip.") from None
    return bytes(found)
