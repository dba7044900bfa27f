"""Running a scanner: fetch, parse, count, and keep what worked when something failed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cmdb.errors import CmdbError, InvalidInput, RemoteUnavailable
from cmdb.items import ItemObservation, Observation, Observed
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
    observations: Collection[Observation]
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
    gathered, failures = _Gathered(), list[Failure]()
    limit = asyncio.timeout(timeout)
    try:
        async with limit, aclosing(scanner.fetch(settings, targets, since)) as fetching:  # type: ignore[type-var]  # every fetch is an asynchronous generator
            async for fetched in fetching:
                if isinstance(fetched, Failure):
                    failures.append(fetched)
                    continue
                gathered.add(scanner.parse(fetched, settings, time))
                if progress is not None:
                    progress(len(gathered.observations))
    except (CmdbError, TimeoutError) as error:
        if isinstance(error, TimeoutError):
            if not limit.expired():
                raise
            error = RemoteUnavailable(f"It was stopped after {timeout:g} seconds, its time-out.")
        if gathered.empty:
            raise error from None
        failures.append(Failure(error.message, hides_links=True))
    return gathered.result(manifest.name, time, failures)


def result_of(source: str, parts: Sequence[Parsed], started: datetime) -> ScanResult:
    """What the parts of a scan come to, items before links."""
    gathered = _Gathered()
    for part in parts:
        gathered.add(part)
    return gathered.result(source, started)


class _Gathered:
    """What the parts of a scan have come to so far. No part is kept, only what it says."""

    def __init__(self) -> None:
        self.observations = Observed()
        self.empty = True
        self._full = True
        self._scopes = set[str]()
        self._errors: list[str] = []
        self._notes: dict[str, None] = {}
        self._counts = Counter[str]()

    def add(self, part: Parsed) -> None:
        self.empty = False
        self.observations.extend(part.observations)
        self._full = self._full and part.full
        self._scopes.add(part.scope)
        self._errors.extend(part.errors)
        self._notes.update(dict.fromkeys(part.notes))
        self._counts.update(
            seen.kind if isinstance(seen, ItemObservation) else seen.relation
            for seen in part.observations
        )

    def result(
        self, source: str, started: datetime, failures: Sequence[Failure] = ()
    ) -> ScanResult:
        if any(failure.hides_links for failure in failures):
            self.observations.hide_links()
        errors = (*(failure.message for failure in failures), *self._errors)
        alike = len(self._scopes) == 1
        return ScanResult(
            source=source,
            scope=next(iter(self._scopes)) if alike else "",
            full_scope=alike and not errors and self._full,
            observations=self.observations,
            started=started,
            errors=errors,
            notes=tuple(self._notes),
            counts={
                "items": self.observations.items_count,
                "links": self.observations.links_count,
                **dict(sorted(self._counts.items())),
            },
        )
