"""Sources and their runs in GraphQL."""

from typing import Annotated, Any

import strawberry

from cmdb.inference.decisions import checked_decision
from cmdb.inference.inferences import (
    InferenceView,
    Inferred,
    decide,
    inferences,
    write_inferences,
)
from cmdb.revisions import Run
from cmdb.sources import SourceStatus, source_statuses
from cmdb_graphql.practices.practice import Info
from cmdb_graphql.structs import Later, StructTypes, many

TYPES = frozenset("SourceStatus Held InferenceView InferenceItem Inferred".split())
ROOTS = frozenset("sources inferences".split())


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
        "inferences": strawberry.field(
            resolver=_inferences,
            graphql_type=many(structs.of(InferenceView)),
            description="What follows from what sources report, with what people decided of it.",
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
        "infer": strawberry.field(
            resolver=_infer,
            graphql_type=structs.of(Inferred),
            description="Write what follows from what sources report, and take back what does not.",
        ),
        "decide_inference": strawberry.field(
            resolver=_decide,
            graphql_type=structs.of(Inferred),
            description="Confirm or refuse an inference, or leave it open again.",
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


async def _inferences(info: Info) -> Any:
    return await inferences(info.context.cmdb)


async def _infer(info: Info) -> Any:
    return await write_inferences(info.context.cmdb, info.context.actor.name)


async def _decide(
    info: Info,
    key: Annotated[str, strawberry.argument("The key of the inference.")],
    decision: Annotated[str, strawberry.argument("confirmed, refused or open.")],
    reason: Annotated[str, strawberry.argument("Why; kept with the decision.")] = "",
) -> Any:
    context = info.context
    chosen = checked_decision(decision)
    return await decide(context.cmdb, key, chosen, context.actor, reason)
