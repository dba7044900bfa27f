"""kill -9 of a process that writes: what was acknowledged is there, and nothing by half."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from cmdb.catalogue import builtin
from cmdb.store.connect import open_store
from tests.store.crash import check_whole

ROUNDS = 3


def last_before_kill(address: str, revisions: int, further_bytes: int) -> int:
    """Start a writer, kill it some time after that many revisions, and say the last it told."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.crash", address],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(revisions)]
        # Some work of our own, so that the kill meets the next write at another point each time.
        sum(range(further_bytes))
        process.kill()
        told += [int(line) for line in process.stdout if line.endswith("\n")]
    return told[-1]


async def test_a_killed_writer_leaves_whole_revisions(lasting_address: str) -> None:
    chance = random.Random(20260301)
    for _ in range(ROUNDS):
        last = last_before_kill(lasting_address, chance.randint(1, 4), chance.randrange(3_000_000))
        store = await open_store(lasting_address, builtin())
        await check_whole(store, last)
        await store.close()
