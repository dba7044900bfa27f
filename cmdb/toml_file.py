"""TOML files that people write: read, with every mistake by file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cmdb.errors import InvalidInput, Problem, did_you_mean, nearest
from cmdb.given import raise_any


class TomlFile:
    """A parsed file that collects what is wrong with it; ``tables`` is its content."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self._lines = text.splitlines()
        try:
            self.tables: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else None
            raise InvalidInput(
                f"{name} can't be read.", [Problem(f"is no TOML: {error}", name, line)]
            ) from None

    def wrong(
        self, message: str, key: str, *, array: str = "", number: int = 0, table: str = ""
    ) -> None:
        """Note that a key is wrong: the key of a ``table``, or of the ``number``-th of an array.

        Without either it is the first key of that name, as the last part of ``key`` has it.
        """
        if table:
            line = self._line_in(table, key)
            self.problems.append(Problem(message, self.name, line, f"{table}.{key}"))
            return
        line = self._line(key.rsplit(".", 1)[-1], array, number)
        self.problems.append(Problem(message, self.name, line, key))

    def _line_in(self, table: str, key: str) -> int | None:
        """Where a key stands in a table, or else where the table begins, or the one around it."""
        header = re.compile(rf"\s*\[\s*{re.escape(table)}\s*\]")
        named = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        own = re.compile(rf"\s*\[\[?\s*{re.escape(table)}\.[\"']?{re.escape(key)}[\"']?\s*\]")
        start = next((n for n, line in enumerate(self._lines) if header.match(line)), None)
        for at, line in enumerate(self._lines, 1):
            if own.match(line):
                return at
        if start is None:
            around, _, last = table.rpartition(".")
            return self._line_in(around, last) if around else self._line(table, "", 0)
        for at, line in enumerate(self._lines[start + 1 :], start + 2):
            if line.lstrip().startswith("["):
                break
            if named.match(line):
                return at
        return start + 1

    def _line(self, key: str, array: str, number: int) -> int | None:
        """Where a key stands: the first of that name below the header it belongs to."""
        seen, start = -1, 0
        if array:
            header = re.compile(rf"\s*\[\[\s*{re.escape(array)}\s*\]\]")
            for at, line in enumerate(self._lines):
                if header.match(line):
                    seen += 1
                    start = at
                    if seen == number:
                        break
        named = re.compile(
            rf"\s*(?:\"?{re.escape(key)}\"?\s*=|\[+\s*(?:[\w.-]+\.)?{re.escape(key)}\s*\])"
        )
        for at, line in enumerate(self._lines[start:], start + 1):
            if named.match(line):
                return at
        return start + 1 if array else None

    def known(
        self, table: Mapping[str, Any], names: Iterable[str], *, array: str = "", number: int = 0
    ) -> None:
        """Note every key of a table that is none."""
        names = tuple(names)
        for key in table:
            if key not in names:
                hint = did_you_mean(nearest(key, names)).removesuffix(".")
                self.wrong(f"is no key here{hint}; there are {', '.join(names)}", key,
                           array=array, number=number)  # fmt: skip

    def texts(
        self,
        table: Mapping[str, Any],
        key: str,
        choices: Sequence[str] | None = None,
        *,
        array: str = "",
        number: int = 0,
    ) -> tuple[str, ...]:
        """A list of texts, of those allowed where ``choices`` are given; empty where it is not."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.wrong("must be a list of texts", key, array=array, number=number)
            return ()
        for text in value:
            if choices is not None and text not in choices:
                hint = did_you_mean(nearest(text, choices)).removesuffix(".")
                said = f"can't be {text!r}{hint}; there are {', '.join(choices)}"
                self.wrong(said, key, array=array, number=number)
        return tuple(value)

    def text(self, table: Mapping[str, Any], key: str, *, array: str = "", number: int = 0) -> str:
        """A text; empty where it is not there."""
        value = table.get(key, "")
        if not isinstance(value, str):
            self.wrong("must be a text", key, array=array, number=number)
            return ""
        return value

    def finish(self, what: str) -> None:
        """Raise :class:`~cmdb.errors.InvalidInput` with all that was noted."""
        raise_any(self.problems, what)


def text_of(path: Path) -> str:
    """The text of a file; raises :class:`~cmdb.errors.InvalidInput` where it can't be read."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not UTF-8.") from None
