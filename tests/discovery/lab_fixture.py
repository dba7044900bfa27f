"""The lab, for tests that scan it: started once for each process that tests, where it can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.lab.lab import Lab, why_not
from tools.lab.ready import wait


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab, up, with its topology as the ground truth. Leave it as you found it."""
    if reason := why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Daemons that give up root must reach the folder, and pytest's own are closed to them.
    folder = Path(f"/tmp/cmdb-test-lab-{os.getpid()}")
    lab = Lab(f"cmdb-t{os.getpid()}-", folder)
    lab.up()
    try:
        wait(lab)
        yield lab
    finally:
        lab.down()
