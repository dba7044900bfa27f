"""What a scan that must keep nothing secret needs, and how to look for what it kept."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

Settings = Mapping[str, object]


@dataclass(frozen=True)
class Words:
    """What is said to ``cmdb scan`` behind the name of the source."""

    targets: tuple[str, ...] = ()
    settings: Settings = field(default_factory=dict)

    def settings_line(self) -> list[str]:
        """The settings as words of a command line."""
        given = (f"{name}={value}" for name, value in self.settings.items())
        return [word for one in given for word in ("--set", one)]


@dataclass(frozen=True)
class Planted:
    """A source that is full of secrets.

    ``scan`` reads it well. Each of ``failing`` fails in a way that could tell a secret. ``seen``
    is in the store after the scan, so that it is known to have been one.
    """

    secrets: tuple[str, ...]
    seen: str
    scan: Words
    failing: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Ground:
    """Where a case plants: a folder of its own, and the environment."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def kept(self, name: str, secret: str) -> str:
        """Keep a secret in the environment; returns the reference to it."""
        self.monkeypatch.setenv(name, secret)
        return f"env:{name}"

    def written(self, name: str, text: str | bytes) -> str:
        """Write a file; returns its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)


Case = Callable[[Ground], AbstractContextManager[Planted]]


def forms(secret: str) -> Iterator[bytes]:
    """The ways in which a secret may be written: as it is, quoted for an address, as a text of
    JSON, and in base64 at whichever place of a longer text."""
    raw = secret.encode()
    yield from {raw, quote(secret, safe="").encode(), quote_plus(secret).encode()}
    yield secret.replace("/", "\\/").encode()
    yield raw.hex().encode()
    for before in range(3):
        # What stands around it changes the first and the last signs.
        coded = base64.b64encode(b"x" * before + raw)
        inner = coded[4 if before else 0 : -4 if len(raw) > 8 else None]
        yield from {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}


def found_in(text: bytes, secrets: tuple[str, ...]) -> list[str]:
    """The secrets that are in a text, in any form."""
    return [secret for secret in secrets if any(form in text for form in forms(secret))]
