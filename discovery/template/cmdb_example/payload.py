"""What is read: one payload for each target. It can be recorded, and replayed in a test."""

from __future__ import annotations

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """A machine as the inventory has it. Fields that are not named here are never kept."""

    id: str
    name: str
    serial: str = ""
    runs: str = ""
    needs: tuple[str, ...] = ()


class ExamplePayload(msgspec.Struct, frozen=True):
    """The machines of one inventory, and where it was read."""

    place: str
    machines: tuple[Machine, ...]
