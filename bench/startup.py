"""How long a command takes before it does anything."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from bench.report import Figure

_ROUNDS = 7


def startup() -> Figure:
    """The best of some runs each, turn by turn: importing the command line, and nothing."""
    ours, bare = [], []
    for _ in range(_ROUNDS):
        ours.append(_seconds("import cmdb.cli.main"))
        bare.append(_seconds("pass"))
    return Figure("-", "import cmdb.cli.main", 1, min(ours), "python -c pass", min(bare))


def _seconds(code: str) -> float:
    begin = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - begin
