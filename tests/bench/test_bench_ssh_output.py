"""The bench of SSH output runs, and tells how much came of how many hosts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_hosts_are_read_and_understood() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.ssh_output", "--hosts", "6"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("6 hosts printed ")
    assert "hosts alike: values to observations" in done.stdout
    assert "hosts that differ: both" in done.stdout
    assert "memory at its peak" in done.stdout
