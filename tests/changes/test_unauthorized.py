"""Unauthorised changes: against a brute force, and turned into emergency changes once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from cmdb.changes.unauthorized import open_for, unauthorized_changes
from cmdb.errors import InvalidInput
from cmdb.ingest import new_run
from cmdb.items import ItemObservation
from cmdb.items.value import Value, format_time
from cmdb.records.records import linked_items, open_record
from cmdb.service import Cmdb
from cmdb.settings import Settings
from tests.changes.conftest import ASKER, MAKER

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def see(cmdb: Cmdb, name: str, source: str = "scan", **properties: Value) -> int:
    """What a source sees of a server now; the revision that it makes."""
    seen = ItemObservation(
        "Server", (f"key:scan/{name}",), source, datetime.now(UTC), {"name": name, **properties}
    )
    await cmdb.load([seen], [], new_run(source), reason=source)
    return await cmdb.revision()


async def change(cmdb: Cmdb, name: str, start: datetime, end: datetime | None, state: str) -> None:
    """A change of a server as it stands in the store, whatever brought it there."""
    values: dict[str, Value] = {"short_description": "Work", "work_start": format_time(start)}
    if end is not None:
        values["work_end"] = format_time(end)
    found = await cmdb.find(f"key:scan/{name}")
    await open_record(
        cmdb, "Change", {**values, "state": state}, ASKER, link=[("CHANGES", found.id)]
    )


async def rows(cmdb: Cmdb) -> list[tuple[str, str, object, object]]:
    found = await unauthorized_changes(cmdb, LONG_AGO, limit=None)
    return [(c.name, c.property, c.before, c.after) for c in found.changes]


async def test_a_controlled_value_that_a_source_saw_change_is_listed(shop: Cmdb) -> None:
    await see(shop, "spare", memory=8, cpu_count=2)
    assert await rows(shop) == [], "a value that is seen for the first time is no change"
    revision = await see(shop, "spare", memory=16, cpu_count=2, hostname="spare1")
    assert await rows(shop) == [("spare", "memory", 8, 16)]
    (found,) = (await unauthorized_changes(shop)).changes
    assert (found.revision, found.source, found.change) == (revision, "scan", None)
    assert (await unauthorized_changes(shop, datetime.now(UTC))).changes == ()


async def test_what_an_operator_sets_is_none(shop: Cmdb) -> None:
    await see(shop, "spare", "operator", memory=8)
    await see(shop, "spare", "operator", memory=16)
    assert await rows(shop) == []


@pytest.mark.parametrize(
    ("minutes", "state", "covered"),
    [
        ((-60, None), "implement", True),
        ((-60, 60), "review", True),
        ((-60, 60), "closed", True),
        ((-60, -30), "closed", False),
        ((30, 60), "closed", False),
        ((-60, 60), "scheduled", False),
        ((-60, 60), "authorize", False),
        ((-60, None), "closed", False),
    ],
)
async def test_an_approved_change_covers_its_actual_window(
    shop: Cmdb, minutes: tuple[int, int | None], state: str, covered: bool
) -> None:
    now = datetime.now(UTC)
    start, end = (now + timedelta(minutes=m) if m is not None else None for m in minutes)
    assert start is not None
    await see(shop, "spare", memory=8)
    await see(shop, "a", memory=8)
    await change(shop, "spare", start, end, state)
    await see(shop, "spare", memory=16)
    await see(shop, "a", memory=16)
    expected = {"a"} if covered else {"a", "spare"}
    assert {name for name, *_ in await rows(shop)} == expected


async def test_who_might_know_are_owners_support_and_the_last_to_edit(shop: Cmdb) -> None:
    await see(shop, "db", memory=8)
    await see(shop, "db", memory=16)
    (found,) = (await unauthorized_changes(shop)).changes
    assert found.who_might_know == ("Server team",)


async def test_one_becomes_an_emergency_change_and_never_two(shop: Cmdb) -> None:
    await see(shop, "spare", memory=8, cpu_count=1)
    revision = await see(shop, "spare", memory=16, cpu_count=2)
    made = await open_for(shop, MAKER, "spare", revision)
    assert made.properties["change_type"] == "emergency"
    assert made.properties["unauthorized"] is True
    assert "memory: 8 -> 16" in str(made.properties["short_description"])
    assert [i.name for i in await linked_items(shop, made.id, "CHANGES")] == ["spare"]
    again = await asyncio.gather(*(open_for(shop, ASKER, "spare", revision) for _ in range(3)))
    assert {item.id for item in again} == {made.id}
    found = await unauthorized_changes(shop)
    assert [c.change for c in found.changes] == [made.name] * 2
    assert len(await rows(shop)) == 2, "it stays what it was"


async def test_many_who_open_it_at_once_get_one_change(shop: Cmdb) -> None:
    await see(shop, "spare", memory=8)
    revision = await see(shop, "spare", memory=16)
    made = await asyncio.gather(*(open_for(shop, MAKER, "spare", revision) for _ in range(5)))
    assert len({item.id for item in made}) == 1


async def test_only_what_is_unauthorised_can_be_opened(shop: Cmdb) -> None:
    revision = await see(shop, "spare", hostname="one")
    with pytest.raises(InvalidInput, match="changed nothing of spare outside"):
        await open_for(shop, MAKER, "spare", revision)
    with pytest.raises(InvalidInput, match="No source edited spare in revision 999"):
        await open_for(shop, MAKER, "spare", 999)
    await see(shop, "spare", memory=8)
    await change(shop, "spare", datetime.now(UTC) - timedelta(hours=1), None, "implement")
    revision = await see(shop, "spare", memory=16)
    with pytest.raises(InvalidInput, match="outside an approved change"):
        await open_for(shop, MAKER, "spare", revision)


@pytest.mark.parametrize("seed", range(6))
async def test_it_finds_what_a_brute_force_finds(tmp_path: Path, seed: int) -> None:
    """Random edits and changes; each edit is held against every change, one by one."""
    rng = Random(seed)
    cmdb = await Cmdb.open(Settings(store=f"sqlite:///{tmp_path}/cmdb.db", cache_folder=None))
    names = ("one", "two", "three")
    known: dict[str, dict[str, int]] = {name: {} for name in names}
    edits: list[tuple[datetime, str, str, int, int]] = []
    spans: list[tuple[str, datetime, datetime | None, str]] = []
    for name in names:
        await see(cmdb, name)
    for _ in range(25):
        name = rng.choice(names)
        if rng.random() < 0.3:
            now = datetime.now(UTC)
            start = now + timedelta(milliseconds=rng.randint(-400, 20))
            end = start + timedelta(milliseconds=rng.randint(0, 500))
            state = rng.choice(("implement", "closed", "closed", "scheduled"))
            given = None if state == "implement" else end
            await change(cmdb, name, start, given, state)
            spans.append((name, start, given, state))
            continue
        prop, value = rng.choice(("memory", "cpu_count")), rng.randint(1, 3)
        source = rng.choice(("scan", "scan", "operator"))
        before = dict(known[name])
        await see(cmdb, name, source, **{prop: value})
        item = await cmdb.find(f"key:scan/{name}")
        (revision, _), *_ = await cmdb.store.history(item.id, 1)
        after: dict[str, int] = {
            p: int(str(item.properties[p])) for p in ("memory", "cpu_count") if p in item.properties
        }
        for changed, was in before.items():
            if was != after[changed] and source != "operator":
                edits.append((revision.time, name, changed, was, after[changed]))
        known[name] = after
    expected = sorted(
        (name, prop, before, after)
        for time, name, prop, before, after in edits
        if not any(
            who == name
            and state in ("implement", "closed")
            and start <= time
            and (end is None or time <= end)
            for who, start, end, state in spans
        )
    )
    assert sorted(await rows(cmdb), key=str) == sorted(expected, key=str)
    await cmdb.close()
