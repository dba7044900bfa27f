"""The kept file of a large estate, so that the next start need not read the whole store.

A file is used only where it was made from this store, of a revision that the store still has, word
for word, and lately. Anything else wrong with it, and the store is read as if there were none.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from cmdb.store.port import Store

if TYPE_CHECKING:
    from impact.columns.draft import Draft

FORMAT = 1
_MAGIC = b"cmdb estate\n"
_LENGTH_BYTES = 8
_LONGEST_PART = 2**34

log = logging.getLogger(__name__)


class _Head(msgspec.Struct, frozen=True):
    format: int
    place: str
    revision: int
    revision_digest: str
    made: datetime


async def _digest(store: Store, revision: int) -> str:
    """What tells this revision from one of the same number in another store."""
    found = await store.revisions(revision - 1, limit=1)
    return blake2b(msgspec.json.encode(found), digest_size=16).hexdigest()


def _path(folder: Path, place: str) -> Path:
    return folder / f"{blake2b(place.encode(), digest_size=12).hexdigest()}.estate"


async def save(folder: Path, store: Store, revision: int, draft: Draft) -> None:
    """Keep what was read of a store, at a revision, for the next start. Says in the log where that
    can't be done. Only this user can read the file."""
    from asyncio import to_thread

    place = (await store.info()).place
    digest = await _digest(store, revision)
    head = _Head(FORMAT, place, revision, digest, datetime.now(UTC))
    try:
        await to_thread(_write, _path(folder, place), head, draft)
    except OSError as error:
        log.warning("The graph is not kept in %s: %s.", folder, error.strerror)


def _write(path: Path, head: _Head, draft: Draft) -> None:
    from impact.columns.dump import parts_of

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".estate")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC)
            _write_part(file, msgspec.msgpack.encode(head))
            for part in parts_of(draft):
                _write_part(file, part)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _write_part(file: BinaryIO, part: bytes) -> None:
    file.write(len(part).to_bytes(_LENGTH_BYTES, "little"))
    file.write(part)


async def load(folder: Path, store: Store, max_age: timedelta) -> tuple[int, Draft] | None:
    """What was kept of the store, and the revision that it is of; None where there is nothing that
    can be used."""
    from asyncio import to_thread

    info = await store.info()
    path = _path(folder, info.place)
    try:
        head = await to_thread(_read_head, path)
        if (head.format, head.place) != (FORMAT, info.place) or head.revision > info.revision:
            return None
        age = datetime.now(UTC) - head.made
        if not timedelta() <= age <= max_age:
            return None
        if await _digest(store, head.revision) != head.revision_digest:
            return None
        return head.revision, await to_thread(_read, path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.MsgspecError, MemoryError) as error:
        log.warning("The kept graph %s is of no use (%s); the store is read instead.", path, error)
        return None


def _read_head(path: Path) -> _Head:
    with path.open("rb") as file:
        return msgspec.msgpack.decode(next(_parts(file)), type=_Head)


def _read(path: Path) -> Draft:
    from impact.columns.dump import draft_of

    with path.open("rb") as file:
        parts = _parts(file)
        next(parts)
        return draft_of(parts)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("it is no estate")
    while size := file.read(_LENGTH_BYTES):
        length = int.from_bytes(size, "little")
        if len(size) < _LENGTH_BYTES or length > _LONGEST_PART:
            raise ValueError("it is broken off")
        part = file.read(length)
        if len(part) < length:
            raise ValueError("it is broken off")
        yield part
