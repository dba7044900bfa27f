"""What is discovered, and when: the jobs of a ``discovery.toml``.

[office]
scanner = "network"
targets = ["10.0.0.0/24"]
every = "6h"                   # or cron = "0 3 * * *", in UTC; without either it runs when asked
jitter = "10m"                 # each start comes up to so much later
timeout = "30m"
retries = 3                    # where the source can't be reached

[office.settings]              # those of the scanner, as --set takes them
ports = "22,80,443"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import msgspec

from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.times import read_duration
from cmdb.toml_file import TomlFile, text_of
from discovery.registry import load_scanner, scanner_names
from discovery.settings import setting_text

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z", re.IGNORECASE)
_KEYS = ("scanner", "targets", "every", "cron", "jitter", "timeout", "retries", "settings")
MOST_RETRIES = 20
SHORTEST = timedelta(seconds=1)
"""Between the starts of a job, and of a time-out."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a scanner that is asked for by name or comes round.

    ``every`` is the time between starts, ``cron`` five fields in UTC; at most one of both is
    given. Where the source can't be reached it is tried ``retries`` times more. ``settings`` are
    texts: secrets are read by where they are at every run, so that a new one needs no restart.
    """

    name: str
    scanner: str
    targets: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    every: timedelta | None = None
    cron: str = ""
    jitter: timedelta = timedelta(0)
    timeout: timedelta = timedelta(hours=1)
    retries: int = 2

    @property
    def schedule(self) -> str:
        """When it runs, for people."""
        if self.every is not None:
            return f"every {_length(self.every)}"
        return f"cron {self.cron}, UTC" if self.cron else "when asked"


def read_jobs(path: Path) -> tuple[Job, ...]:
    """The jobs in a file, in its order.

    Raises :class:`~cmdb.errors.InvalidInput` with all that is wrong, by line and key. Secrets are
    not read here.
    """
    file = TomlFile(text_of(path), str(path))
    jobs = []
    for name, table in file.tables.items():
        if not _NAME.match(name):
            file.wrong("a job's name is letters, digits, dots, - and _", name)
        elif not isinstance(table, dict):
            file.wrong("must be a table that names a scanner", name)
        else:
            jobs.append(_JobReader(file, name, table).read())
    if not file.tables:
        raise InvalidInput(f'{path} has no job in it. One is: [local]\nscanner = "local"')
    file.finish(f"{path} has mistakes.")
    return tuple(jobs)


class _JobReader:
    """One table on its way to a job."""

    def __init__(self, file: TomlFile, name: str, table: dict[str, Any]) -> None:
        self._file = file
        self._name = name
        self._table = table

    def read(self) -> Job:
        """The job; what is wrong with it is noted in the file."""
        self._known(self._table, _KEYS, "", "")
        given: dict[str, Any] = {
            key: value
            for key, read in _READ.items()
            if (value := self._value(key, read)) is not None
        }
        if "every" in given and "cron" in given:
            self._wrong("stands beside every: give one of both", "cron")
        scanner = self._scanner()
        given |= {"targets": self._targets(), "settings": self._settings(scanner)}
        return Job(self._name, scanner, **given)

    def _value(self, key: str, read: Callable[[Any], Any]) -> Any:
        """What a key is given as; None where it is not, or wrong."""
        if key not in self._table:
            return None
        try:
            return read(self._table[key])
        except ValueError as error:
            self._wrong(str(error), key)
            return None

    def _scanner(self) -> str:
        name = self._table.get("scanner")
        names = scanner_names()
        if name in names:
            return str(name)
        hint = did_you_mean(nearest(str(name or self._name), names)).removesuffix(".")
        self._wrong(f"must name a scanner{hint}; there are {', '.join(names)}", "scanner")
        return ""

    def _targets(self) -> tuple[str, ...]:
        value = self._table.get("targets", [])
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self._wrong("must be a list of texts", "targets")
        return ()

    def _settings(self, scanner: str) -> dict[str, str]:
        table = self._table.get("settings", {})
        if not isinstance(table, dict):
            self._wrong("must be a table of the scanner's settings", "settings")
            return {}
        if scanner:
            model = load_scanner(scanner).manifest.settings
            known = [one.name for one in msgspec.structs.fields(model)]
            self._known(table, known, f"{self._name}.settings", f" of {scanner}")
        return {key: setting_text(value) for key, value in table.items()}

    def _known(self, table: Mapping[str, Any], names: Iterable[str], where: str, of: str) -> None:
        names = tuple(names)
        for key in table:
            if key not in names:
                hint = did_you_mean(nearest(key, names)).removesuffix(".")
                there = f"there are {', '.join(names)}" if names else "it has none"
                self._wrong(f"is no setting{of}{hint}; {there}", key, where)

    def _wrong(self, message: str, key: str, table: str = "") -> None:
        self._file.wrong(message, key, table=table or self._name)


def _length(time: timedelta) -> str:
    """A length of time in the largest unit that divides it."""
    seconds = time.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def _duration(value: object) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f"must be a length of time such as 90s, 15m, 6h or 1d, not {value!r}")
    return read_duration(value)


def _pause(value: object) -> timedelta:
    found = _duration(value)
    if found < SHORTEST:
        raise ValueError("must be a second or more")
    return found


def _cron(value: object) -> str:
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # has no types

    try:
        CronTrigger.from_crontab(value, timezone=UTC)
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f'must be five fields such as "0 3 * * *" (minute, hour, day, month, weekday): {error}'
        ) from None
    return str(value)


def _retries(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_RETRIES:
        raise ValueError(f"must be a whole number from 0 to {MOST_RETRIES}")
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {
    "every": _pause,
    "cron": _cron,
    "jitter": _duration,
    "timeout": _pause,
    "retries": _retries,
}
