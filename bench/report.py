"""Figures beside their peers: a table for people, JSON for programs."""

from __future__ import annotations

import json
import platform
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One thing measured. ``ours`` and ``peer`` are seconds for the same ``rows``.

    ``ratio`` is ``peer / ours``: 1 is as fast as the peer, 5 five times as fast. ``aim`` is the
    least that it should be, None where none was set.
    """

    store: str
    what: str
    rows: int
    ours: float
    peer_name: str
    peer: float
    aim: float | None = None

    @property
    def ratio(self) -> float:
        return self.peer / self.ours

    @property
    def verdict(self) -> str:
        if self.aim is None:
            return "no aim"
        return f">= {self.aim:g}: {'met' if self.ratio >= self.aim else 'MISSED'}"


_HEADER = ("store", "what", "rows", "ours s", "rows/s", "peer", "peer s", "ratio", "aim")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [_HEADER, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEADER))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.store,
        figure.what,
        f"{figure.rows:,}",
        f"{figure.ours:.2f}",
        f"{figure.rows / figure.ours:,.0f}",
        figure.peer_name,
        f"{figure.peer:.2f}",
        f"{figure.ratio:.2f}",
        figure.verdict,
    )


def versions() -> dict[str, str]:
    """What the figures were made with."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("msgspec", "neo4j", "neo4j-rust-ext")},
    }


def write_json(
    path: Path, figures: Sequence[Figure], engines: Sequence[str], skipped: Sequence[str]
) -> None:
    """Write the figures, with when and by what they were made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": sys.argv[1:],
        "versions": versions(),
        "engines": list(engines),
        "skipped": list(skipped),
        "figures": [{**asdict(figure), "ratio": figure.ratio} for figure in figures],
    }
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
