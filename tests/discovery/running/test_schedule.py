"""Jobs that come round: when they are due, and that no two of a scanner run side by side."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from discovery.job_run import JobResult
from discovery.jobs import Job
from discovery.run import ScanResult
from discovery.schedule import Discovery
from discovery.sink import Stored
from tests.discovery.running.recorder import Recorder
from tests.discovery.terraform.states import SHOP, state


@pytest.fixture
def shop(tmp_path: Path) -> str:
    path = tmp_path / "shop.tfstate"
    path.write_bytes(state(SHOP))
    return str(path)


class Ended:
    """Waits until so many jobs have ended."""

    def __init__(self, count: int) -> None:
        self.results: list[JobResult] = []
        self._count = count
        self.enough = asyncio.Event()

    def __call__(self, result: JobResult) -> None:
        self.results.append(result)
        if len(self.results) >= self._count:
            self.enough.set()


async def _scheduled(
    jobs: tuple[Job, ...], count: int, last: dict[str, datetime] | None = None
) -> list[str]:
    """The names of the jobs that ended first, of a schedule that is then ended."""
    ended = Ended(count)
    discovery = Discovery(jobs, Recorder(), on_end=ended)
    task = asyncio.create_task(discovery.run_scheduled(last))
    async with asyncio.timeout(30):
        await ended.enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return [result.job for result in ended.results]


async def test_a_job_comes_round(shop: str) -> None:
    job = Job("often", "terraform", (shop,), every=timedelta(seconds=1))
    assert await _scheduled((job,), 2) == ["often", "often"]


async def test_a_job_that_ran_lately_waits_for_its_time(shop: str) -> None:
    late = Job("late", "terraform", (shop,), every=timedelta(days=1))
    soon = Job("soon", "terraform", (shop,), every=timedelta(seconds=1))
    assert await _scheduled((late, soon), 2, {"late": datetime.now(UTC)}) == ["soon", "soon"]


async def test_a_job_whose_time_has_passed_runs_at_once(shop: str) -> None:
    late = Job("late", "terraform", (shop,), every=timedelta(days=1))
    yesterday = datetime.now(UTC) - timedelta(days=2)
    assert await _scheduled((late,), 1, {"late": yesterday}) == ["late"]


async def test_a_job_without_a_time_is_not_run_by_the_schedule(shop: str) -> None:
    asked = Job("asked", "terraform", (shop,))
    soon = Job("soon", "terraform", (shop,), every=timedelta(seconds=1))
    assert await _scheduled((asked, soon), 2) == ["soon", "soon"]


async def test_no_two_jobs_of_one_scanner_run_side_by_side(shop: str) -> None:
    class Slow(Recorder):
        """Lets others run while it stores, and counts how many do."""

        at_once = most = 0

        async def store(self, found: ScanResult, progress: object) -> Stored:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            for _ in range(100):
                await asyncio.sleep(0)
            self.at_once -= 1
            return Stored("complete")

    sink = Slow()
    jobs = tuple(Job(f"state{n}", "terraform", (shop,)) for n in range(5))
    results = await Discovery(jobs, sink).run_all()
    assert [result.job for result in results] == [job.name for job in jobs]
    assert sink.most == 1
