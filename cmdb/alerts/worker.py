"""The task of a server that binds and correlates alerts after they are stored.

It keeps nothing: what is to be done follows from the store, also after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from cmdb.alerts.correlate import correlate
from cmdb.alerts.rules import Rule
from cmdb.errors import CmdbError
from cmdb.service import Cmdb

EVERY = 5.0
"""Seconds between looks at the revision log, for items that alerts wait for."""
MOST_SETTLING = 6
"""How many times the settling time is waited for while alerts keep coming."""

log = logging.getLogger(__name__)


class AlertWorker:
    """Correlates when the data moved; after alerts, once a moment has passed without more."""

    def __init__(self, cmdb: Cmdb, rules: Sequence[Rule]) -> None:
        self._cmdb = cmdb
        self._rules = rules
        self._woken = asyncio.Event()
        self._seen = -1

    def wake(self) -> None:
        """Say that alerts have come."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled. What goes wrong is logged and tried again."""
        while True:
            try:
                await self._once()
            except CmdbError as error:
                log.warning("Alerts could not be correlated: %s", error)
            except Exception:
                log.exception("Alerts could not be correlated.")
            try:
                async with asyncio.timeout(EVERY):
                    await self._woken.wait()
            except TimeoutError:
                continue
            await self._settle()

    async def _settle(self) -> None:
        """Wait for a moment without alerts, so that a storm is seen whole."""
        for _ in range(MOST_SETTLING):
            self._woken.clear()
            try:
                async with asyncio.timeout(self._cmdb.settings.alert_settle.total_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                return
        self._woken.clear()

    async def _once(self) -> None:
        revision = await self._cmdb.revision()
        if revision != self._seen:
            await correlate(self._cmdb, self._rules)
            self._seen = revision
