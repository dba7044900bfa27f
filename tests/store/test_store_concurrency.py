"""Eight writers at once: every identifier has one owner, every revision its number."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from cmdb.catalogue import builtin
from cmdb.errors import WriteConflict
from cmdb.identity.owner import Owner
from cmdb.items import Item, Link, WaitingLink
from cmdb.items.value import Value
from cmdb.revisions import Delta, ItemChange, Touch
from cmdb.store.connect import open_store
from cmdb.store.port import Store
from tests.store.making import COMMIT, DAY, NOW, created, item, report, stored, updated

WRITERS = 8
THINGS = 12


async def claim_all(store: Store, writer: int) -> list[str]:
    """Try to create each thing once; the ids of those this writer got."""
    won: list[str] = []
    # Each writer starts elsewhere, so that every identifier is fought for.
    for step in range(THINGS):
        thing = (step + writer) % THINGS
        mine = item(f"thing {thing}", identifiers=[f"serial:{thing}", f"key:{writer}/{thing}"])
        try:
            await store.apply(created(mine), COMMIT)
        except WriteConflict:
            continue
        won.append(mine.id)
    return won


async def check_one_owner_each(store: Store, winners: list[str]) -> None:
    assert len(winners) == THINGS
    owners = await store.owners([f"serial:{thing}" for thing in range(THINGS)])
    assert sorted(winners) == sorted(owner.item_id or "" for owner in owners.values())
    assert {owner.state for owner in owners.values()} == {"live"}
    assert sorted([e.id async for e in store.stream()]) == sorted(winners)
    assert [r.number for r in await store.revisions()] == list(range(1, THINGS + 1))
    assert sorted([edit.id async for edit in store.edits(0)]) == sorted(winners)


async def test_one_store_eight_writers(store: Store) -> None:
    claims = await asyncio.gather(*(claim_all(store, writer) for writer in range(WRITERS)))
    await check_one_owner_each(store, [id_ for won in claims for id_ in won])


async def test_eight_stores_eight_writers(lasting_address: str) -> None:
    """Stores of their own share nothing but the file or the server, as processes do."""
    async with AsyncExitStack() as stack:
        stores = []
        for _ in range(WRITERS):
            stores.append(await open_store(lasting_address, builtin()))
            stack.push_async_callback(stores[-1].close)
        claims = await asyncio.gather(
            *(claim_all(store, writer) for writer, store in enumerate(stores))
        )
        await check_one_owner_each(stores[0], [id_ for won in claims for id_ in won])


WRITER = """
import asyncio, json, sys
from cmdb.catalogue import builtin
from cmdb.store.connect import open_store
from tests.store.test_store_concurrency import claim_all

async def main():
    store = await open_store(sys.argv[1], builtin())
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(await claim_all(store, int(sys.argv[2]))))
    await store.close()

asyncio.run(main())
"""


def test_eight_processes_write_one_file(tmp_path: Path) -> None:
    """They open the new file at the same time too: one makes the layout, the others wait."""
    address = f"sqlite:///{tmp_path}/cmdb.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, address, str(writer)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for writer in range(WRITERS)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    told = [process.communicate("go\n")[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * WRITERS

    async def check() -> None:
        store = await open_store(address, builtin())
        await check_one_owner_each(store, [id_ for line in told for id_ in json.loads(line)])
        await store.close()

    asyncio.run(check())


async def test_writers_of_one_item_take_turns_and_lose_nothing(store: Store) -> None:
    counter = item("counter", properties={"count": 0})
    await store.apply(created(counter), COMMIT)

    async def add_one() -> None:
        while True:
            before = (await store.items([counter.id]))[counter.id]
            count = before.properties["count"]
            assert isinstance(count, int)
            try:
                change = updated(before, properties={"count": count + 1})
                await store.apply(Delta(items=(change,)), COMMIT)
            except WriteConflict:
                continue
            return

    await asyncio.gather(*(add_one() for _ in range(WRITERS)))
    final = (await store.items([counter.id]))[counter.id]
    assert (final.properties["count"], final.revision) == (WRITERS, WRITERS + 1)
    history = await store.history(counter.id)
    assert [revision.number for revision, _ in history] == list(range(WRITERS + 1, 0, -1))


async def test_touches_beside_writers_lose_nothing(store: Store) -> None:
    things = [item(f"t{number}") for number in range(40)]
    await store.apply(created(*things), COMMIT)

    async def touch(hours: int) -> None:
        touches = [Touch("item", thing.id, 0, NOW + hours * DAY / 24) for thing in things]
        await store.apply(Delta(touches=tuple(touches)), COMMIT)

    async def rename(start: int) -> None:
        changes = [updated(stored(thing, 1), name="new") for thing in things[start : start + 10]]
        await store.apply(Delta(items=tuple(changes)), COMMIT)

    await asyncio.gather(*(touch(h) for h in (3, 24, 7)), *(rename(s) for s in (0, 10, 20, 30)))
    found = await store.items([thing.id for thing in things])
    assert Counter(entry.name for entry in found.values()) == {"new": 40}
    assert {entry.reports[0].last_seen for entry in found.values()} == {NOW + DAY}


async def test_nobody_sees_half_an_item_or_half_a_revision(lasting_address: str) -> None:
    """One store writes large revisions; another reads, streams and follows the log meanwhile."""
    writer = await open_store(lasting_address, builtin())
    reader = await open_store(lasting_address, builtin())
    things = [item(f"t{number}", properties=state(0)) for number in range(300)]
    await writer.apply(created(*things), COMMIT)
    done = asyncio.Event()

    async def write() -> None:
        before = [stored(thing, 1) for thing in things]
        for number in range(1, 16):
            reports = (report("scan", values=state(number)),)
            changes = [
                updated(entry, properties=state(number), reports=reports) for entry in before
            ]
            revision = await writer.apply(Delta(items=tuple(changes)), COMMIT)
            assert revision is not None
            before = [stored(change.after, revision.number, 1) for change in changes]
        done.set()

    async def read() -> int:
        reads = 0
        while not done.is_set():
            found = await reader.items([thing.id for thing in things])
            assert len(found) == len(things)
            for entry in found.values():
                check_whole(entry)
            streamed = [entity async for entity in reader.stream()]
            assert sorted(entity.id for entity in streamed) == sorted(found)
            for entity in streamed:
                check_whole(entity)
            reads += 1
        return reads

    async def follow() -> int:
        last = 0
        while not done.is_set() or last < 16:
            for revision in await reader.revisions(last):
                edits = [edit async for edit in reader.edits(last, revision.number)]
                assert len(edits) == revision.edits == len(things)
                last = revision.number
            assert last <= (await reader.info()).revision
        return last

    _, reads, last = await asyncio.gather(write(), read(), follow())
    assert reads > 0
    assert last == 16
    await writer.close()
    await reader.close()


def state(number: int) -> dict[str, Value]:
    """Properties of which each tells which revision they are of."""
    return {"n": number, "padding": "x" * (number * 37 % 200), "half": number / 2}


def check_whole(entity: Item | Link | WaitingLink) -> None:
    assert isinstance(entity, Item)
    number = entity.properties["n"]
    assert isinstance(number, int)
    assert entity.properties == state(number)
    assert entity.revision == number + 1
    assert [r.values for r in entity.reports] == [state(number) if number else {}]


async def test_sqlite_shows_one_state_to_all_parts_of_a_read(tmp_path: Path) -> None:
    """Neo4j promises less: two items of one read may be from before and after a commit."""
    store = await open_store(f"sqlite:///{tmp_path}/cmdb.db", builtin())
    left, right = item("left", properties={"n": 0}), item("right", properties={"n": 0})
    await store.apply(created(left, right), COMMIT)
    done = asyncio.Event()

    async def write() -> None:
        before = [stored(left, 1), stored(right, 1)]
        for number in range(1, 25):
            changes = [updated(entry, properties={"n": number}) for entry in before]
            revision = await store.apply(Delta(items=tuple(changes)), COMMIT)
            assert revision is not None
            before = [stored(change.after, revision.number, 1) for change in changes]
        done.set()

    async def read() -> int:
        reads = 0
        while not done.is_set():
            found = await store.items([left.id, right.id])
            assert found[left.id].properties == found[right.id].properties
            reads += 1
        return reads

    _, reads = await asyncio.gather(write(), read())
    assert reads > 0
    await store.close()


def owners_of(changes: list[ItemChange]) -> dict[str, Owner]:
    """Who owns what after the changes."""
    return {key: Owner(c.after.id, "live") for c in changes for key in c.after.identifiers}


async def test_own_writes_are_read_at_once(store: Store) -> None:
    for number in range(20):
        mine: Item = item(f"i{number}", identifiers=[f"serial:{number}"])
        delta = created(mine)
        await store.apply(delta, COMMIT)
        assert mine.id in await store.items([mine.id])
        assert await store.owners(mine.identifiers) == owners_of(list(delta.items))
