"""Running a scanner from the command line, and storing what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmdb.cli.data import end_names, progress_bar, show_loaded
from cmdb.cli.output import note, plural
from cmdb.cli.run import with_cmdb
from cmdb.cli.status import PARTIAL
from cmdb.errors import InvalidInput

if TYPE_CHECKING:
    from cmdb.ingest import Loaded
    from cmdb.service import Cmdb
    from discovery.run import ScanResult
    from discovery.scanner import Scanner

ALL = "all"


def scan_source(
    source: str,
    targets: Sequence[str],
    assignments: Sequence[str],
    since: str | None,
    *,
    dry_run: bool,
    output: Path | None,
    store: str | None,
    as_json: bool,
) -> int:
    """Run a scanner; store what it saw, or write it to a file. Returns the exit status."""
    from cmdb.settings import load_settings
    from discovery.registry import load_scanner
    from discovery.run import run_scan
    from discovery.settings import parse_settings

    scanner = load_scanner(source)
    given = _given(source, load_settings(store=store).scan, assignments)
    settings = parse_settings(scanner.manifest.settings, given)
    asked = _since(since)
    if asked is None and since is None and scanner.scope is not None and output is None:
        asked = _last_complete_run(store, source, scanner.scope(settings))
    found = asyncio.run(run_scan(scanner, settings, targets, since=asked))
    _tell(found, scanner, asked)
    if output is not None:
        write_observations(output, found.observations)
        note(f"Wrote {plural(len(found.observations), 'observation')} to {output}.")
        return PARTIAL if found.partial else 0
    _store(found, store, dry_run, as_json)
    return PARTIAL if found.partial else 0


def _given(
    source: str, of_scanners: dict[str, dict[str, Any]], assignments: Sequence[str]
) -> dict[str, str]:
    """A scanner's settings as texts: what ``--set`` says over what the settings do."""
    from discovery.settings import parse_assignments

    return {
        **{name: _text(value) for name, value in of_scanners.get(source, {}).items()},
        **parse_assignments(assignments),
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _since(text: str | None) -> datetime | None:
    from cmdb.times import read_time

    return None if text is None or text == ALL else read_time(text, "--since")


def _last_complete_run(store: str | None, source: str, scope: str) -> datetime | None:
    async def work(cmdb: Cmdb) -> datetime | None:
        return await cmdb.last_complete_run(source, scope)

    return with_cmdb(store, work)


def _tell(found: ScanResult, scanner: Scanner[Any, Any], since: datetime | None) -> None:
    if scanner.manifest.experimental:
        note(f"The scanner {found.source} is experimental: check what it brings.")
    if since is not None:
        note(f"Read what changed since {since:%Y-%m-%d %H:%M} UTC; --since all reads everything.")
    for text in found.notes:
        note(text)
    for text in found.errors:
        note(f"Not read: {text}")


def _store(found: ScanResult, store: str | None, dry_run: bool, as_json: bool) -> None:
    async def work(cmdb: Cmdb) -> tuple[Loaded, dict[str, str]]:
        with progress_bar(len(found.observations), quiet=as_json) as advance:
            loaded = await cmdb.load_scan(
                found.source,
                found.scope,
                found.observations,
                full_scope=found.full_scope,
                errors=found.errors,
                started=found.started,
                dry_run=dry_run,
                progress=advance,
            )
        return loaded, await end_names(cmdb, loaded)

    loaded, names = with_cmdb(store, work)
    show_loaded(loaded, names, dry_run, as_json)


def write_observations(path: Path, observations: Any) -> None:
    """Write observations as JSON Lines; raises :class:`~cmdb.errors.InvalidInput`."""
    from cmdb.exchange.export import JsonLinesWriter, line_of_observation

    try:
        with path.open("wb") as stream:
            writer = JsonLinesWriter(stream)
            for seen in observations:
                writer.write(line_of_observation(seen))
            writer.close()
    except OSError as error:
        raise InvalidInput(f"{path} can't be written: {error.strerror}.") from None
