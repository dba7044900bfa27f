"""Collectors: what they see reaches a real server, now or when it is back, in order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cmdb.app import serve
from cmdb.errors import InvalidInput, InvalidSettings
from cmdb.items import ItemObservation
from cmdb.revisions import RunStatus
from cmdb.service import Cmdb
from cmdb.settings import Settings
from discovery.push import Push
from discovery.run import ScanResult
from discovery.setting_values import Secret
from discovery.sink import Stored
from discovery.spool import Spool

TOKEN = "c0llector-s3same"
START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
async def cmdb(tmp_path: Path) -> AsyncIterator[Cmdb]:
    store = f"sqlite:///{tmp_path / 'cmdb.db'}"
    opened = await Cmdb.open(Settings(store=store, token=TOKEN, state_folder=tmp_path))  # type: ignore[arg-type]  # pydantic makes a secret of it
    yield opened
    await opened.close()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@asynccontextmanager
async def _served(cmdb: Cmdb, port: int) -> AsyncIterator[None]:
    ready = asyncio.Event()
    task = asyncio.create_task(serve(cmdb, port=port, on_ready=lambda _: ready.set()))
    await ready.wait()
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _push(port: int, spool: Path, token: str = TOKEN) -> Push:
    return Push(f"http://127.0.0.1:{port}", Secret("env:TOKEN", token), spool)


def _seen(*names: str, day: int = 0, kind: str = "Server", **more: object) -> ScanResult:
    time = START + timedelta(days=day)
    items = tuple(
        ItemObservation(kind, (f"serial:{name}",), "plant", time, {"name": name}, "hall")
        for name in names
    )
    given = {"full_scope": True, **more}
    return ScanResult("plant", "hall", observations=items, started=time, **given)  # type: ignore[arg-type]  # given by name


async def _store(push: Push, found: ScanResult) -> Stored:
    told: list[int] = []
    stored = await push.store(found, told.append)
    assert told == [len(found.observations)]
    return stored


async def test_a_run_arrives_as_it_was(cmdb: Cmdb, port: int, spool: Path) -> None:
    async with _served(cmdb, port), _push(port, spool) as push:
        stored = await _store(push, _seen("a", "b"))
        again = await _store(push, _seen("a", "b"))
        assert (stored.status, stored.counts["created"], stored.revisions) == ("complete", 2, 1)
        assert (again.status, again.counts["unchanged"], again.revisions) == ("complete", 2, 0)
        assert await push.last_complete_run("plant", "hall") == START
        assert await push.last_complete_run("plant", "yard") is None
    latest, _ = await cmdb.store.runs()
    assert (latest.source, latest.scope, latest.started) == ("plant", "hall", START)
    assert await asyncio.to_thread(list, spool.iterdir()) == []  # noqa: ASYNC240  # in a thread


async def test_the_errors_of_a_partial_run_arrive_too(cmdb: Cmdb, port: int, spool: Path) -> None:
    async with _served(cmdb, port), _push(port, spool) as push:
        await _store(push, _seen("a", "b"))
        partial = _seen("a", day=1, full_scope=False, errors=("b is silent", "c & d = silent"))
        assert (await _store(push, partial)).status == "partial"
    latest, _ = await cmdb.store.runs()
    assert latest.status is RunStatus.PARTIAL
    assert latest.errors == ("b is silent", "c & d = silent")
    assert (await cmdb.find("serial:B")).status == "active"


async def test_a_complete_run_that_sees_nothing_more_says_so(
    cmdb: Cmdb, port: int, spool: Path
) -> None:
    async with _served(cmdb, port), _push(port, spool) as push:
        await _store(push, _seen("a"))
        assert (await _store(push, _seen(day=1))).counts == {"missing": 1}
    assert (await cmdb.find("serial:A")).status == "missing"


async def test_runs_wait_while_the_server_is_away_and_arrive_in_order(
    cmdb: Cmdb, port: int, spool: Path
) -> None:
    async with _push(port, spool) as push:
        for day, name in enumerate(("old", "new")):
            renamed = _seen("a", day=day)
            item = next(iter(renamed.observations))
            assert isinstance(item, ItemObservation)
            item.properties["name"] = name
            assert await _store(push, renamed) == Stored("kept")
        await push.failed("plant", "hall", "the gate is shut", START + timedelta(days=2))
        assert await push.send_waiting() == 3
        assert await push.last_complete_run("plant", "hall") is None
    # Another process, later: the runs are on disk.
    async with _served(cmdb, port), _push(port, spool) as push:
        assert await push.send_waiting() == 0
    runs = await cmdb.store.runs()
    assert [run.status for run in runs] == ["failed", "complete", "complete"]
    assert runs[0].errors == ("the gate is shut",)
    assert (await cmdb.find("serial:A")).name == "new"


async def test_a_refused_token_keeps_the_run(cmdb: Cmdb, port: int, spool: Path) -> None:
    async with _served(cmdb, port):
        async with _push(port, spool, "wr0ng") as push:
            with pytest.raises(InvalidSettings, match=r"refuses the token \(401\)") as caught:
                await _store(push, _seen("a"))
            assert "wr0ng" not in str(caught.value)
        async with _push(port, spool) as push:
            assert await push.send_waiting() == 0
    assert (await cmdb.find("serial:A")).kind == "Server"


async def test_a_run_that_the_server_will_never_take_is_put_aside(
    cmdb: Cmdb, port: int, spool: Path
) -> None:
    async with _served(cmdb, port), _push(port, spool) as push:
        with pytest.raises(InvalidInput, match="does not take it") as caught:
            await _store(push, _seen("a", kind="Spaceship"))
        assert "Spaceship" in str(caught.value.problems[0])
        assert (await _store(push, _seen("b"))).status == "complete"
    aside = sorted(path.suffix for path in (spool / "refused").iterdir())
    assert aside == [".json", ".ndjson", ".txt"]


async def test_what_answers_as_no_cmdb_keeps_the_run(spool: Path) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    async with server, _push(server.sockets[0].getsockname()[1], spool) as push:
        assert await _store(push, _seen("a")) == Stored("kept")
        assert await push.last_complete_run("plant", "hall") is None


def test_a_full_spool_refuses_and_drops_nothing(spool: Path) -> None:
    small = Spool(spool, most_bytes=100)
    small.add(_seen("a", "b").observations, {"source": "plant"})
    with pytest.raises(InvalidSettings, match="is full"):
        small.add(_seen("c").observations, {"source": "plant"})
    assert len(small.waiting()) == 1


def test_half_a_run_is_never_sent(spool: Path) -> None:
    """A process that dies while it writes leaves lines without what is said of the run."""
    kept = Spool(spool)
    kept.add(_seen("a").observations, {"source": "plant"})
    (spool / "00000000000000000001-1-0.ndjson").write_text('{"item": ')
    assert len(kept.waiting()) == 1


def test_a_folder_that_can_not_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidSettings, match="can't be used to keep what is not sent yet"):
        Spool(tmp_path / "file" / "spool").add((), {})
