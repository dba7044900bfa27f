"""File systems as mount and df of Linux print them, and jc for what others print.

jc takes milliseconds for what every machine prints. What is exactly as GNU and util-linux write it
is read here; whatever looks different is jc's.
"""

from __future__ import annotations

import re
from typing import Any

from discovery.ssh.tables import table

_MOUNT = re.compile(r"(?P<device>.*)\son\s(?P<path>.*?)\stype\s(?P<kind>\S+)\s+\(.*?\)\s*")
"""As jc has it: the last ``on`` of a line belongs to mount, and the first ``type`` after it."""
_PLAIN = re.compile(r"(\S+) on (\S+) type (\S+) \([^()\s]*\)")
_HEADER = re.compile(
    r"Filesystem +(?P<blocks>1024-blocks) +(?P<used>Used) +(?P<free>Available) +"
    r"(?P<share>Capacity) +(?P<path>Mounted on)"
)
_USAGE = re.compile(
    r"(?P<device>\S.*?) +(?P<blocks>[0-9]+) +(?P<used>[0-9]+) +(?P<free>[0-9]+) +"
    r"(?P<share>[0-9]+%) +(?P<path>/.*)"
)
_RIGHT = ("blocks", "used", "free", "share")
"""The columns that end where their headings end."""


def mounted(text: str) -> list[dict[str, Any]]:
    """What is mounted: rows with ``filesystem`` (the device), ``mount_point``, and ``type`` or
    ``options``; empty where the text is of no program that is known."""
    lines = list(filter(None, text.splitlines()))
    if not lines or " type " not in lines[0]:
        return table("mount", text)
    found: list[dict[str, Any]] = []
    for line in lines:
        row = _PLAIN.fullmatch(line) or _MOUNT.match(line)
        if row is None:
            return []
        device, path, kind = row.groups()
        found.append({"filesystem": device, "mount_point": path, "type": kind})
    return found


def usage_of(text: str) -> dict[str, tuple[int | None, int | None]]:
    """The size of each file system and what is used of it, in kilobytes, by where it is mounted;
    None where that is not said."""
    found = _aligned(text)
    if found is not None:
        return found
    return {
        str(row.get("mounted_on")): (
            _whole(row.get("1024_blocks") or row.get("1k_blocks")),
            _whole(row.get("used")),
        )
        for row in table("df", text)
    }


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _aligned(text: str) -> dict[str, tuple[int | None, int | None]] | None:
    """As :func:`usage_of`, of a table whose columns are where its headings say; else None."""
    lines = list(filter(None, text.splitlines()))
    header = _HEADER.fullmatch(lines[0]) if lines else None
    if header is None:
        return None
    ends = tuple(map(header.end, _RIGHT))
    first, last = header.start("blocks"), header.start("path")
    found: dict[str, tuple[int | None, int | None]] = {}
    for line in lines[1:]:
        row = _USAGE.fullmatch(line)
        if (
            row is None
            or tuple(map(row.end, _RIGHT)) != ends
            or row.end("device") >= first
            or row.start("path") != last
        ):
            return None
        # Where there are no blocks, nothing is said of how many there are, as by jc.
        found[row["path"].strip()] = int(row["blocks"]) or None, int(row["used"])
    return found
