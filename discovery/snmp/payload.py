"""What agents answered, by the names of mib.toml."""

from __future__ import annotations

import msgspec

Value = int | str
"""A number, or octets: each character is one byte (Latin-1). Object identifiers are dotted."""


class Agent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agent. ``columns`` have their values by row, as its index is written: ``10103.1``.

    ``errors`` are sentences about tables that could not be read, or not to their end.
    """

    address: str
    scalars: dict[str, Value] = {}
    columns: dict[str, dict[str, Value]] = {}
    errors: tuple[str, ...] = ()


class SnmpPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """One scan: the targets, sorted, and those of them that answered.

    ``silent`` is how many addresses of ranges did not.
    """

    targets: tuple[str, ...]
    agents: tuple[Agent, ...]
    silent: int = 0
