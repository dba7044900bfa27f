"""The README's tour, word for word: every command is run, every line shown must be printed.

A line of three dots stands for any lines, three dots inside a line for any text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def tour(text: str) -> Iterator[tuple[str, str]]:
    """The commands of all console blocks with the output that is shown for them."""
    for block in _BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def pattern(shown: str) -> re.Pattern[str]:
    """What the real output must match in full."""
    lines = [
        r"(?:.*\n)*?" if line == "..." else f"{_inline(line)}\n" for line in shown.splitlines()
    ]
    return re.compile("".join(lines) + r"\Z")


def _inline(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("...")) + r"\ *"


def _store(tmp_path: Path, request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    address: str = request.getfixturevalue("empty_neo4j")
    return address


@pytest.fixture(params=["sqlite", "neo4j"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> str | None:
    return _store(tmp_path, request)


def test_the_tour_prints_what_it_shows(store: str | None, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    environment = {**os.environ, "COLUMNS": "200", "LC_ALL": "C.UTF-8", "CMDB_ACTOR": "reader"}
    environment.pop("CMDB_STORE", None)
    script = tmp_path / "state"
    script.write_text("", "utf-8")
    steps = [*tour((ROOT / "README.md").read_text("utf-8"))]
    assert len(steps) >= 15
    for command, shown in steps:
        if store is not None and command.startswith("export "):
            command += f' && export CMDB_STORE="{store}"'
        done = subprocess.run(
            [
                shutil.which("bash") or "sh",
                "-c",
                f". ./state; {command}; s=$?; export -p > state; exit $s",
            ],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        assert pattern(shown).match(done.stdout), (
            f"{command}\nshown:\n{shown}\nreal:\n{done.stdout}"
        )
