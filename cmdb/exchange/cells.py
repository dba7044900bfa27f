"""Several values in one cell of a table."""

from __future__ import annotations

import io
from collections.abc import Iterable


def split_cell(text: str) -> list[str]:
    """The semicolon-separated parts of a cell; ``\\;`` and ``\\\\`` stand for themselves."""
    parts, now, escaped = [], io.StringIO(), False
    for c in text:
        if escaped:
            now.write(c)
            escaped = False
        elif c == "\\":
            escaped = True
        elif c == ";":
            parts.append(now.getvalue())
            now = io.StringIO()
        else:
            now.write(c)
    parts.append(now.getvalue())
    return [part.strip() for part in parts if part.strip()]


def join_parts(parts: Iterable[str]) -> str:
    """What :func:`split_cell` takes apart again."""
    return ";".join(part.replace("\\", "\\\\").replace(";", "\\;") for part in parts)
