"""The benchmarks of the lab and of memory: what they run runs, and their tables say it."""

from __future__ import annotations

from bench import lab, memory


def test_memory_is_that_of_real_loads() -> None:
    small, large = ([*memory.imported(n), *memory.scanned(n)] for n in (200, 1_000))
    assert all(10 < peak.mebibytes < 1_000 for peak in (*small, *large))
    rows = memory.table(small, large).splitlines()[2:]
    names = [row.split("|")[1].strip() for row in rows]
    assert names == ["import, first time", "import, unchanged", "scan of many targets"]


def test_a_source_of_the_lab_is_a_line() -> None:
    times = {"observations": 35, "to a file": 2.0, "first, written": 3.0, "again, unchanged": 2.5}
    shown = lab.table({"snmp": times}, 0.5)
    assert "| snmp | 35 | 2.00 | 3.00 | 2.50 | 1.50 |" in shown
