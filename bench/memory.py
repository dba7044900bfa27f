"""`python -m bench.memory`: the most memory that loading takes, for few and for many observations.

Each figure is the peak of one process of its own, `cmdb` as people run it, as the system tells it.
Of it *own* is what the process holds itself. Both are looked at 50 times a second: the rest is the
program and pages of the database's file, which the system takes back when it needs them. Linux
only. Beside the larger load stands the smaller one: what it takes less is kept of what passes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.files import write_observations
from bench.ingest import Size
from bench.process import mebibytes

MAPPING = """
[host]
each = "hosts[]"
kind = "Server"
id = "id"
[host.identifiers]
serial = "serial"
[host.properties]
name = "name"
vendor = "vendor"
[[host.links]]
relation = "DEPENDS_ON"
to = { host = "needs" }
"""
PER_FILE = 100
"""Hosts in one target of the scan; each has a link as well."""
LINKS_PER_ITEM = 4


@dataclass(frozen=True)
class Peak:
    """What one process took at most, in MiB, for so many observations, and of it by itself."""

    what: str
    observations: int
    mebibytes: float
    own: float


def peak(*words: str, folder: Path) -> tuple[float, float]:
    """Run cmdb on Linux; returns the most memory that it took and that it held itself, in MiB."""
    command = [sys.executable, "-m", "cmdb", *words, "--store", f"sqlite:///{folder}/estate.db"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    most = own = 0.0
    while child.poll() is None:
        most = max(most, mebibytes("VmHWM", child.pid))
        own = max(own, mebibytes("RssAnon", child.pid))
        time.sleep(0.02)
    if child.returncode:
        raise SystemExit(f"{' '.join(words[:2])} ended with {child.returncode}.")
    return most, own


def imported(observations: int) -> list[Peak]:
    """An import of lines into an empty database, and the same again."""
    size = Size(observations // (LINKS_PER_ITEM + 1), LINKS_PER_ITEM)
    with tempfile.TemporaryDirectory(prefix="cmdb-bench-") as name:
        folder = Path(name)
        write_observations(folder / "lines.jsonl", size)
        words = ("import", f"{folder}/lines.jsonl")
        return [
            Peak(what, observations, *peak(*words, folder=folder))
            for what in ("import, first time", "import, unchanged")
        ]


def scanned(observations: int) -> list[Peak]:
    """A scan of many targets into an empty database."""
    with tempfile.TemporaryDirectory(prefix="cmdb-bench-") as name:
        folder = Path(name)
        (folder / "hosts.toml").write_text(MAPPING)
        targets = [_target(folder, n) for n in range(observations // (2 * PER_FILE))]
        words = ("scan", "json", *targets, "--set", f"mapping={folder}/hosts.toml")
        return [Peak("scan of many targets", observations, *peak(*words, folder=folder))]


def _target(folder: Path, number: int) -> str:
    first = number * PER_FILE
    hosts = [
        {
            "id": f"h{n}",
            "serial": f"SN{n:08d}",
            "name": f"host{n}",
            "vendor": "Example Machines",
            "needs": f"h{max(n - 1, 0) if n else 1}",
        }
        for n in range(first, first + PER_FILE)
    ]
    path = folder / f"{number}.json"
    path.write_text(json.dumps({"hosts": hosts}))
    return str(path)


def table(small: Sequence[Peak], large: Sequence[Peak]) -> str:
    """Both sizes beside each other, as a Markdown table."""
    lines = [
        "| what | observations | MiB | own | observations | MiB | own | ratio | of own |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for few, many in zip(small, large, strict=True):
        lines.append(
            f"| {few.what} | {few.observations:,} | {few.mebibytes:.0f} | {few.own:.0f} | "
            f"{many.observations:,} | {many.mebibytes:.0f} | {many.own:.0f} | "
            f"{many.mebibytes / few.mebibytes:.2f} | {many.own / few.own:.2f} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=200_000)
    given = parser.parse_args()
    small, large = ([*imported(size), *scanned(size)] for size in (given.small, given.large))
    print(table(small, large))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
