"""The floor under SQLite: the rows that the product wrote, written again by executemany alone.

Same schema, pragmas, statements and transactions, into a fresh file; nothing is read, reconciled or
encoded.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from time import perf_counter

from cmdb.store import sql
from cmdb.store.sqlite_files import connect, prepare, transaction

_Batch = list[tuple[str, list[tuple[object, ...]]]]

_INSERTS = {
    sql.INSERT_ITEM: """SELECT number, id, kind, name, sort_name, status, revision, report_tags,
        body FROM items WHERE revision = ? ORDER BY number""",
    sql.INSERT_WORDS: """SELECT w.rowid, w.words FROM item_words w
        JOIN items i ON i.number = w.rowid WHERE i.revision = ? ORDER BY w.rowid""",
    sql.CLAIM_IDENTIFIER: """SELECT k.key, k.item_id FROM identifiers k
        JOIN items i ON i.id = k.item_id WHERE i.revision = ? ORDER BY i.number""",
    sql.INSERT_LINK: """SELECT number, from_id, relation, to_id, status, revision, report_tags, body
        FROM links WHERE revision = ? ORDER BY number""",
    sql.INSERT_EDIT: """SELECT number, entity, id, action, reason, before, after FROM edits
        WHERE number >> 32 = ? ORDER BY number""",
    sql.INSERT_REVISION: "SELECT number, time, body FROM revisions WHERE number = ?",
}
_TOUCHES = {
    "item": "INSERT INTO item_seen (number, report, seen) VALUES (?, ?, ?)",
    "link": "INSERT INTO link_seen (number, report, seen) VALUES (?, ?, ?)",
}
_TOUCH_ROWS = 10_000


def first_batches(written: Path) -> list[_Batch]:
    """The rows of every revision in ``written``, as the statements that put them there."""
    with closing(sqlite3.connect(written)) as source:
        numbers = [n for (n,) in source.execute("SELECT number FROM revisions ORDER BY number")]
        return [
            [(insert, list(source.execute(rows, (number,)))) for insert, rows in _INSERTS.items()]
            for number in numbers
        ]


def touch_batches(written: Path) -> list[_Batch]:
    """The rows that a later run of the same observations added."""
    with closing(sqlite3.connect(written)) as source:
        return [
            [(insert, rows[start : start + _TOUCH_ROWS])]
            for entity, insert in _TOUCHES.items()
            for rows in [
                list(source.execute(f"SELECT number, report, seen FROM {entity}_seen")),
            ]
            for start in range(0, len(rows), _TOUCH_ROWS)
        ]


def create(path: Path) -> None:
    """An empty store."""
    prepare(str(path), str(path), sql.MIGRATIONS).close()


def write(path: Path, batches: Iterable[_Batch]) -> float:
    """Seconds that the batches take, one transaction each."""
    connection = connect(str(path), str(path))
    try:
        begin = perf_counter()
        for batch in batches:
            with transaction(connection):
                for statement, rows in batch:
                    connection.executemany(statement, rows)
        return perf_counter() - begin
    finally:
        connection.close()
