"""What a program wrote."""

from __future__ import annotations

import msgspec


class ProgramPayload(msgspec.Struct, frozen=True):
    """The observation lines that the program ``name`` wrote, all of them where it ended well."""

    name: str
    lines: str
    ended_well: bool = True
