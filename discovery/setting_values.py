"""Values of settings that are read from elsewhere: secrets and texts."""

from __future__ import annotations

from dataclasses import dataclass, field

RIGHT = "env:NAME, file:PATH, keyring:SERVICE/USER or vault:MOUNT/PATH#FIELD"


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or token. The setting says where it is, never what (``env:NAME``, ``file:PATH``,
    and so on), so that it stands in no shell history, no process list and no settings file.

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
    from discovery.secret_places import PLACES

    where, _, name = place.strip().partition(":")
    if where not in PLACES:
        raise ValueError(f"Say where the secret is, not what it is: {RIGHT}.")
    value = PLACES[where](name).strip()
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"What {place} holds is no password or token: it must be one ASCII line.")
    return Secret(place.strip(), value)


def read_text(path: str) -> TextFile:
    """The text file of that path; raises ValueError where it can't be read."""
    from discovery.secret_places import text_at

    return TextFile(path, text_at(path))
