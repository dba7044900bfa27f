"""The graph of a large estate follows the revision log, and is kept for the next start."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cmdb import estates
from cmdb.analysis import analyse_failure
from cmdb.ingest import new_run
from cmdb.items import ItemObservation, LinkObservation
from cmdb.service import Cmdb
from cmdb.settings import Settings
from impact import answer
from impact.analysis import analyse
from impact.columns.items import ItemRows
from impact.estate import Estate
from impact.states import State
from tests.graphql.estate import load_demo
from tests.impact.comparing import answers, same_estates

HUB = "dc1-r03-acc-sw1"


@pytest.fixture(autouse=True)
def every_estate_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estates, "COLUMNS_FROM", 0)


@pytest.fixture(params=["sqlite", "neo4j"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "neo4j":
        store = str(request.getfixturevalue("empty_neo4j"))
    else:
        store = f"sqlite:///{tmp_path / 'cmdb.db'}"
    return Settings(store=store, cache_folder=tmp_path / "cache")


@pytest.fixture
async def cmdb(settings: Settings) -> AsyncIterator[Cmdb]:
    opened = await Cmdb.open(settings)
    await load_demo(opened)
    yield opened
    await opened.close()


async def plainly(cmdb: Cmdb) -> Estate:
    """The estate read whole into plain values."""
    number = await cmdb.revision()
    return await cmdb.estates._read_plain(number, include_planned=False)


async def agrees(cmdb: Cmdb) -> Estate:
    """The latest estate, which must be in columns and that of the store."""
    estate = await cmdb.estate()
    assert isinstance(estate.items, ItemRows)
    plain = await plainly(cmdb)
    assert estate.revision == plain.revision
    same_estates(plain, replace(estate, as_of=plain.as_of, now=plain.now))
    return estate


async def report(cmdb: Cmdb, *seen: ItemObservation | LinkObservation) -> None:
    """Store what a source saw."""
    await cmdb.load(
        [o for o in seen if isinstance(o, ItemObservation)],
        [o for o in seen if isinstance(o, LinkObservation)],
        new_run("manual", actor="tester"),
        reason="a test",
    )


def server(name: str, **properties: str) -> ItemObservation:
    return ItemObservation(
        "Server",
        (f"key:manual/{name}",),
        "manual",
        datetime.now(UTC),
        {"name": name, **properties},
    )


def depends(one: str, other: str, relation: str = "DEPENDS_ON") -> LinkObservation:
    keys = f"key:manual/{one}", f"key:manual/{other}"
    return LinkObservation(relation, *keys, "manual", datetime.now(UTC))


async def test_the_graph_is_that_of_the_store_whatever_comes(cmdb: Cmdb) -> None:
    before = await agrees(cmdb)
    await report(cmdb, server("one"), server("two"), depends("one", "two"))
    after = await agrees(cmdb)
    assert after.revision > before.revision
    found = answer(await analyse_failure(cmdb, ["two"]))
    assert [row.name for row in found.affected] == ["two", "one"]
    number = after.revision
    await report(cmdb, server("two", serial="S-2"), server("three"), depends("three", "one"))
    await agrees(cmdb)
    await cmdb.revert(number)
    await agrees(cmdb)
    await cmdb.merge("one", "three")
    await agrees(cmdb)
    assert answers(before, {before.items[0].id: State.DOWN})


async def test_who_has_an_estate_keeps_it_as_it_is(cmdb: Cmdb) -> None:
    before = await cmdb.estate()
    hub = (await cmdb.find(HUB)).id
    expected = answers(before, {hub: State.DOWN})
    await report(cmdb, server("new"), depends("new", "newer"), server("newer"))
    assert (await cmdb.estate()).revision > before.revision
    assert answers(before, {hub: State.DOWN}) == expected
    assert (await cmdb.find("new")).id not in before.index


async def test_eight_readers_while_revisions_arrive(cmdb: Cmdb) -> None:
    """Each answer is that of the revision it names: a chain that grows by an item in one revision
    and by its link in the next."""
    await report(cmdb, server("link-0"))
    first = await cmdb.revision()
    root = (await cmdb.find("link-0")).id
    done, answered = asyncio.Event(), asyncio.Event()
    seen: set[int] = set()

    async def read() -> None:
        while not done.is_set():
            estate = await cmdb.estate()
            analysis = await asyncio.to_thread(analyse, estate, [root])
            assert len(analysis.states) == 1 + (estate.revision - first) // 2
            seen.add(estate.revision)
            answered.set()

    readers = [asyncio.create_task(read()) for _ in range(8)]
    for number in range(1, 25):
        await report(
            cmdb, server(f"link-{number}"), depends(f"link-{number}", f"link-{number - 1}")
        )
        assert await cmdb.revision() - first == 2 * number
        answered.clear()
        await asyncio.wait_for(answered.wait(), 60)
    done.set()
    await asyncio.gather(*readers)
    assert len(seen) > 1


async def test_a_past_estate_is_in_columns_as_well(cmdb: Cmdb) -> None:
    number = await cmdb.revision()
    await report(cmdb, server("later"))
    past = await cmdb.estate(at=number)
    assert isinstance(past.items, ItemRows)
    assert past.revision == number
    assert (await cmdb.find("later")).id not in past.index
    planned = await cmdb.estate(include_planned=True)
    assert planned.revision == await cmdb.revision()


async def test_much_more_than_a_part_of_it_is_read_anew(
    cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estates, "MOST_FOLLOWED", 10**9)
    await cmdb.estate()
    version = cmdb.estates._version
    await report(cmdb, server("one"), server("two"), depends("one", "two"))
    await agrees(cmdb)
    assert version is not None
    assert cmdb.estates._version is not None
    assert cmdb.estates._version.table is not version.table


async def test_what_nobody_edits_is_read_again_in_time(
    cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cmdb.estate()
    version = cmdb.estates._version
    monkeypatch.setattr(estates, "READ_AGAIN_AFTER", timedelta())
    await cmdb.estate()
    monkeypatch.undo()
    assert cmdb.estates._background is not None
    await cmdb.estates._background
    assert cmdb.estates._version is not version
    monkeypatch.setattr(estates, "COLUMNS_FROM", 0)
    await agrees(cmdb)


class Counted:
    """How often a store was read whole."""

    def __init__(self, cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scans = 0
        scan = cmdb.store.scan

        async def counted(*given: object) -> int:
            self.scans += 1
            return await scan(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(cmdb.store, "scan", counted)


async def started_again(cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch) -> tuple[Cmdb, Counted]:
    """Another process on the same store."""
    again = await Cmdb.open(cmdb.settings)
    return again, Counted(again, monkeypatch)


async def test_the_next_start_reads_the_kept_file(
    cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cmdb.estate()
    await report(cmdb, server("one"), server("two"), depends("one", "two"))
    again, counted = await started_again(cmdb, monkeypatch)
    await agrees(again)
    await again.close()
    assert counted.scans == 0


def kept(cmdb: Cmdb) -> Path:
    """The one file that was kept, which nobody else can read."""
    assert cmdb.settings.cache_folder is not None
    (path,) = cmdb.settings.cache_folder.iterdir()
    assert path.stat().st_mode & 0o077 == 0
    return path


@pytest.mark.parametrize("what", ["cut", "short", "junk", "empty", "flipped"])
async def test_a_broken_file_is_of_no_use(
    cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await cmdb.estate()
    path = kept(cmdb)
    good = path.read_bytes()
    middle = len(good) // 2
    bad = {
        "cut": good[:middle],
        "short": good[:-3],
        "junk": os.urandom(1000),
        "empty": b"",
        "flipped": good[:middle] + b"\xff" * 64 + good[middle + 64 :],
    }[what]
    path.write_bytes(bad)
    again, counted = await started_again(cmdb, monkeypatch)
    estate = await again.estate()
    same_estates(await cmdb.estate(at=estate.revision), await again.estate(at=estate.revision))
    await again.close()
    assert counted.scans == 2
    assert len(kept(cmdb).read_bytes()) > middle


async def test_a_file_of_another_store_is_of_no_use(
    cmdb: Cmdb, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of one that was in the same place and went as far."""
    await cmdb.estate()
    old = kept(cmdb).read_bytes()
    other = await Cmdb.open(
        settings.model_copy(update={"store": f"sqlite:///{tmp_path / 'other.db'}"})
    )
    await load_demo(other)
    await other.estate()
    assert settings.cache_folder is not None
    for path in settings.cache_folder.iterdir():
        path.write_bytes(old)
    again, counted = await started_again(other, monkeypatch)
    await agrees(again)
    await again.close()
    await other.close()
    assert counted.scans == 2


async def test_an_old_file_is_of_no_use(cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch) -> None:
    await cmdb.estate()
    monkeypatch.setattr(estates, "READ_AGAIN_AFTER", timedelta(microseconds=1))
    again, counted = await started_again(cmdb, monkeypatch)
    await again.estate()
    await again.close()
    assert counted.scans >= 2


async def test_no_folder_no_file(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for folder in (None, tmp_path / "cmdb.db" / "below a file"):
        cmdb = await Cmdb.open(settings.model_copy(update={"cache_folder": folder}))
        (tmp_path / "cmdb.db").touch()
        if not await cmdb.revision():
            await load_demo(cmdb)
        await agrees(cmdb)
        await cmdb.close()
    assert "The graph is not kept in" in caplog.text


async def test_progress_is_told(cmdb: Cmdb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estates, "TELL_EVERY", 100)
    told: list[tuple[int, int]] = []
    cmdb.estates.progress = lambda *counts: told.append(counts)
    estate = await cmdb.estate()
    total = len([*estate.items]) + len([*estate.links])
    assert told
    assert told == [(count, total) for count in range(100, total + 1, 100)]
