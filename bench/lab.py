"""`python -m bench.lab`: scans of the lab from end to end, by source, alone and with the write.

Needs root, and what `make lab` needs. Each scan is a process of its own at the lab's node `scan`,
as somebody there would run it: its start is in its time. Beside each stands the same scan that
writes to a file and to no database.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from tools.lab.lab import Lab, why_not
from tools.lab.ready import FROM, wait
from tools.lab.tour import COMMUNITY, SCAN_SECONDS, scans

PREFIX = "cmdb-bench-"


class Scans:
    """Scans of one lab, into a folder."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._folder = folder

    def to_file(self, words: list[str]) -> int:
        """Scan into a file; returns how many observations there are."""
        path = self._folder / "seen.jsonl"
        self._cmdb("scan", *words, "--output", str(path))
        return len(path.read_text("utf-8").splitlines())

    def to_store(self, words: list[str], name: str) -> None:
        """Scan into a database of that name."""
        self._cmdb("scan", *words, "--store", f"sqlite:///{self._folder}/{name}.db")

    def nothing(self) -> None:
        """Start, say the version, and end."""
        self._cmdb("--version")

    def _cmdb(self, *words: str) -> None:
        cmdb = str(Path(sys.executable).with_name("cmdb"))
        told = f"{COMMUNITY}={self._lab.topology.snmp.community}"
        self._lab.run(FROM, "env", told, cmdb, *words, seconds=SCAN_SECONDS)


def measure(found: Scans, words: list[str], rounds: int) -> dict[str, float]:
    """Seconds of a source, medians of some rounds: into a file, into an empty database, again."""
    seen: list[int] = []
    times: dict[str, list[float]] = {"to a file": [], "first, written": [], "again, unchanged": []}
    for n in range(rounds):
        name = f"{words[0]}{n}"
        times["to a file"].append(_seconds(lambda: seen.append(found.to_file(words))))
        for what in ("first, written", "again, unchanged"):
            times[what].append(_seconds(lambda name=name: found.to_store(words, name)))  # type: ignore[misc]  # mypy can't infer a default's type in a lambda
    return {"observations": seen[-1]} | {k: statistics.median(v) for k, v in times.items()}


def _seconds(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def table(by_source: dict[str, dict[str, float]], start: float) -> str:
    """A line for each source, as Markdown. The last column is what writing adds to reading."""
    lines = [
        "| source | observations | to a file, s | first, s | again, s | first by to a file |",
        "|---|---|---|---|---|---|",
    ]
    for source, of in by_source.items():
        read, first, again = of["to a file"], of["first, written"], of["again, unchanged"]
        lines.append(
            f"| {source} | {of['observations']:,.0f} | {read:.2f} | {first:.2f} | {again:.2f} | "
            f"{first / read:.2f} |"
        )
    return "\n".join([*lines, "", f"`cmdb --version` there: {start:.2f} s."])


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.lab", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="cmdb-bench-lab-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)  # daemons that give up root must reach it
        lab = Lab(PREFIX, folder / "lab")
        lab.up()
        try:
            wait(lab)
            found = Scans(lab, folder)
            start = statistics.median(_seconds(found.nothing) for _ in range(given.rounds))
            by_source = {w[0]: measure(found, w, given.rounds) for w in scans(lab)}
        finally:
            lab.down()
    print(table(by_source, start))
    if given.json:
        given.json.write_text(json.dumps(by_source, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
