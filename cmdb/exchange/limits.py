"""How large the parts of a table's file may be."""

from __future__ import annotations

MAX_CELL = 200_000
"""Characters in a CSV cell."""
MAX_UNPACKED = 2 * 1024**3
"""Bytes that a spreadsheet may unpack to: more is an attack or no inventory."""
