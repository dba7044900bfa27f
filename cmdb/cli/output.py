"""Printing: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from cmdb.errors import CmdbError, InvalidInput, PartialResult

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""Columns where the output is no terminal: nothing is cut for a program or a file."""

LONGEST = 200
"""Characters of one value that are printed; --json has all of it."""

STATE_STYLE = {"down": "bold red", "degraded": "yellow", "at_risk": "cyan", "up": "green"}


@cache
def console(*, stderr: bool = False) -> Console:
    """The console for results, or for what is said beside them. Honours NO_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDE
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def say(text: str = "", style: str | None = None) -> None:
    """Print a line of the result. Square brackets in it are printed as they are."""
    from rich.text import Text

    console().print(Text(text, style=style or ""), soft_wrap=True)


def note(text: str) -> None:
    """Print a line beside the result, to standard error."""
    from rich.text import Text

    console(stderr=True).print(Text(text), soft_wrap=True)


def json_text(value: Any) -> str:
    """Any of the product's values as indented JSON, snake_case, times as ISO 8601."""
    import msgspec

    return json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False) + "\n"


def print_json(value: Any) -> None:
    """Print any of the product's values as :func:`json_text` writes it."""
    sys.stdout.write(json_text(value))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print rows under headers. Cells are plain text, or rich text where they are styled."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(c if isinstance(c, Text) else Text(str(c)) for c in row))
    console().print(table)


def styled(text: str, style: str) -> Any:
    """A cell or label with a style."""
    from rich.text import Text

    return Text(text, style=style)


def show_error(error: CmdbError, *, as_json: bool) -> None:
    """Say what went wrong, on standard error; as one JSON object where JSON was asked for."""
    if as_json:
        data = {"error": {"code": error.code, "message": error.message, **error.data()}}
        sys.stderr.write(json.dumps(data, ensure_ascii=False) + "\n")
        return
    note(f"Error: {error.message}")
    if isinstance(error, InvalidInput):
        for problem in error.problems:
            note(f"  {problem}")
        if (more := error.total - len(error.problems)) > 0:
            note(f"  … and {more:,} more")
    if isinstance(error, PartialResult):
        for failure in error.failures:
            note(f"  {failure}")


def ago(time: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in the largest whole unit: ``5 min ago``."""
    if time is None:
        return "never"
    seconds = int(((now or datetime.now(UTC)) - time).total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now" if seconds >= -60 else "in the future"


def short(text: str) -> str:
    """The text, cut where it is too long for a person, with how long it is."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """``1 item``, ``2 items``, ``1,000 items``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
