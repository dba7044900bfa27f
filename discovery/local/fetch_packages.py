"""Which version of what is installed, as the package database tells it. Runs no program."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

_DPKG = Path("/var/lib/dpkg")
_UPSTREAM = re.compile(r"^(?:\d+:)?([^-+~]*[^-+~.])")


def read_versions(executables: Collection[str], dpkg: Path = _DPKG) -> dict[str, str]:
    """The upstream version of the package that each executable came from, where dpkg knows it.

    Reads the file lists once: O(size of the package database), some megabytes at most.
    """
    if not executables:
        return {}
    packages = _packages_of(executables, dpkg)
    if not packages:
        return {}
    versions = _versions(dpkg / "status", set(packages.values()))
    return {exe: versions[name] for exe, name in sorted(packages.items()) if name in versions}


def upstream(version: str) -> str:
    """A Debian version without epoch and packaging.

    >>> upstream("5:7.0.15-1~deb12u1")
    '7.0.15'
    """
    found = _UPSTREAM.match(version)
    return found[1] if found else version


def _packages_of(executables: Collection[str], dpkg: Path) -> dict[str, str]:
    # A file that moved from /bin to /usr/bin is still listed where it was packaged.
    wanted = {exe: exe for exe in executables}
    wanted |= {exe.removeprefix("/usr"): exe for exe in executables if exe.startswith("/usr/")}
    found: dict[str, str] = {}
    try:
        lists = sorted((dpkg / "info").glob("*.list"))
    except OSError:
        return {}
    for path in lists:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in wanted.keys() & set(lines):
            found.setdefault(wanted[line], path.stem.partition(":")[0])
    return found


def _versions(status: Path, packages: Collection[str]) -> dict[str, str]:
    try:
        text = status.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found = {}
    for paragraph in text.split("\n\n"):
        fields = dict(
            line.split(": ", 1)
            for line in paragraph.splitlines()
            if line.startswith(("Package: ", "Version: "))
        )
        if fields.get("Package") in packages and "Version" in fields:
            found[fields["Package"]] = upstream(fields["Version"])
    return found
