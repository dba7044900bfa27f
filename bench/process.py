"""What the system says of the memory of a process, by Linux's /proc."""

from __future__ import annotations

from pathlib import Path

KIBI = 1024


def mebibytes(field: str, process: int | str = "self") -> float:
    """A field of a process in MiB, such as ``VmHWM`` (the most that it ever took) or ``RssAnon``
    (what it holds itself); 0 where it has just ended.

    Resource usage won't do: the most memory that it tells of a child is at least what the parent
    took when it started it.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    for line in lines:
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) / KIBI
    return 0.0
