"""Running a scanner from the command line, and storing what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmdb.cli.data import end_names, progress_bar, show_loaded
from cmdb.cli.output import note, plural, print_json, say
from cmdb.cli.run import with_cmdb
from cmdb.cli.status import PARTIAL
from cmdb.errors import InvalidInput, RemoteUnavailable

if TYPE_CHECKING:
    from cmdb.ingest import Loaded
    from cmdb.service import Cmdb
    from cmdb.settings import Settings
    from discovery.run import ScanResult
    from discovery.scanner import Scanner

ALL = "all"


def scan_source(
    source: str,
    targets: Sequence[str],
    assignments: Sequence[str],
    since: str | None,
    output: Path | None,
    to: str | None,
    token: str,
    store: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Run a scanner; store what it saw, write it to a file or send it. Returns the exit status."""
    from cmdb.settings import load_settings
    from discovery.registry import load_scanner
    from discovery.settings import parse_settings

    if (output is not None) + (to is not None) + dry_run > 1:
        raise InvalidInput("Give one of --output, --to and --dry-run.")
    scanner = load_scanner(source)
    in_force = load_settings(store=store)
    settings = parse_settings(scanner.manifest.settings, _given(source, in_force.scan, assignments))
    if to is not None:
        return asyncio.run(_push(scanner, settings, targets, since, in_force, to, token, as_json))
    asked = _since(since)
    if asked is None and since is None and scanner.scope is not None and output is None:
        asked = _last_complete_run(store, source, scanner.scope(settings))
    keeping = output is None and not dry_run
    found = _read(scanner, settings, targets, asked, store if keeping else None, keep=keeping)
    _tell(found, scanner, asked)
    if output is not None:
        write_observations(output, found.observations)
        note(f"Wrote {plural(len(found.observations), 'observation')} to {output}.")
        return PARTIAL if found.partial else 0
    held = _store(found, store, dry_run, as_json)
    return PARTIAL if found.partial or held else 0


def _read(
    scanner: Scanner[Any, Any],
    settings: Any,
    targets: Sequence[str],
    since: datetime | None,
    store: str | None,
    *,
    keep: bool,
) -> ScanResult:
    """What the scanner sees. That its source can't be reached is kept as a failed run."""
    from discovery.run import run_scan

    started = datetime.now(UTC)
    try:
        return asyncio.run(run_scan(scanner, settings, targets, since=since))
    except RemoteUnavailable as error:
        if keep:
            scope = scanner.scope(settings) if scanner.scope is not None else ""
            failure = (scanner.manifest.name, scope, error.message, started)
            with_cmdb(store, lambda cmdb: cmdb.save_failure(*failure))
        raise


async def _push(
    scanner: Scanner[Any, Any],
    settings: Any,
    targets: Sequence[str],
    since: str | None,
    in_force: Settings,
    to: str,
    token: str,
    as_json: bool,
) -> int:
    """Send what the scanner sees to a server, or keep it until that is back."""
    from cmdb.cli.discover import open_push
    from discovery.run import run_scan

    source, started = scanner.manifest.name, datetime.now(UTC)
    scope = scanner.scope(settings) if scanner.scope is not None else ""
    async with open_push(to, token, in_force) as push:
        asked = _since(since)
        if asked is None and since is None and scanner.scope is not None:
            asked = await push.last_complete_run(source, scope)
        try:
            found = await run_scan(scanner, settings, targets, since=asked)
        except RemoteUnavailable as error:
            await push.failed(source, scope, error.message, started)
            raise
        stored = await push.store(found, lambda _: None)
    _tell(found, scanner, asked)
    if as_json:
        print_json({"status": stored.status, "run": stored.run, "counts": stored.counts})
    elif stored.status == "kept":
        say(f"{to} is away. The run is kept, and sent by the next one that reaches it.")
    else:
        counts = ", ".join(f"{k.replace('_', ' ')} {n:,}" for k, n in stored.counts.items())
        say(f"Sent to {to}: {stored.status}; {counts}.")
    return PARTIAL if found.partial or stored.status == "held" else 0


def _given(
    source: str, of_scanners: dict[str, dict[str, Any]], assignments: Sequence[str]
) -> dict[str, str]:
    """A scanner's settings as texts: what ``--set`` says over what the settings do."""
    from discovery.settings import parse_assignments, setting_text

    return {
        **{name: setting_text(value) for name, value in of_scanners.get(source, {}).items()},
        **parse_assignments(assignments),
    }


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


def _store(found: ScanResult, store: str | None, dry_run: bool, as_json: bool) -> bool:
    """Store what was seen, and print it; whether the run is held."""

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
    return loaded.run.held is not None


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
