"""The verb that runs one scanner: scan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmdb.cli.data import DryRunOption
from cmdb.cli.discover import TokenOption, ToOption
from cmdb.cli.output import note, print_json, say
from cmdb.cli.run import JsonOption, StoreOption


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command("scan")(scan)


def scan(
    source: Annotated[
        str | None, typer.Argument(help="The scanner, such as local.", metavar="SOURCE")
    ] = None,
    targets: Annotated[list[str] | None, typer.Argument(help="What to scan.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", help="A scanner's setting.", metavar="KEY=VALUE"),
    ] = None,
    list_scanners: Annotated[bool, typer.Option("--list", help="List the scanners.")] = False,
    new: Annotated[
        str | None,
        typer.Option("--new", help="Write the package of a scanner of your own.", metavar="NAME"),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Read what changed since then, or all; without it what changed since the last "
            "complete run, where the source can tell.",
            metavar="TIME|all",
        ),
    ] = None,
    dry_run: DryRunOption = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write observations to a file instead.")
    ] = None,
    to: ToOption = None,
    token: TokenOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a scanner and reconcile what it sees.

    Example: cmdb scan local
    """
    from cmdb.errors import InvalidInput

    if list_scanners:
        return _list_scanners(as_json)
    if new is not None:
        return _new_scanner(new)
    if source is None:
        raise InvalidInput("Name a scanner: cmdb scan SOURCE. `cmdb scan --list` lists them.")
    from cmdb.cli.scanning import scan_source

    asked = (source, targets or [], settings or [], since)
    where = (output, to, token, store)
    return scan_source(*asked, *where, dry_run=dry_run, as_json=as_json)


def _new_scanner(name: str) -> int:
    from discovery.new_scanner import write_scanner

    folder = write_scanner(name, Path())
    say(f"Wrote {folder}: a scanner that works, and its test.")
    say(f"  pip install -e {folder}")
    say(f"  cmdb scan {name} {folder}/inventory.json")
    return 0


def _list_scanners(as_json: bool) -> int:
    from cmdb.errors import InvalidInput
    from discovery.registry import load_scanner, scanner_names

    found = []
    for name in scanner_names():
        try:
            found.append(load_scanner(name).manifest)
        except InvalidInput as error:  # another package's is broken: ours are listed all the same
            note(error.message)
    if as_json:
        print_json([m.data() for m in found])
        return 0
    for manifest in found:
        mark = " (experimental)" if manifest.experimental else ""
        say(f"{manifest.name}{mark}: {manifest.title}", "bold")
        say(f"  {manifest.description}")
        say(f"  finds: {', '.join((*manifest.kinds, *manifest.relations))}")
        for need in manifest.needs:
            say(f"  needs: {need}")
        if manifest.as_root:
            say(f"  as root: {manifest.as_root}")
        for setting in manifest.data()["settings"]:
            say(f"  --set {setting['name']}={setting['default']}: {setting['description']}")
        say(f"  example: {manifest.example}")
    return 0
