"""The command line. Only this package and :mod:`cmdb.app` see everything."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its status."""
    from cmdb.cli.main import run_main

    raise SystemExit(run_main())
