"""Making a report: which there are, and as of when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.reports.clauses import COBIT, ISO20000, sections
from cmdb.reports.desk import Desk
from cmdb.reports.dora import dora
from cmdb.reports.itil import itil
from cmdb.reports.report import Report, Section
from cmdb.revisions.views import revision_number
from cmdb.service import Cmdb, Point

WINDOW = timedelta(days=90)

Fill = Callable[[Desk], tuple[Section, ...]]

REPORTS: Mapping[str, tuple[str, Fill]] = MappingProxyType(
    {
        "itil": ("ITIL 4 practices", itil),
        "iso20000": ("ISO/IEC 20000-1:2018", lambda desk: sections(desk, ISO20000)),
        "cobit": ("COBIT 2019", lambda desk: sections(desk, COBIT)),
        "dora": ("DORA, per service", dora),
    }
)
"""By name: the title, and what fills it."""


async def make_report(
    cmdb: Cmdb,
    name: str,
    *,
    at: Point | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Report:
    """The report of that name, as of a revision or time; the latest unless told.

    ``until`` is when that revision was written unless told, and ``since`` 90 days before it, so
    that the same revision gives the same report. Raises :class:`~cmdb.errors.InvalidInput` for an
    unknown name and a window that does not end after it starts. O(items + links).
    """
    if name not in REPORTS:
        hint = did_you_mean(nearest(name, REPORTS))
        raise InvalidInput(f"There is no report {name!r}{hint} There are {', '.join(REPORTS)}.")
    number = await revision_number(cmdb.store, await cmdb.revision() if at is None else at)
    if until is None:
        until = await _written(cmdb, number)
    start = since or until - WINDOW
    if start >= until:
        raise InvalidInput(
            f"A report's window must end after it starts; this goes from {start.isoformat()} to "
            f"{until.isoformat()}."
        )
    desk = await Desk.read(cmdb.store, cmdb.catalogue, number, start, until)
    title, fill = REPORTS[name]
    return Report(name, title, number, start, until, fill(desk))


async def _written(cmdb: Cmdb, number: int) -> datetime:
    found = await cmdb.store.revisions(after=number - 1, limit=1)
    if not found:
        raise InvalidInput("There is nothing to report on: the store is empty.")
    return found[0].time
