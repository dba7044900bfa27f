"""One writer for all alerts that come in: what waits while one revision is written is the next.

So a storm of single notifications costs few revisions, and nobody competes for numbers. Who sends
gets an answer once theirs is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cmdb.alerts.alert import AlertValue
from cmdb.alerts.receive import Received
from cmdb.errors import CmdbError
from cmdb.records.actor import Actor

AT_ONCE = 2_000
"""Notifications that one revision holds, unless a single request brings more."""

Write = Callable[[Sequence[AlertValue], Actor], Awaitable[Received]]


@dataclass(slots=True)
class _Letter:
    values: Sequence[AlertValue]
    actor: Actor
    answer: asyncio.Future[Received]


class Inbox:
    """Gathers what comes in. ``write`` commits notifications as one revision."""

    def __init__(self, write: Write, after: Callable[[], None] | None = None) -> None:
        self._write = write
        self._after = after
        self._waiting: list[_Letter] = []
        self._writer: asyncio.Task[None] | None = None

    async def receive(self, values: Sequence[AlertValue], actor: Actor) -> Received:
        """What :func:`cmdb.alerts.receive.receive` gives; where others' went into the same
        revision, its counts are of all of them. Raises what it raises."""
        letter = _Letter(values, actor, asyncio.get_running_loop().create_future())
        self._waiting.append(letter)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._empty())
        return await letter.answer

    async def _empty(self) -> None:
        while self._waiting:
            letters = self._take()
            try:
                await self._together(letters)
            except CmdbError:
                for letter in letters:
                    await self._alone(letter)
            except BaseException as error:
                for letter in letters:
                    if not letter.answer.done():
                        letter.answer.set_exception(error)
                if isinstance(error, asyncio.CancelledError):
                    raise
            if self._after is not None:
                self._after()

    def _take(self) -> list[_Letter]:
        """The first letters of one sender, up to the limit: a revision names who it is by."""
        taken: list[_Letter] = []
        count = 0
        while self._waiting and self._waiting[0].actor == (taken or self._waiting)[0].actor:
            count += len(self._waiting[0].values)
            if taken and count > AT_ONCE:
                break
            taken.append(self._waiting.pop(0))
        return taken

    async def _together(self, letters: Sequence[_Letter]) -> None:
        values = [value for letter in letters for value in letter.values]
        received = await self._write(values, letters[0].actor)
        for letter in letters:
            if not letter.answer.done():
                letter.answer.set_result(received)

    async def _alone(self, letter: _Letter) -> None:
        """Once more by itself: what can't be written must not keep others out."""
        try:
            received = await self._write(letter.values, letter.actor)
        except Exception as error:  # noqa: BLE001 - it is raised where the sender waits
            if not letter.answer.done():
                letter.answer.set_exception(error)
        else:
            if not letter.answer.done():
                letter.answer.set_result(received)
