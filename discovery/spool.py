"""What could not be sent yet: runs as files in a folder, the oldest first.

A run is two files: its observations as JSON Lines, and beside them what is said of the run. The
second is written last and taken away first, so that half a run is never sent.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cmdb.errors import InvalidSettings
from cmdb.exchange.export import line_of_observation
from cmdb.items import Observation

ABOUT = ".run.json"
LINES = ".ndjson"
REFUSED = "refused"
"""The folder of runs that the server would not take: it says why, and a person decides."""
MOST_BYTES = 2 * 1024**3
"""What all runs in a folder may take: room for days in which a server is away."""

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class SpooledRun:
    """A run on disk: ``about`` are the parameters that it is sent with."""

    name: str
    lines: Path
    about: Mapping[str, str | list[str]]


class Spool:
    """A folder of runs. Raises :class:`~cmdb.errors.InvalidSettings` where it can't be used."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most = most_bytes

    def add(self, observations: Iterable[Observation], about: Mapping[str, str | list[str]]) -> str:
        """Keep a run; returns its name. Names sort by the time at which they were added.

        Raises where the folder is full: nothing that is kept is dropped for it.
        """
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}"
        lines = self.folder / f"{name}{LINES}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_room()
            encode = msgspec.json.Encoder().encode
            with lines.open("wb") as file:
                file.writelines(encode(line_of_observation(seen)) + b"\n" for seen in observations)
                file.flush()
                os.fsync(file.fileno())
            half = self.folder / f"{name}.half"
            half.write_bytes(encode(about))
            half.rename(self.folder / f"{name}{ABOUT}")
        except OSError as error:
            raise self._unusable(error) from None
        return name

    def waiting(self) -> list[SpooledRun]:
        """The runs, the oldest first."""
        found = []
        for path in sorted(self.folder.glob(f"*{ABOUT}")):
            name = path.name.removesuffix(ABOUT)
            with contextlib.suppress(FileNotFoundError):  # another process sent it meanwhile
                about = msgspec.json.decode(path.read_bytes(), type=dict[str, str | list[str]])
                found.append(SpooledRun(name, self.folder / f"{name}{LINES}", about))
        return found

    def done(self, run: SpooledRun) -> None:
        """Forget a run that was taken."""
        (self.folder / f"{run.name}{ABOUT}").unlink(missing_ok=True)
        run.lines.unlink(missing_ok=True)

    def refuse(self, run: SpooledRun, why: str) -> Path:
        """Put a run aside that the server will never take; returns where it is now."""
        aside = self.folder / REFUSED
        aside.mkdir(exist_ok=True, mode=0o700)
        (aside / f"{run.name}.why.txt").write_text(why + "\n", "utf-8")
        (self.folder / f"{run.name}{ABOUT}").rename(aside / f"{run.name}{ABOUT}")
        return run.lines.rename(aside / run.lines.name)

    def _check_room(self) -> None:
        kept = sum(path.stat().st_size for path in self.folder.glob(f"*{LINES}"))
        if kept > self._most:
            raise InvalidSettings(
                f"{self.folder} is full: {kept // 2**20:,} MiB wait there to be sent. Is the "
                "server away for long, or its address wrong?"
            )

    def _unusable(self, error: OSError) -> InvalidSettings:
        return InvalidSettings(
            f"{self.folder} can't be used to keep what is not sent yet: {error.strerror}."
        )
