"""Running a scanner: fetch, parse, count, and keep what worked when something failed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from cmdb.errors import CmdbError, InvalidInput, RemoteUnavailable
from cmdb.items import ItemObservation, Observation
from discovery.scanner import Failure, Parsed, PayloadT, Scanner, SettingsT


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan that began at ``started`` saw.

    ``observations`` have items before links. ``scope`` is what was looked at; it is empty where
    several things were, each with a scope of its own, and then ``full_scope`` is False. Only a
    result with ``full_scope`` says that what is not in it is gone. ``errors`` are sentences about
    what could not be read, ``notes`` about what is worth knowing. ``counts`` has ``items``,
    ``links`` and one entry for each kind and relation.
    """

    source: str
    scope: str
    full_scope: bool
    observations: tuple[Observation, ...]
    started: datetime
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether some of it failed."""
        return bool(self.errors)


async def run_scan(
    scanner: Scanner[SettingsT, PayloadT],
    settings: SettingsT,
    targets: Sequence[str] = (),
    now: datetime | None = None,
    since: datetime | None = None,
    *,
    timeout: float | None = None,  # noqa: ASYNC109  # what was read until then is kept
    progress: Callable[[int], None] | None = None,
) -> ScanResult:
    """Fetch all targets and parse what comes.

    ``now`` is the time that observations bear (default: the current time, UTC). What has not
    changed since ``since`` may be left out, by a scanner that can tell. After ``timeout`` seconds
    it ends, and what was read until then is a partial result. ``progress`` is told how many
    observations there are whenever more are.

    Raises the scanner's :class:`~cmdb.errors.CmdbError` where nothing at all could be read, and
    :class:`~cmdb.errors.InvalidInput` where targets are given to a scanner that takes none.
    """
    manifest = scanner.manifest
    if targets and not manifest.targets:
        raise InvalidInput(f"The scanner {manifest.name} takes no target, not {targets[0]!r}.")
    if since is not None and scanner.scope is None:
        raise InvalidInput(
            f"The scanner {manifest.name} can't tell what changed since a time; it reads all."
        )
    time = (now or datetime.now(UTC)).astimezone(UTC)
    parts: list[Parsed] = []
    failures: list[Failure] = []
    limit = asyncio.timeout(timeout)
    try:
        async with limit, aclosing(scanner.fetch(settings, targets, since)) as fetching:  # type: ignore[type-var]  # every fetch is an asynchronous generator
            async for fetched in fetching:
                if isinstance(fetched, Failure):
                    failures.append(fetched)
                    continue
                parts.append(scanner.parse(fetched, settings, time))
                if progress is not None:
                    progress(sum(len(part.observations) for part in parts))
    except (CmdbError, TimeoutError) as error:
        if isinstance(error, TimeoutError):
            if not limit.expired():
                raise
            error = RemoteUnavailable(f"It was stopped after {timeout:g} seconds, its time-out.")
        if not parts:
            raise error from None
        failures.append(Failure(error.message, hides_links=True))
    return result_of(manifest.name, parts, time, failures)


def result_of(
    source: str,
    parts: Sequence[Parsed],
    started: datetime,
    failures: Sequence[Failure] = (),
) -> ScanResult:
    """What the parts of a scan come to, items before links."""
    observations = [o for part in parts for o in part.observations]
    if any(failure.hides_links for failure in failures):
        observations = [_incomplete(seen) for seen in observations]
    observations.sort(key=lambda o: not isinstance(o, ItemObservation))
    scopes = {part.scope for part in parts}
    errors = (
        *(failure.message for failure in failures),
        *(error for part in parts for error in part.errors),
    )
    return ScanResult(
        source=source,
        scope=scopes.pop() if len(scopes) == 1 else "",
        full_scope=len({part.scope for part in parts}) == 1
        and not errors
        and all(part.full for part in parts),
        observations=tuple(observations),
        started=started,
        errors=tuple(errors),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        counts=_counts(observations),
    )


def _incomplete(seen: Observation) -> Observation:
    """The observation without the claim that all links of the item are named."""
    if isinstance(seen, ItemObservation) and seen.complete:
        return msgspec.structs.replace(seen, complete=())
    return seen


def _counts(observations: Sequence[Observation]) -> dict[str, int]:
    counts = Counter[str]()
    for seen in observations:
        item = isinstance(seen, ItemObservation)
        counts["items" if item else "links"] += 1
        counts[seen.kind if isinstance(seen, ItemObservation) else seen.relation] += 1
    return {"items": 0, "links": 0, **dict(sorted(counts.items()))}
