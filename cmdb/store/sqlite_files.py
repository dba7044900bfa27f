"""Opening SQLite files: settings, migrations, and the sentence for each way it can go wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cmdb.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnavailable
from cmdb.store import sql

MEMORY = ":memory:"
BUSY_SECONDS = 60
"""How long a writer waits for another one before it gives up."""

_SETTINGS = (
    # FULL makes each commit reach the disk before it is acknowledged: NORMAL would survive the
    # end of the process, but lose the last revisions to a power cut.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    "PRAGMA mmap_size = 268435456",
    # Revisions are large: copying the log back every 4 MB would write most pages twice.
    "PRAGMA wal_autocheckpoint = 16384",
    "PRAGMA journal_size_limit = 67108864",
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REASONS = {
    sqlite3.SQLITE_BUSY: f"another process has been writing to it for {BUSY_SECONDS} seconds",
    sqlite3.SQLITE_LOCKED: "another connection holds it",
    sqlite3.SQLITE_READONLY: "it may only be read; give its user the right to write",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened or created; check the folder and its rights",
    sqlite3.SQLITE_PERM: "its access rights forbid it",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write it",
}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns sqlite3's errors into ours, with a sentence that names the file."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        raise _translation(error, place) from error


def _translation(error: sqlite3.DatabaseError, place: str) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return StoreDamaged(
            f"{place} is no SQLite database, or a broken one ({error}). "
            "Restore it from a backup, or point CMDB_STORE at another file."
        )
    if code in _REASONS:
        return StoreUnavailable(f"The store {place} can't be used: {_REASONS[code]} ({error}).")
    return StoreError(f"The store {place} failed: {error}.")


def lowered(text: str | None) -> str | None:
    """The SQL function ``lowered``: lower case by Unicode, which SQLite's own is not."""
    return None if text is None else text.lower()


def connect(path: str, place: str) -> sqlite3.Connection:
    """A connection in autocommit mode with our settings, usable from any one thread at a time."""
    with translated(place):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            for statement in _SETTINGS:
                connection.execute(statement)
            connection.create_function("lowered", 1, lowered, deterministic=True)
        except BaseException:
            connection.close()
            raise
    return connection


def prepare(path: str, place: str, migrations: Sequence[sql.Migration]) -> sqlite3.Connection:
    """Create the file where there is none, bring its layout up to date, and return a connection.

    Raises StoreTooNew, StoreDamaged or StoreUnavailable, each with a sentence.
    """
    if path != MEMORY:
        _make_folder(Path(path), place)
    connection = connect(path, place)
    try:
        with translated(place):
            _migrate(connection, place, migrations)
            connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_folder(path: Path, place: str) -> None:
    try:
        if path.is_dir():
            raise StoreUnavailable(f"The store {place} is a folder; name a file.")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder of the store {place} can't be used: {error.strerror}."
        ) from error


def _migrate(
    connection: sqlite3.Connection, place: str, migrations: Sequence[sql.Migration]
) -> None:
    """All missing steps in one transaction: of two that open a new file at once, one waits."""
    if _version(connection, place, migrations) == len(migrations):
        return
    with transaction(connection):
        version = _version(connection, place, migrations)
        if version is None:
            connection.execute(sql.CREATE_META)
            connection.execute(sql.MARK_OURS)
        for number, migration in enumerate(migrations[version or 0 :], start=(version or 0) + 1):
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(sql.ADD_MIGRATION, (number, migration.name))


def _version(
    connection: sqlite3.Connection, place: str, migrations: Sequence[sql.Migration]
) -> int | None:
    """The layout's version; None where the file is empty."""
    (mark,) = connection.execute(sql.READ_APPLICATION_ID).fetchone()
    if mark != sql.APPLICATION_ID:
        (tables,) = connection.execute(sql.COUNT_TABLES).fetchone()
        if mark == 0 and tables == 0:
            return None
        raise StoreDamaged(
            f"{place} is an SQLite database of another program. Point CMDB_STORE at another file."
        )
    (version,) = connection.execute(sql.READ_VERSION).fetchone()
    if version > len(migrations):
        raise StoreTooNew(place, version, len(migrations))
    return int(version)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A writing transaction: all of the block, or nothing."""
    connection.execute(sql.BEGIN_WRITE)
    try:
        yield
        connection.execute(sql.COMMIT)
    except BaseException:
        if connection.in_transaction:
            connection.execute(sql.ROLLBACK)
        raise


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """A reading transaction: every statement of the block sees the same state."""
    connection.execute(sql.BEGIN_READ)
    try:
        yield
    finally:
        connection.execute(sql.COMMIT)
