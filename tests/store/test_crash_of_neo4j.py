"""kill -9 of the Neo4j server under load: it starts again with all that was acknowledged."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdb.catalogue import builtin
from cmdb.errors import StoreUnavailable
from cmdb.store.connect import open_store
from tests.store.crash import check_whole, write_forever

REPOSITORY = Path(__file__).parents[2]
STARTER = REPOSITORY / "tools" / "neo4j" / "start.py"


class OwnServer:
    """A server on a port and in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._folder = folder

    def do(self, verb: str) -> str:
        """Run the starter; what it printed for the shell."""
        environment = {k: v for k, v in os.environ.items() if k != "CMDB_TEST_NEO4J"}
        done = subprocess.run(
            [sys.executable, STARTER, verb, "--port", str(self._port), "--folder", self._folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def start(self) -> str:
        """Its address with user and password."""
        return self.do("start").strip().removeprefix("export CMDB_TEST_NEO4J=").strip("'")


@pytest.fixture
def own_server(neo4j_address: str, tmp_path: Path) -> Iterator[OwnServer]:
    """Only where a server to test against was asked for: starting one may fetch its jars."""
    for jars in (REPOSITORY / ".neo4j").glob("jars-*"):
        (tmp_path / jars.name).symlink_to(jars)
    server = OwnServer(tmp_path)
    yield server
    server.do("kill")
    shutil.rmtree(tmp_path, ignore_errors=True)


async def test_a_killed_server_comes_back_with_whole_revisions(own_server: OwnServer) -> None:
    address = await asyncio.to_thread(own_server.start)
    store = await open_store(address, builtin())
    acknowledged: asyncio.Queue[int] = asyncio.Queue()
    writing = asyncio.create_task(write_forever(store, acknowledged.put_nowait))
    last = [await acknowledged.get() for _ in range(4)][-1]
    await asyncio.to_thread(own_server.do, "kill")
    assert await asyncio.to_thread(own_server.start) == address
    # The driver may have carried the writer over the restart; if not, it was told so.
    writing.cancel()
    with pytest.raises((asyncio.CancelledError, StoreUnavailable)):
        await writing
    while not acknowledged.empty():
        last = acknowledged.get_nowait()
    await store.close()
    again = await open_store(address, builtin())
    await check_whole(again, last)
    await again.close()
