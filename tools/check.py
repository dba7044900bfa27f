"""Everything that `make check` holds the code to, one line each; exits 1 if any of it fails."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("lint", [str(BIN / "ruff"), "check", "-q", "."]),
    ("format", [str(BIN / "ruff"), "format", "-q", "--check", "."]),
    ("types (mypy)", [str(BIN / "mypy")]),
    ("types of tests (mypy)", [str(BIN / "mypy"), "tests", "bench", "tools"]),
    ("types (pyright)", [str(BIN / "pyright")]),
    ("import contracts", [str(BIN / "lint-imports")]),
    ("generated pages", [sys.executable, "tools/reference.py", "--check"]),
)


def main() -> int:
    """Run all checks; returns the exit status."""
    failed = [name for name, command in _checks() if not _passes(name, command)]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


def _checks() -> list[tuple[str, list[str]]]:
    checks = [*CHECKS]
    npm = shutil.which("npm")
    if npm and Path("web/node_modules").is_dir():
        checks.append(("web app", [npm, "--prefix", "web", "run", "-s", "check"]))
    else:
        print("web app: not checked (needs Node: npm --prefix web ci)")
    return checks


def _passes(name: str, command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}", flush=True)
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-3000:], sep="\n")
    return done.returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
