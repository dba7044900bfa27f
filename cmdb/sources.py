"""The sources that fill the estate: how each stands, by its runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from cmdb.revisions import Run, RunStatus
from cmdb.service import Cmdb

RUNS_LOOKED_AT = 1_000
"""The latest runs, among which a source is looked for."""


class SourceStatus(msgspec.Struct, frozen=True):
    """A source over one of its scopes. ``latest`` is its latest run, which took ``seconds``;
    ``last_success`` is when the latest run began that was complete, ``failures`` how many in a row
    have not been since."""

    source: str
    scope: str
    latest: Run
    seconds: float | None
    last_success: datetime | None
    failures: int


async def source_statuses(cmdb: Cmdb) -> list[SourceStatus]:
    """How every source stands over each of its scopes, sorted by both. One read.

    A source that ran before the latest 1,000 runs only is not among them.
    """
    by_scope: dict[tuple[str, str], list[Run]] = {}
    for run in await cmdb.store.runs(limit=RUNS_LOOKED_AT):
        by_scope.setdefault((run.source, run.scope), []).append(run)
    return [_status(*key, runs) for key, runs in sorted(by_scope.items())]


def _status(source: str, scope: str, runs: Sequence[Run]) -> SourceStatus:
    """``runs`` are those of one source and scope, the latest first."""
    ended = [run for run in runs if run.status is not RunStatus.RUNNING]
    failures = next(
        (at for at, run in enumerate(ended) if run.status is RunStatus.COMPLETE), len(ended)
    )
    success = ended[failures].started if failures < len(ended) else None
    return SourceStatus(source, scope, runs[0], runs[0].seconds, success, failures)
