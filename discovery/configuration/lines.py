"""Includes, and sentences about lines that can't be read."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator, Mapping

Files = Mapping[str, str]
"""The text of each file, by its path."""
MOST_ERRORS = 50
"""Lines of one configuration that are told to be unreadable; more say no more."""


class Complaints:
    """Gathers sentences about a configuration's lines."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def add(self, file: str, line: int, what: str) -> None:
        """Say what is wrong with a line. What it holds is told only where it can be no secret."""
        if len(self._found) < MOST_ERRORS:
            self._found[f"{file}, line {line}: {what}."] = None

    def all(self) -> tuple[str, ...]:
        """The sentences, in order."""
        return tuple(self._found)


def included(pattern: str, file: str, root: str, files: Files) -> Iterator[str]:
    """The files that an include means: by its path, beside the root, or at its end of a copy.

    A file is never taken to include itself.
    """
    folder = posixpath.dirname(root)
    tried = [pattern] if pattern.startswith("/") else []
    tried += [posixpath.join(folder, pattern), posixpath.join(posixpath.dirname(file), pattern)]
    parts = pattern.strip("/").split("/")
    # A copy of /etc/nginx elsewhere still includes /etc/nginx/conf.d/*.conf.
    tried += [posixpath.join(folder, *parts[n:]) for n in range(1, len(parts))]
    for candidate in tried:
        found = sorted(set(fnmatch.filter(files, posixpath.normpath(candidate))) - {root, file})
        if found:
            yield from found
            return


def beside(path: str, root: str) -> str:
    """The path of a file that a configuration names: relative ones are beside the configuration."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(root), path))
