"""Service configuration management in GraphQL."""

from typing import Annotated, Any

import strawberry

from cmdb.configuration.baselines import (
    Verification,
    record_verification,
    take_baseline,
    verify_baseline,
)
from cmdb.configuration.drift import Drift, drift
from cmdb.configuration.health import DEFAULT_LIMIT, DuplicateGroup, Health, duplicates, health
from cmdb_graphql.practices.practice import Info, Record
from cmdb_graphql.roots.viewpoint import Limit, checked_rows
from cmdb_graphql.structs import Later, StructTypes, many

TYPES = frozenset(
    "Verification BaselineDifference Health HealthScore Defect DuplicateGroup Drift DriftLink "
    "DriftItem".split()
)
ROOTS = frozenset("health duplicates baselineVerification drift".split())

Texts = list[str] | None


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The query roots."""
    return {
        "health": strawberry.field(
            resolver=_health,
            graphql_type=structs.of(Health),
            description="How good the data is, weighted by what rests on what is wrong.",
        ),
        "duplicates": strawberry.field(
            resolver=_duplicates,
            graphql_type=many(structs.of(DuplicateGroup)),
            description="Items that may be one thing.",
        ),
        "drift": strawberry.field(
            resolver=_drift,
            graphql_type=structs.of(Drift),
            description="Links that are declared and were never seen, and the other way round.",
        ),
        "baseline_verification": strawberry.field(
            resolver=_verification,
            graphql_type=structs.of(Verification),
            description="What differs from a baseline, each line tied to a change or to none.",
        ),
    }


def mutations(structs: StructTypes, later: Later) -> dict[str, Any]:
    """The mutations."""
    return {
        "take_baseline": strawberry.field(
            resolver=_take,
            graphql_type=later("Baseline"),
            description="Keep a revision of a set of items.",
        ),
        "verify_baseline": strawberry.field(
            resolver=_verify,
            graphql_type=structs.of(Verification),
            description="Verify a baseline, and keep with it that this was done.",
        ),
    }


async def _health(info: Info, limit: Limit = DEFAULT_LIMIT) -> Any:
    return await health(info.context.cmdb, limit=checked_rows(limit))


async def _duplicates(info: Info) -> Any:
    return await duplicates(info.context.cmdb)


async def _drift(
    info: Info,
    relations: Annotated[
        Texts, strawberry.argument("Links of these relations; those of impact without.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Annotated[int, strawberry.argument("Links to pass over.")] = 0,
) -> Any:
    return await drift(
        info.context.cmdb, relations=relations or (), limit=checked_rows(limit), offset=offset
    )


async def _verification(info: Info, record: Record) -> Any:
    return await verify_baseline(info.context.cmdb, record)


async def _take(
    info: Info,
    description: Annotated[str, strawberry.argument("What it is for.")],
    items: Annotated[Texts, strawberry.argument("The items in it.")] = None,
    kinds: Annotated[Texts, strawberry.argument("All items of these kinds.")] = None,
    at: Annotated[str | None, strawberry.argument("The revision or time to keep.")] = None,
) -> Any:
    context = info.context
    return await take_baseline(
        context.cmdb, context.actor, description, items=items or (), kinds=kinds or (), at=at
    )


async def _verify(info: Info, record: Record) -> Any:
    context = info.context
    made = await verify_baseline(context.cmdb, record)
    await record_verification(context.cmdb, made, context.actor)
    return made
