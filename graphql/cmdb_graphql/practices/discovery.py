"""Sources and their runs in GraphQL."""

from typing import Annotated, Any

import strawberry

from cmdb.revisions import Run
from cmdb.sources import SourceStatus, source_statuses
from cmdb_graphql.practices.practice import Info
from cmdb_graphql.structs import Later, StructTypes, many

TYPES = frozenset("SourceStatus Held".split())
ROOTS = frozenset({"sources"})


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The query roots."""
    return {
        "sources": strawberry.field(
            resolver=_sources,
            graphql_type=many(structs.of(SourceStatus)),
            description="How each source stands over each of its scopes, by its runs.",
        ),
    }


def mutations(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The mutations."""
    return {
        "accept_run": strawberry.field(
            resolver=_accept,
            graphql_type=structs.of(Run),
            description="Let what a held run did not see be marked as gone.",
        ),
    }


async def _sources(info: Info) -> Any:
    return await source_statuses(info.context.cmdb)


async def _accept(
    info: Info,
    run: Annotated[str, strawberry.argument("The id of the run.")],
    reason: Annotated[str, strawberry.argument("Why; kept with the revision.")] = "",
) -> Any:
    context = info.context
    loaded = await context.cmdb.accept_run(run, reason, actor=context.actor.name)
    return loaded.run
