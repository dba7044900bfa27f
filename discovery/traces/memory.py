"""What the receiver has counted and stored, on disk: so that a restart makes no link less sure."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from discovery.traces.figures import Figures
from discovery.traces.payload import Edge, SeenService

MOST_BYTES = 256 * 2**20
"""Of the file; fifty thousand dependencies are a tenth of it."""

log = logging.getLogger(__name__)


class KeptCalls(msgspec.Struct, frozen=True):
    """The calls over one dependency: how many were ``seen``, and what was ``told`` of them."""

    edge: Edge
    seen: int
    last: int
    address: str
    told: Figures
    told_last: int


class Kept(msgspec.Struct, frozen=True):
    """All that was told, by services and by dependencies."""

    services: tuple[SeenService, ...] = ()
    calls: tuple[KeptCalls, ...] = ()


def remember(path: Path, kept: Kept) -> None:
    """Write it, as a whole or not at all. Where it can't be written that is logged."""
    half = path.with_name(f"{path.name}.half")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half.write_bytes(msgspec.json.encode(kept))
        half.replace(path)
    except OSError as error:
        log.warning("%s can't be written: %s. Counts begin anew.", path, error.strerror)


def recall(path: Path) -> Kept:
    """What was written; nothing where nothing was, or where it can't be read, which is logged."""
    try:
        if path.stat().st_size > MOST_BYTES:
            log.warning("%s is too large. Counts begin anew.", path)
            return Kept()
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.warning("%s can't be read (%s). Counts begin anew.", path, type(error).__name__)
        return Kept()
