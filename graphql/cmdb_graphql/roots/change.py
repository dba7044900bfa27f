"""Roots about changes before they are made: changeAssessment, changeAssessmentComparison."""

from typing import Annotated, Any

import strawberry
from msgspec.structs import asdict

from cmdb.change_assessment import (
    ChangeAssessment,
    ChangeAssessmentComparison,
    assess_plan,
    compare_assessment_since,
)
from cmdb.plans import Plan, read_plan
from cmdb.plans.read import plan_of
from cmdb.viewpoint import Viewpoint
from cmdb_graphql.context import Context, off_loop
from cmdb_graphql.roots.analysis import ServedImpact
from cmdb_graphql.roots.risk import End, Others, Start, given_plans
from cmdb_graphql.roots.viewpoint import Limit, Offset, Since, with_view
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, StructTypes
from impact import BlastRadius, State
from impact.blast_radius import DEFAULT_LIMIT

Info = strawberry.Info[Context, None]

CALLED = "plan"
"""What errors call the argument."""


class ServedAssessment(ChangeAssessment, frozen=True, kw_only=True):
    """An assessment with the viewpoint that it was made from."""

    view: Any

    @classmethod
    def of(cls, made: ChangeAssessment, view: Viewpoint) -> "ServedAssessment":
        """The same assessment."""
        return cls(**asdict(made), view=view)


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
            resolver=with_view(_assessment),
            graphql_type=structs.of(ChangeAssessment),
            description="What the apply of a plan takes down, replaces or merely edits.",
        ),
        "change_assessment_comparison": strawberry.field(
            resolver=with_view(_comparison),
            graphql_type=structs.of(ChangeAssessmentComparison),
            description="What the apply of the same plan did and risked then, and does now.",
        ),
    }


Given = Annotated[
    Any,
    strawberry.argument(
        "What terraform show -json prints, as JSON or as text, or Kubernetes manifests: one, a "
        "list of them, or YAML as text.",
        graphql_type=Json,
    ),
]
InCluster = Annotated[str | None, strawberry.argument("Which cluster Kubernetes objects are in.")]


async def _assessment(
    info: Info,
    plan: Given,
    view: Viewpoint,
    cluster: InCluster = None,
    start: Start = None,
    end: End = None,
    planned: Others = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    how: dict[str, Any] = {"cluster": cluster, "start": start, "end": end}
    how |= {"planned": given_plans(planned or []), "limit": limit, "offset": offset}
    made = await assess_plan(info.context.cmdb, await _read(plan), view, **how)
    return ServedAssessment.of(made, view)


async def _comparison(
    info: Info,
    plan: Given,
    since: Since,
    view: Viewpoint,
    cluster: InCluster = None,
    start: Start = None,
    end: End = None,
    planned: Others = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    how: dict[str, Any] = {"cluster": cluster, "start": start, "end": end}
    how |= {"planned": given_plans(planned or []), "limit": limit, "offset": offset}
    return await compare_assessment_since(info.context.cmdb, await _read(plan), since, view, **how)


async def _read(plan: Any) -> Plan:
    return await off_loop(
        lambda: read_plan(plan.encode(), CALLED) if isinstance(plan, str) else plan_of(plan, CALLED)
    )


async def _impact(root: Any, info: Info) -> Any:
    made: ServedAssessment = root
    if made.impact is None:
        return None
    analysis = await info.context.analysis((made.failing, State.DOWN, made.view))
    return ServedImpact.of(made.impact, analysis)


async def _item(root: Any, info: Info) -> Any:
    return None if root.id is None else await info.context.item(root.id)
