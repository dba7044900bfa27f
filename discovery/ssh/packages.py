"""Which version of what is installed, as dpkg or rpm tell it of single files."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import translate

from discovery.local.fetch_packages import upstream

_SAFE = re.compile(r"/[\w./+@:=-]{1,300}")
_OWNED = re.compile(r"(?P<package>[a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?: (?P<file>/.*)")
_RPM = re.compile(r"(?P<package>[^|\s]+)\|(?P<version>[^|\s]+)")


def owners(files: Collection[str]) -> set[str]:
    """The paths to ask about: a file that moved from /bin to /usr/bin is listed where it was."""
    safe = {f for f in files if _SAFE.fullmatch(f)}
    return safe | {f.removeprefix("/usr") for f in safe if f.startswith("/usr/")}


def packages_in(text: str, files: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """From dpkg the package of each file, from rpm the version of each file at once."""
    packages: dict[str, str] = {}
    versions: dict[str, str] = {}
    asked = sorted(owners(files))
    rows = text.splitlines()
    for line in rows:
        if found := _OWNED.fullmatch(line):
            for file in files:
                if found["file"] in (file, file.removeprefix("/usr")):
                    packages.setdefault(file, found["package"])
    # rpm answers a line for each file, in their order; only as many answers as questions are sure.
    if not packages and len(rows) == len(asked):
        for file, line in zip(asked, rows, strict=True):
            if (found := _RPM.fullmatch(line.strip())) and file in files:
                versions[file] = found["version"]
    return packages, versions


def installed_in(text: str, patterns: Sequence[str]) -> dict[str, str]:
    """The full versions of the installed packages that match one of the patterns.

    >>> installed_in("libssl3:amd64|3.0.11-1|ii \\nvim|9.0|rc \\n", ["lib*", "vim"])
    {'libssl3:amd64': '3.0.11-1'}
    """
    match = re.compile("|".join(translate(pattern) for pattern in patterns)).fullmatch
    rows = (line.split("|") for line in text.splitlines() if line.count("|") == 2)
    return {
        name: version
        for name, version, state in rows
        if state.startswith("ii") and (match(name) or match(name.partition(":")[0]))
    }


def versions_in(text: str, packages: Mapping[str, str]) -> dict[str, str]:
    """The upstream version for each file of those packages."""
    known = dict(line.split("|", 1) for line in text.splitlines() if line.count("|") == 1)
    return {
        file: upstream(known[package]) for file, package in packages.items() if known.get(package)
    }
