"""SQLite files as they are met: old, too new, foreign, broken, out of reach, held by another."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from cmdb.errors import StoreDamaged, StoreTooNew, StoreUnavailable
from cmdb.store import sql, sqlite_files
from cmdb.store.port import SCHEMA_VERSION
from cmdb.store.sqlite import SqliteStore
from tests.store.making import COMMIT, created, item, stored

OLDER = sql.Migration("an older layout", ("CREATE TABLE old_items (id TEXT, full_name TEXT)",))
FILL = sql.Migration("with something in it", ("INSERT INTO old_items VALUES ('1', 'web')",))
NEWER = sql.Migration(
    "names are short",
    (
        "ALTER TABLE old_items RENAME COLUMN full_name TO name",
        "UPDATE old_items SET name = upper(name)",
    ),
)
BROKEN = sql.Migration(
    "half of it fails", ("UPDATE old_items SET name = 'lost'", "UPDATE no_such_table SET a = 1")
)


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_the_layout_is_as_new_as_the_port_says() -> None:
    assert len(sql.MIGRATIONS) == SCHEMA_VERSION


async def test_an_older_layout_is_migrated_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "cmdb.db"
    await (await SqliteStore.open(path, (OLDER, FILL))).close()
    await (await SqliteStore.open(path, (OLDER, FILL, NEWER, *sql.MIGRATIONS))).close()
    assert rows(path, "SELECT id, name FROM old_items") == [("1", "WEB")]
    assert rows(path, "SELECT version, name FROM migrations ORDER BY version") == [
        (1, "an older layout"),
        (2, "with something in it"),
        (3, "names are short"),
        (4, "first layout"),
    ]
    store = await SqliteStore.open(path, (OLDER, FILL, NEWER, *sql.MIGRATIONS))
    web = item("web")
    await store.apply(created(web), COMMIT)
    assert await store.items([web.id]) == {web.id: stored(web, 1)}
    assert (await store.info()).schema_version == 4
    await store.close()


async def test_a_migration_that_fails_leaves_the_old_layout(tmp_path: Path) -> None:
    path = tmp_path / "cmdb.db"
    await (await SqliteStore.open(path, (OLDER, FILL))).close()
    with pytest.raises(Exception, match="no_such_table"):
        await SqliteStore.open(path, (OLDER, FILL, NEWER, BROKEN))
    assert rows(path, "SELECT full_name FROM old_items") == [("web",)]
    assert rows(path, "SELECT max(version) FROM migrations") == [(2,)]


async def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cmdb.db"
    await (await SqliteStore.open(path, (*sql.MIGRATIONS, OLDER))).close()
    with pytest.raises(
        StoreTooNew, match=r"has schema version 2; this version .* up to 1"
    ) as caught:
        await SqliteStore.open(path)
    assert str(path) in caught.value.message
    assert caught.value.data() == {"found": 2, "supported": 1}


async def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"these are my notes\n" * 500)
    with pytest.raises(StoreDamaged, match=r"notes\.txt is no SQLite database"):
        await SqliteStore.open(path)
    assert path.read_bytes() == b"these are my notes\n" * 500


async def test_a_database_of_another_program_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="database of another program"):
        await SqliteStore.open(path)
    assert path.read_bytes() == before


async def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cmdb.db"
    store = await SqliteStore.open(path)
    await store.apply(created(*(item(f"i{number}") for number in range(500))), COMMIT)
    await store.close()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(bytes(content))
    with pytest.raises(StoreDamaged, match=r"cmdb\.db is no SQLite database, or a broken one"):
        await open_and_search(path)


async def open_and_search(path: Path) -> None:
    store = await SqliteStore.open(path)
    try:
        await store.search("i1")
    finally:
        await store.close()


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "cmdb.db"
    path.touch()
    store = await SqliteStore.open(path)
    assert (await store.info()).revision == 0
    await store.close()


async def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "a" / "b" / "cmdb.db")
    await store.close()
    assert (tmp_path / "a" / "b" / "cmdb.db").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("folder", "is a folder; name a file"),
        ("file/cmdb.db", "The folder of the store .* can't be"),
    ],
)
async def test_a_path_that_can_hold_no_file(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match=sentence):
        await SqliteStore.open(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(StoreUnavailable, match="can't be opened or created"):
        await SqliteStore.open(closed / "cmdb.db")


async def test_a_file_where_no_file_can_be_made() -> None:
    with pytest.raises(StoreUnavailable, match="/proc/self"):
        await SqliteStore.open("/proc/self/cmdb.db")


async def test_a_writer_waits_for_another_program_that_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cmdb.db"
    store = await SqliteStore.open(path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    web = item("web")
    writing = asyncio.create_task(store.apply(created(web), COMMIT))
    # Reading goes on meanwhile, and the writer is still at it.
    for _ in range(20):
        assert await store.items([web.id]) == {}
    assert not writing.done()
    other.execute("COMMIT")
    revision = await writing
    assert revision is not None
    assert list(await store.items([web.id])) == [web.id]
    other.close()
    await store.close()


async def test_a_writer_that_waited_too_long_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_files, "BUSY_SECONDS", 0)
    path = tmp_path / "cmdb.db"
    store = await SqliteStore.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="another process has been writing"):
        await store.apply(created(item("web")), COMMIT)
    other.execute("ROLLBACK")
    other.close()
    assert await store.apply(created(item("web")), COMMIT) is not None
    await store.close()


async def test_the_event_loop_runs_on_while_a_large_revision_is_written(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "cmdb.db")
    delta = created(*(item(f"i{number}") for number in range(5000)))
    writing = asyncio.create_task(store.apply(delta, COMMIT))
    turns = 0
    while not writing.done():
        await asyncio.sleep(0)
        turns += 1
    # Each turn is one round of the loop: were the work done in it, there would be one or two.
    assert turns > 20
    await store.close()


async def test_what_was_written_is_there_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "cmdb.db"
    web, others = item("web"), set(threading.enumerate())
    store = await SqliteStore.open(path)
    await store.apply(created(web), COMMIT)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable, match="is closed"):
        await store.items([web.id])
    store = await SqliteStore.open(path)
    assert await store.items([web.id]) == {web.id: stored(web, 1)}
    assert [t for t in set(threading.enumerate()) - others if t.name.startswith("cmdb-sqlite")]
    await store.close()
    left = set(threading.enumerate()) - others
    assert not [thread for thread in left if thread.name.startswith("cmdb-sqlite")]


async def test_two_stores_in_memory_know_nothing_of_each_other() -> None:
    one, other = await SqliteStore.open(":memory:"), await SqliteStore.open(":memory:")
    await one.apply(created(item("web")), COMMIT)
    assert (await other.info()).revision == 0
    await one.close()
    await other.close()


async def test_every_statement_is_valid(tmp_path: Path) -> None:
    """SQLite compiles each whole statement of the page against the real layout."""
    path = tmp_path / "cmdb.db"
    await (await SqliteStore.open(path)).close()
    connection = sqlite_files.connect(str(path), str(path))
    whole = ("SELECT", "INSERT", "UPDATE", "DELETE")
    checked = 0
    for name, value in vars(sql).items():
        if name.startswith("_") or name in ("PAGE", "COUNT", "PROPERTY_RANK"):
            continue
        for statement in value.values() if isinstance(value, dict) else [value]:
            if isinstance(statement, str) and statement.lstrip().startswith(whole):
                given = [None] * statement.count("?")
                if "?1" in statement:
                    given = given[: max(int(n[0]) for n in statement.split("?")[1:])]
                connection.execute(f"EXPLAIN {statement}", given)
                checked += 1
    assert checked > 40
    connection.close()
