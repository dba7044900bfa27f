"""Roots about changes before they are made: changeAssessment."""

from typing import Annotated, Any

import strawberry

from cmdb.change_assessment import ChangeAssessment, assess_plan
from cmdb.errors import InvalidInput
from cmdb.plans import read_plan
from cmdb.plans.read import plan_of
from cmdb_graphql.context import Context, off_loop
from cmdb_graphql.roots.analysis import MAX_ROWS, Limit, ServedImpact
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, StructTypes
from impact import BlastRadius, State
from impact.blast_radius import DEFAULT_LIMIT

Info = strawberry.Info[Context, None]

CALLED = "plan"
"""What errors call the argument."""


def extra_fields(later: Later) -> dict[str, dict[str, Any]]:
    """What the answers have in GraphQL beyond their JSON, by struct."""
    return {
        "ChangeAssessment": {
            "impact": strawberry.field(
                resolver=_impact,
                graphql_type=later.optional("BlastRadius"),
                description="The blast radius of all that goes down; null where nothing does.",
            )
        },
        "PlannedChange": {
            "item": strawberry.field(
                resolver=_item,
                graphql_type=later.optional("Item"),
                description="The item that the resource is, as it is now.",
            )
        },
    }


def fields(structs: StructTypes, later: Later) -> dict[str, Any]:
    """The roots of this module."""
    later.declare("BlastRadius", structs.of(BlastRadius))
    return {
        "change_assessment": strawberry.field(
            resolver=_assessment,
            graphql_type=structs.of(ChangeAssessment),
            description="What the apply of a plan takes down, replaces or merely edits.",
        ),
    }


async def _assessment(
    info: Info,
    plan: Annotated[
        Any,
        strawberry.argument(
            "What terraform show -json prints, as JSON or as text, or Kubernetes manifests: one, a "
            "list of them, or YAML as text.",
            graphql_type=Json,
        ),
    ],
    cluster: Annotated[
        str | None, strawberry.argument("Which cluster Kubernetes objects are in.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    if not 0 <= limit <= MAX_ROWS:
        raise InvalidInput(f"The limit must be 0 to {MAX_ROWS}, not {limit}.")
    read = await off_loop(
        lambda: read_plan(plan.encode(), CALLED) if isinstance(plan, str) else plan_of(plan, CALLED)
    )
    return await assess_plan(info.context.cmdb, read, cluster=cluster, limit=limit)


async def _impact(root: Any, info: Info) -> Any:
    made: ChangeAssessment = root
    if made.impact is None:
        return None
    analysis = await info.context.analysis((made.failing, State.DOWN, None, False))
    return ServedImpact.of(made.impact, analysis)


async def _item(root: Any, info: Info) -> Any:
    return None if root.id is None else await info.context.item(root.id)
