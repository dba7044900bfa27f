"""What a command printed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

NOT_FOUND = 127
"""The status with which a shell says that there is no such program."""


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """``status`` is None where the command did not come to its end; ``problem`` is a phrase."""

    text: str = ""
    status: int | None = 0
    problem: str = ""


Outputs = Mapping[str, Output]
"""What each command printed, by the command's name."""


def text_of(outputs: Outputs, name: str) -> str:
    """What a command printed; empty where it was not run or printed nothing."""
    found = outputs.get(name)
    return found.text if found else ""
