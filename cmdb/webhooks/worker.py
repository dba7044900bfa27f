"""The task of a server that reads the revision log and tells the endpoints."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

import httpx

from cmdb.alerts.correlate import open_incidents
from cmdb.errors import CmdbError
from cmdb.incidents import analysis as analysed
from cmdb.revisions import Edit, Revision
from cmdb.service import Cmdb
from cmdb.webhooks.endpoints import Endpoint
from cmdb.webhooks.messages import Message, messages, state_messages
from cmdb.webhooks.outbox import Outbox
from cmdb.webhooks.sender import TIMEOUT, next_attempt, send
from impact import State, analyse, answer

EVERY = 1.0
"""Seconds between looks at the revision log."""
AT_ONCE = 100
"""Revisions that are read together."""

log = logging.getLogger(__name__)


class WebhookWorker:
    """Makes messages of revisions and delivers them. All that it knows is in the outbox."""

    def __init__(self, cmdb: Cmdb, endpoints: Mapping[str, Endpoint], outbox: Outbox) -> None:
        self._cmdb = cmdb
        self._endpoints = endpoints
        self._outbox = outbox

    async def run(self) -> None:
        """Work until cancelled. What goes wrong is logged and tried again."""
        async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as http:
            while True:
                try:
                    await self.read()
                    await self.deliver(http)
                except CmdbError as error:
                    log.warning("Webhooks wait: %s", error)
                except Exception:
                    log.exception("Webhooks wait.")
                await asyncio.sleep(EVERY)

    async def read(self) -> None:
        """Make messages of the revisions since the last one read; of none at the very beginning."""
        cursor = self._outbox.cursor()
        if cursor is None:
            self._outbox.add(await self._cmdb.revision(), ())
            return
        while revisions := await self._cmdb.store.revisions(cursor, AT_ONCE):
            edits: dict[int, list[Edit]] = {}
            async for edit in self._cmdb.store.edits(cursor, revisions[-1].number):
                edits.setdefault(edit.revision, []).append(edit)
            made: list[Message] = []
            for revision in revisions:
                made += messages(
                    self._endpoints.values(),
                    self._cmdb.catalogue,
                    revision,
                    edits.get(revision.number, ()),
                )
            services = await self._services(revisions[-1], made)
            cursor = revisions[-1].number
            self._outbox.add(cursor, made, services)

    async def _services(self, revision: Revision, made: list[Message]) -> dict[str, str] | None:
        """Add messages on services whose state has changed; their states now."""
        if not any("service_state" in e.events for e in self._endpoints.values()):
            return None
        before, now = self._outbox.services(), await service_states(self._cmdb)
        changed = [i for i in {*before, *now} if before.get(i, "up") != now.get(i, "up")]
        items = await self._cmdb.store.items(changed)
        rows = [(items[i], before.get(i, "up"), now.get(i, "up")) for i in sorted(items)]
        made += state_messages(self._endpoints.values(), revision, rows)
        return now

    async def deliver(self, http: httpx.AsyncClient) -> None:
        """Send what is due, the endpoints side by side, each its own in order."""
        due = self._outbox.due(time.time())
        for name in {waiting.endpoint for waiting in due} - self._endpoints.keys():
            for waiting in (w for w in due if w.endpoint == name):
                self._outbox.failed(waiting.id, "There is no such endpoint any more.", None)

        async def to(endpoint: Endpoint) -> None:
            for waiting in (w for w in due if w.endpoint == endpoint.name):
                error = await send(http, endpoint, waiting)
                if error is None:
                    self._outbox.delivered(waiting.id)
                else:
                    self._outbox.failed(waiting.id, error, next_attempt(waiting))
                    return  # the others of this endpoint would wait as long, and keep all waiting

        await asyncio.gather(*(to(endpoint) for endpoint in self._endpoints.values()))


async def service_states(cmdb: Cmdb) -> dict[str, str]:
    """The state of every service that is not up while what open incidents affect fails, by id."""
    incidents = await open_incidents(cmdb)
    given: dict[str, State] = {}
    estate = await cmdb.estate()
    degraded = {
        i.id
        for i in incidents
        if (found := analysed.read(i.properties.get("analysis"))) and found.state == "degraded"
    }
    ids = [incident.id for incident in incidents]
    for link in await cmdb.store.links(ids, "out", ["AFFECTS"]) if ids else ():
        if link.to_id in estate.index and link.status != "retired":
            state = State.DEGRADED if link.from_id in degraded else State.DOWN
            given[link.to_id] = max(state, given.get(link.to_id, State.UP))
    if not given:
        return {}
    radius = answer(await asyncio.to_thread(analyse, estate, given), limit=None)
    return {service.id: service.state for service in radius.services}
