"""What is to be sent, kept in a small SQLite file beside the store: how far the revision log was
read, the messages made of it, and those that nobody took.

Messages and the cursor behind them are written in one transaction, so that a crash loses none, and
makes none twice.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from cmdb.errors import InvalidSettings
from cmdb.settings import mask_uri
from cmdb.webhooks.messages import Message

_LAYOUT = """
CREATE TABLE IF NOT EXISTS cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS services (id TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, endpoint TEXT NOT NULL, body BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0, error TEXT
);
CREATE INDEX IF NOT EXISTS messages_due ON messages (dead, next_at, number);
"""
BUSY_SECONDS = 10


class Waiting(msgspec.Struct, frozen=True):
    """A message that is not delivered: ``attempts`` so far, and the last error in a sentence."""

    id: str
    endpoint: str
    body: bytes
    attempts: int
    error: str | None


class Outbox:
    """The file. Used by one task at a time; other processes may look into it meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_LAYOUT)
        except (OSError, sqlite3.Error) as error:
            raise InvalidSettings(f"{path} can't be used to keep webhooks in: {error}.") from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def cursor(self) -> int | None:
        """The last revision that messages were made of; None before the first."""
        row = self._db.execute("SELECT revision FROM cursor").fetchone()
        return int(row[0]) if row else None

    def services(self) -> dict[str, str]:
        """The states of services that were last told, those that are up left out."""
        return dict(self._db.execute("SELECT id, state FROM services").fetchall())

    def add(
        self, revision: int, made: Iterable[Message], services: Mapping[str, str] | None = None
    ) -> None:
        """Keep messages, and that they are of all revisions up to this one."""
        with closing(self._db.cursor()) as write:
            write.execute("BEGIN IMMEDIATE")
            try:
                write.executemany(
                    "INSERT INTO messages (id, endpoint, body) VALUES (?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    [(m.id, m.endpoint, m.body) for m in made],
                )
                if services is not None:
                    write.execute("DELETE FROM services")
                    write.executemany("INSERT INTO services VALUES (?, ?)", services.items())
                write.execute(
                    "INSERT INTO cursor VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET "
                    "revision = excluded.revision",
                    (revision,),
                )
            except BaseException:
                write.execute("ROLLBACK")
                raise
            write.execute("COMMIT")

    def due(self, now: float, limit: int = 100) -> list[Waiting]:
        """Messages to be sent now, the oldest first."""
        rows = self._db.execute(
            "SELECT id, endpoint, body, attempts, error FROM messages "
            "WHERE dead = 0 AND next_at <= ? ORDER BY next_at, number LIMIT ?",
            (now, limit),
        )
        return [Waiting(*row) for row in rows.fetchall()]

    def next_due(self) -> float | None:
        """When the next message is to be sent; None where none waits."""
        row = self._db.execute("SELECT min(next_at) FROM messages WHERE dead = 0").fetchone()
        return float(row[0]) if row[0] is not None else None

    def delivered(self, identifier: str) -> None:
        """Forget a message that was taken."""
        self._db.execute("DELETE FROM messages WHERE id = ?", (identifier,))

    def failed(self, identifier: str, error: str, next_at: float | None) -> None:
        """Keep why a message was not taken, and when to try again; None: never by itself."""
        self._db.execute(
            "UPDATE messages SET attempts = attempts + 1, error = ?, next_at = ?, dead = ? "
            "WHERE id = ?",
            (error, next_at or 0, next_at is None, identifier),
        )

    def dead_letters(self) -> list[Waiting]:
        """The messages that nobody took, the oldest first."""
        rows = self._db.execute(
            "SELECT id, endpoint, body, attempts, error FROM messages "
            "WHERE dead = 1 ORDER BY number"
        )
        return [Waiting(*row) for row in rows.fetchall()]

    def redeliver(self, identifiers: Iterable[str] | None = None) -> int:
        """Let dead letters (all unless told) be sent anew; returns how many."""
        wanted = {letter.id for letter in self.dead_letters()}
        chosen = wanted if identifiers is None else wanted.intersection(identifiers)
        self._db.executemany(
            "UPDATE messages SET dead = 0, attempts = 0, next_at = 0 WHERE id = ?",
            [(one,) for one in chosen],
        )
        return len(chosen)


def outbox_path(folder: Path, store: str) -> Path:
    """The file for a store, by its address without the password."""
    digest = hashlib.sha256(mask_uri(store).encode()).hexdigest()[:16]
    return folder / f"webhooks-{digest}.db"
