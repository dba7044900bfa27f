"""Reports in GraphQL."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from cmdb.reports.make import make_report
from cmdb.reports.report import Report
from cmdb_graphql.practices.practice import Info
from cmdb_graphql.roots.viewpoint import At
from cmdb_graphql.structs import Later, StructTypes

TYPES = frozenset("Report Section Measure".split())
ROOTS = frozenset({"report"})

Name = Annotated[str, strawberry.argument("itil, iso20000, cobit or dora.")]
Begins = Annotated[datetime | None, strawberry.argument("Where its window begins.")]
Ends = Annotated[datetime | None, strawberry.argument("Where its window ends.")]


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The query roots."""
    return {
        "report": strawberry.field(
            resolver=_report,
            graphql_type=structs.of(Report),
            description="Metrics and evidence of 90 days, reproducible from the revision.",
        )
    }


def mutations(_: StructTypes, __: Later) -> dict[str, Any]:
    """None: a report changes nothing."""
    return {}


async def _report(
    info: Info, name: Name, at: At = None, since: Begins = None, until: Ends = None
) -> Any:
    return await make_report(info.context.cmdb, name, at=at, since=since, until=until)
