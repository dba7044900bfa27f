"""Tables that commands print, read by jc."""

from __future__ import annotations

from typing import Any


def table(parser: str, text: str) -> list[dict[str, Any]]:
    """The rows; none where the text is not what that parser reads."""
    import jc

    if not text.strip():
        return []
    try:
        rows: Any = jc.parse(parser, text, quiet=True)
    except Exception:  # noqa: BLE001  # the library raises whatever its parsers meet
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
