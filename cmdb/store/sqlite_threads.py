"""The threads that work on an SQLite file: one that writes, a few that read.

Each has a connection of its own, so that the event loop never waits for the disk. A store in memory
has one connection, and one thread for everything.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cmdb.errors import StoreUnavailable
from cmdb.store.sqlite_files import MEMORY, connect, snapshot, transaction, translated

_Result = TypeVar("_Result")

READERS = 3
"""Reading threads. More would only wait for each other: Python decodes one row at a time."""


class Threads:
    """Runs work on connections to one file; ``writer`` is the connection that writes."""

    def __init__(self, path: str, place: str, writer: sqlite3.Connection) -> None:
        self._path = path
        self._place = place
        self._writer = writer
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="cmdb-sqlite-write")
        self._read_threads = self._write_thread
        if path != MEMORY:
            self._read_threads = ThreadPoolExecutor(READERS, thread_name_prefix="cmdb-sqlite-read")
        self._mine = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False

    async def read(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """What ``work`` returns; all its statements see one state of the store."""

        def job() -> _Result:
            with translated(self._place):
                connection = self._reader()
                with snapshot(connection):
                    return work(connection)

        return await self._submit(self._read_threads, job)

    async def write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """What ``work`` returns once it is committed; on any error nothing of it is."""

        def job() -> _Result:
            with translated(self._place), transaction(self._writer):
                return work(self._writer)

        return await self._submit(self._write_thread, job)

    async def close(self) -> None:
        """Wait for what is under way, then close all connections. May be called twice."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._read_threads.shutdown()
        self._write_thread.shutdown()
        for connection in (*self._readers, self._writer):
            connection.close()

    async def _submit(self, threads: ThreadPoolExecutor, job: Callable[[], _Result]) -> _Result:
        if self._closed:
            raise StoreUnavailable(f"The store {self._place} is closed.")
        return await asyncio.get_running_loop().run_in_executor(threads, job)

    def _reader(self) -> sqlite3.Connection:
        if self._path == MEMORY:
            return self._writer
        connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = connect(self._path, self._place)
            self._readers.append(connection)
        return connection
