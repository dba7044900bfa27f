"""Which machines are meant: by name, by address, or by a file that lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cmdb.errors import InvalidInput

_TARGET = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[A-Za-z0-9_.-]+))"
    r"(?::(?P<port>\d{1,5}))?"
)
MAX_FILE = 4 * 2**20
"""Bytes of a file of machines."""


@dataclass(frozen=True, slots=True)
class Target:
    """A machine to sign in to. Without a user or port the settings or defaults say it."""

    host: str
    user: str = ""
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")
        )


def read_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """All machines that are named, each once, in order.

    Raises :class:`~cmdb.errors.InvalidInput` where none is named or one can't be read.
    """
    found = dict.fromkeys(target for text in texts for target in _expanded(text))
    if not found:
        raise InvalidInput(
            "Name the machines: cmdb scan ssh ops@web1.example.org, or a file with one a line."
        )
    return tuple(found)


def _expanded(text: str) -> Iterator[Target]:
    path = Path(text).expanduser()
    if not path.is_file():
        yield read_target(text)
        return
    try:
        if path.stat().st_size > MAX_FILE:
            raise InvalidInput(f"{text} is too large for a list of machines.")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InvalidInput(f"{text} can't be read as a list of machines, one a line.") from None
    for number, line in enumerate(lines, 1):
        named = line.partition("#")[0].strip()
        if named:
            yield read_target(named, f"{text}, line {number}: ")


def read_target(text: str, where: str = "") -> Target:
    """The machine that a text names; raises :class:`~cmdb.errors.InvalidInput`.

    >>> read_target("ops@web1:2222")
    Target(host='web1', user='ops', port=2222)
    """
    found = _TARGET.fullmatch(text.strip().removeprefix("ssh://").rstrip("/"))
    port = int(found["port"]) if found and found["port"] else None
    host = (found["six"] or found["host"]) if found else ""
    # What begins with a dash would be an option, and a password in a target a leak.
    user = (found["user"] or "") if found else ""
    if not found or host.startswith("-") or ":" in user or (port is not None and port > 65535):
        shown = "***" if "@" in text and ":" in text.partition("@")[0] else text
        raise InvalidInput(
            f"{where}{shown!r} is no machine to sign in to: write user@host:port, the user and "
            "the port may be left out."
        )
    return Target(host, user, port)
