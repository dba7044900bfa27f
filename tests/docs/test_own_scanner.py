"""The tutorial on scanners of one's own, step by step, as an author would do it."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.docs.test_pages import run_steps
from tests.docs.test_readme import ROOT, tour


@pytest.fixture
def author(tmp_path: Path) -> Path:
    """An environment of its own, in which what is installed here is there too."""
    folder = tmp_path / "author"
    venv.create(folder, symlinks=True)
    inside = sysconfig.get_path("purelib", vars={"base": str(folder)})
    here = sysconfig.get_path("purelib")
    # addsitedir, because the product itself may be installed by such a file.
    Path(inside, "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    command = folder / "bin/cmdb"
    command.write_text(f'#!/bin/sh\nexec {folder}/bin/python -m cmdb "$@"\n')
    command.chmod(0o755)
    return folder


def test_the_tutorial_prints_what_it_shows(author: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    environment = {
        **os.environ,
        "CMDB_STORE": f"sqlite:///{tmp_path / 'own.db'}",
        "COLUMNS": "110",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{author / 'bin'}:{os.environ.get('PATH', '')}",
        # What the package needs to be built and run is here: nothing is downloaded.
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    run_steps([*tour((ROOT / "docs/own-scanner.md").read_text("utf-8"))], tmp_path, environment)
    listed = subprocess.run(
        [author / "bin/python", "-m", "cmdb", "scan", "--list"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "halls: Inventories of halls" in listed.stdout


def test_a_package_that_is_broken_is_named_and_the_others_listed(
    author: Path, tmp_path: Path
) -> None:
    site = Path(sysconfig.get_path("purelib", vars={"base": str(author)}))
    (site / "broken-1.0.dist-info").mkdir()
    (site / "broken-1.0.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n"
    )
    (site / "broken-1.0.dist-info/entry_points.txt").write_text(
        "[cmdb.scanners]\nodd = no_such_module:SCANNER\nlocal = no_such_module:SCANNER\n"
    )
    listed = subprocess.run(
        [author / "bin/python", "-m", "cmdb", "scan", "--list"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "The scanner odd of broken can't be loaded: ModuleNotFoundError" in listed.stderr
    assert "local: " in listed.stdout
    used = subprocess.run(
        [author / "bin/python", "-m", "cmdb", "scan", "odd"],
        capture_output=True, text=True, check=False, env={**os.environ, "CMDB_STORE": f"sqlite:///{tmp_path}/x.db"},
    )  # fmt: skip
    assert used.returncode == 2
    assert "Traceback" not in used.stderr
