"""Values of settings that are read from elsewhere: secrets and texts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token. The setting says where it is, never what: ``env:NAME`` or
    ``file:PATH``; so it stands in no shell history, no process list and no settings file.

    >>> Secret("env:DESK_TOKEN", "t0p")
    Secret('env:DESK_TOKEN')
    """

    place: str = ""
    value: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return f"Secret({self.place!r})"

    def __bool__(self) -> bool:
        return bool(self.value)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file by its path, with the text in it."""

    path: str = ""
    text: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.path)


def read_secret(place: str) -> Secret:
    """The secret that is there. Raises ValueError with what would be right, and never with what
    was given: it may be the secret itself."""
    where, _, name = place.strip().partition(":")
    if where == "env":
        value = os.environ.get(name, "").strip()
        if not value:
            raise ValueError(f"The environment variable {name} is not set, or empty.")
    elif where == "file":
        value = _text(name).strip()
        if not value:
            raise ValueError(f"The file {name} is empty.")
    else:
        raise ValueError("Say where the secret is, not what it is: env:NAME or file:PATH.")
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"What {place} holds is no password or token: it must be one ASCII line.")
    return Secret(place.strip(), value)


def read_text(path: str) -> TextFile:
    """The text file of that path; raises ValueError where it can't be read."""
    return TextFile(path, _text(path))


def _text(path: str) -> str:
    try:
        return Path(path).expanduser().read_text("utf-8")
    except OSError as error:
        raise ValueError(f"The file {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"The file {path} is not UTF-8 text.") from None
