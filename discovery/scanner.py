"""What a scanner is: a manifest, a fetch that reads the world, and a parse that understands it.

A scanner is a value. :mod:`discovery.registry` finds it by its folder, and
:func:`discovery.run.run_scan` runs it. Importing one must be cheap, so its ``fetch`` and ``parse``
import what they need when they are called.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from cmdb.items import Observation
from discovery.settings import describe_settings

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)
PayloadT = TypeVar("PayloadT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What people need to know of a scanner before they run it.

    ``name`` is its folder and the default source of its observations. ``kinds`` and ``relations``
    are all that it can report. ``needs`` are sentences about what must be there for it to work.
    ``targets`` says what a target is, and is empty where the scanner takes none. ``as_root`` says
    what more it sees with all rights. ``experimental`` ones were never run against the real thing.
    """

    name: str
    title: str
    description: str
    kinds: tuple[str, ...]
    relations: tuple[str, ...]
    needs: tuple[str, ...]
    settings: type[msgspec.Struct]
    example: str
    targets: str = ""
    as_root: str = ""
    experimental: bool = False

    def data(self) -> dict[str, Any]:
        """The manifest as plain JSON values: what ``cmdb scan --list`` and the docs are made of."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "kinds": list(self.kinds),
            "relations": list(self.relations),
            "needs": list(self.needs),
            "targets": self.targets,
            "as_root": self.as_root,
            "experimental": self.experimental,
            "example": self.example,
            "settings": [
                {
                    "name": setting.name,
                    "type": setting.right,
                    "default": setting.default,
                    "description": setting.description,
                }
                for setting in describe_settings(self.settings)
            ],
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """A part of the scan that could not be read. The rest is in: the run is partial.

    ``hides_links`` says that links of items that were read may be in that part: none of those
    items is then taken to have named all of its links.
    """

    message: str
    hides_links: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one payload says.

    ``scope`` names what was looked at, the same in every run over it. ``full`` says that all of
    the scope was seen, so that what is not among the observations is gone. ``notes`` are sentences
    for the person who ran it, ``errors`` are sentences about what could not be read.
    """

    scope: str
    observations: tuple[Observation, ...]
    full: bool
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scanner(Generic[SettingsT, PayloadT]):
    """A scanner.

    ``fetch`` does all I/O for the given targets and yields payloads, and a :class:`Failure` for
    what it can't read; it raises a :class:`~cmdb.errors.CmdbError` where nothing can be read at
    all. Where it is given a time it may leave out what has not changed since. ``parse`` is a pure
    function of a payload, the settings and the time. ``payload`` is the type of payloads: being a
    msgspec Struct, it can be recorded and replayed.

    ``scope`` is for sources that can tell what changed since a time: what a run with these
    settings covers, as its payloads' :class:`Parsed` have it. The time given to ``fetch`` is then
    that of the last complete run over the same; without a ``scope`` it never is any.
    """

    manifest: Manifest
    payload: type[PayloadT]
    fetch: Callable[[SettingsT, Sequence[str], datetime | None], AsyncIterator[PayloadT | Failure]]
    parse: Callable[[PayloadT, SettingsT, datetime], Parsed]
    scope: Callable[[SettingsT], str] | None = None


def encode_payload(payload: msgspec.Struct) -> bytes:
    """A payload as indented JSON, to be kept as a recording."""
    return msgspec.json.format(msgspec.json.encode(payload), indent=1) + b"\n"


def decode_payload(scanner: Scanner[SettingsT, PayloadT], recording: bytes) -> PayloadT:
    """The payload that was recorded; raises msgspec.ValidationError where it is none of them."""
    return msgspec.json.decode(recording, type=scanner.payload)
