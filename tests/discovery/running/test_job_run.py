"""One job: what is kept of it, when it is tried again, and what it shows of itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path

import pytest

from discovery.job_run import Watcher, run_job
from discovery.jobs import Job
from tests.discovery.running.recorder import Recorder, answering
from tests.discovery.terraform.states import SHOP, state


class Notes(Watcher):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.read = 0
        self.stored: tuple[int, int] | None = None
        self.waits: list[str] = []

    def reading(self, job: Job, observations: int) -> None:
        self.read = observations

    def storing(self, job: Job, done: int, total: int) -> None:
        self.stored = done, total

    def waiting(self, job: Job, seconds: float, error: str) -> None:
        assert seconds >= 0
        self.waits.append(error)


def _job(*targets: object, **more: object) -> Job:
    return Job("states", "terraform", tuple(map(str, targets)), **more)  # type: ignore[arg-type]  # given by name


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.tfstate"
    path.write_bytes(state(SHOP))
    return path


async def test_what_a_job_sees_is_stored_and_counted(shop: Path) -> None:
    sink, notes = Recorder(), Notes()
    result = await run_job(_job(shop), sink, watcher=notes)
    (found,) = sink.found
    assert (result.status, result.attempts, result.code) == ("complete", 1, "")
    assert result.scope == found.scope
    assert notes.read == len(found.observations)
    assert notes.stored == (notes.read, notes.read)
    assert result.notes == found.notes


async def test_a_part_that_fails_leaves_the_rest(shop: Path, tmp_path: Path) -> None:
    sink = Recorder()
    result = await run_job(_job(shop, tmp_path / "none.tfstate"), sink)
    assert result.status == "partial"
    assert "none.tfstate can't be read" in result.errors[0]
    assert sink.found[0].observations


async def test_a_source_that_comes_back_is_read_at_last() -> None:
    away: Iterator[tuple[int, bytes]] = repeat((404, b""), 2)
    sink, notes = Recorder(), Notes()
    with answering(chain(away, [(200, state(SHOP))])) as address:
        result = await run_job(_job(address, retries=2), sink, watcher=notes, first_pause=0.001)
    assert (result.status, result.attempts) == ("complete", 3)
    assert len(notes.waits) == 2
    assert "404" in notes.waits[0]
    assert sink.failures == []


async def test_a_source_that_stays_away_is_a_failed_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sink = Recorder()
    job = _job(f"http://127.0.0.1:{port}/state", retries=2)
    result = await run_job(job, sink, first_pause=0.001)
    assert (result.status, result.attempts, result.code) == ("failed", 3, "remote_unavailable")
    ((source, _, error),) = sink.failures
    assert source == "terraform"
    assert f"127.0.0.1:{port} can't be reached" in error
    assert result.errors == (error,)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"password": "env:NOT_THERE_AT_ALL"}, "The environment variable NOT_THERE_AT_ALL"),
        ({"declared": "maybe"}, "It must be true or false"),
    ],
)
async def test_wrong_settings_are_not_tried_again(
    shop: Path, settings: dict[str, str], expected: str
) -> None:
    sink = Recorder()
    result = await run_job(_job(shop, settings=settings), sink)
    assert (result.status, result.attempts, result.code) == ("failed", 0, "invalid_settings")
    assert expected in result.errors[0]
    assert len(sink.failures) == 1


async def test_a_job_has_the_settings_of_its_scanner_under_its_own(shop: Path) -> None:
    sink = Recorder()
    defaults = {"terraform": {"declared": "nonsense", "user": "reader"}}
    job = _job(shop, settings={"declared": "false"})
    assert (await run_job(job, sink, defaults=defaults)).status == "complete"
    wrong = await run_job(_job(shop), sink, defaults=defaults)
    assert "declared: It must be true or false, not 'nonsense'" in wrong.errors[0]


async def test_a_server_that_hangs_after_accepting_ends_at_the_time_out() -> None:
    """The kernel accepts and nobody answers: bounded by the job, whatever the scanner waits for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        job = _job(f"http://127.0.0.1:{port}/state", retries=0, timeout=timedelta(seconds=1))
        async with asyncio.timeout(20):
            result = await run_job(job, Recorder())
    assert result.status == "failed"
    assert result.errors == ("It was stopped after 1 seconds, its time-out.",)
