"""The example of `docs/impact.md` is run, and prints what is shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from cmdb.cli.main import run_main

PAGE = Path(__file__).parents[2] / "docs" / "impact.md"


def test_the_example_prints_what_is_shown(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'demo.db'}"
    assert run_main(["demo", "--load-only", "--store", store]) == 0
    found = re.search(
        r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    done = subprocess.run(
        [sys.executable, "-c", found[1]],
        env={**os.environ, "CMDB_STORE": store},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == found[2]
