"""Roots that ask the graph: impact, explain, dependencies, dependents, path."""

from typing import Annotated, Any

import strawberry
from msgspec.structs import asdict

from cmdb.analysis import (
    compare_dependencies_since,
    compare_impact,
    find_dependencies,
    find_ways,
)
from cmdb.errors import InvalidInput
from cmdb.viewpoint import Viewpoint
from cmdb_graphql.connections import checked_first
from cmdb_graphql.context import Context, off_loop
from cmdb_graphql.roots.viewpoint import Limit, Offset, Since, with_view
from cmdb_graphql.structs import Later, StructTypes, closed_set, many
from impact import Analysis, BlastRadius, answer, failure
from impact.answer import Because, WithoutWeakEvidence
from impact.blast_radius import DEFAULT_LIMIT
from impact.compare import Comparison
from impact.dependencies import Dependencies
from impact.dependencies_comparison import DependenciesComparison
from impact.explain import Explanation, explain
from impact.path import Paths
from impact.picture import MOST_BOXES, Picture, picture
from impact.render import reason, sentence
from impact.weak_evidence import weak_places
from impact.without_weak import without_weak_evidence

Info = strawberry.Info[Context, None]

FailureState = closed_set("FailureState", ("down", "degraded"), "How badly an item fails.")

ROWS_WITH_ITEMS = (
    "Affected",
    "GateHeld",
    "ServiceReached",
    "OwnerReached",
    "Dependency",
    "Dependencies",
    "DependenciesComparison",
    "ChangedDependency",
    "PathItem",
    "ProofStep",
    "ProofMember",
    "Explanation",
    "CauseItem",
    "WorseItem",
    "InsideRadius",
    "OtherState",
    "ComparedItem",
    "WeakPoint",
    "WeakPointRow",
    "WeakPointsComparison",
    "CutItem",
    "CutPairs",
    "RankedItem",
    "SharedItem",
    "FalseRedundancy",
    "RestoredItem",
)
"""Structs whose ``id`` is an item's: each gets a field ``item`` that leads into the graph."""


class ServedImpact(BlastRadius, frozen=True, kw_only=True):
    """An answer with the analysis that it was made from."""

    analysis: Any

    @classmethod
    def of(cls, made: BlastRadius, analysis: Analysis) -> "ServedImpact":
        """The same answer."""
        return cls(**asdict(made), analysis=analysis)


DOWN: Any = FailureState("down")
Failing = Annotated[Any, strawberry.argument("How badly they fail.", graphql_type=FailureState)]
Items = Annotated[list[str], strawberry.argument("What fails: ids, identifiers or unique names.")]


def extra_fields(later: Later) -> dict[str, dict[str, Any]]:
    """What the answers have in GraphQL beyond their JSON, by struct."""
    extra: dict[str, dict[str, Any]] = {
        name: {
            "item": strawberry.field(
                resolver=_row_item,
                graphql_type=later.optional("Item"),
                description="The item itself, as it is now; null where it is only supposed.",
            )
        }
        for name in ROWS_WITH_ITEMS
    }
    extra["Affected"]["reason"] = strawberry.field(
        resolver=_reason,
        graphql_type=str,
        description="How the failure got here, in a word or two; empty where it failed itself.",
    )
    extra["Because"] = {
        "relation": strawberry.field(
            resolver=_relation, graphql_type=str, description="The relation of the link."
        )
    }
    extra["BlastRadius"] = {
        "sentence": strawberry.field(
            resolver=_sentence,
            graphql_type=str,
            description="The answer in two or three sentences.",
        ),
        "picture": strawberry.field(
            resolver=_picture,
            graphql_type=later("Picture"),
            description="The answer as boxes and edges, with siblings collapsed.",
        ),
        "without_weak_evidence": strawberry.field(
            resolver=_without_weak_evidence,
            graphql_type=later.optional("WithoutWeakEvidence"),
            description="Whether the answer would differ without its weak evidence; null where "
            "it has none. Costs a second run.",
        ),
    }
    extra["Box"] = {
        "members": strawberry.field(
            resolver=_members,
            graphql_type=many(later("Item")),
            description="What is in the box, by kind and name, as it is now.",
        )
    }
    return extra


async def _members(
    root: Any,
    info: Info,
    first: Annotated[int, strawberry.argument("At most so many; `count` has them all.")] = 25,
) -> Any:
    return await info.context.items(root.members[: checked_first(first)])


def fields(structs: StructTypes, later: Later) -> dict[str, Any]:
    """The roots of this module."""
    later.declare("Picture", structs.of(Picture))
    later.declare("WithoutWeakEvidence", structs.of(WithoutWeakEvidence))
    tree = structs.of(Dependencies)
    return {
        "impact": strawberry.field(
            resolver=with_view(_impact),
            graphql_type=structs.of(BlastRadius),
            description="What the failure of these items hits.",
        ),
        "impact_comparison": strawberry.field(
            resolver=with_view(_compare),
            graphql_type=structs.of(Comparison),
            description="What the failure of these items does otherwise than at another point.",
        ),
        "explain": strawberry.field(
            resolver=with_view(_explain),
            graphql_type=structs.of(Explanation),
            description="The proof of the state that an item is in when others fail.",
        ),
        "dependencies": strawberry.field(
            resolver=with_view(_dependencies),
            graphql_type=tree,
            description="What an item rests on.",
        ),
        "dependents": strawberry.field(
            resolver=with_view(_dependents), graphql_type=tree, description="What rests on an item."
        ),
        "dependencies_comparison": strawberry.field(
            resolver=with_view(_dependencies_comparison),
            graphql_type=structs.of(DependenciesComparison),
            description="What differs between what an item rested on and rests on, or what rests "
            "on it.",
        ),
        "path": strawberry.field(
            resolver=with_view(_path),
            graphql_type=structs.of(Paths),
            description="How two items are connected: the shortest ways.",
        ),
    }


async def _row_item(root: Any, info: Info) -> Any:
    """Null for an item that is only supposed."""
    return next(iter(await info.context.items([root.id])), None)


def _reason(root: Any) -> str:
    return reason(root)


def _relation(root: Any) -> str:
    because: Because = root
    return because.link.split(":", 1)[0]


async def _sentence(root: Any) -> str:
    made: ServedImpact = root
    if not made.truncated:
        return sentence(made)
    return await off_loop(lambda: sentence(answer(made.analysis, limit=DEFAULT_LIMIT)))


async def _without_weak_evidence(root: Any) -> Any:
    made: Analysis = root.analysis

    def second_run() -> Any:
        return without_weak_evidence(made, weak_places(made), limit=DEFAULT_LIMIT)

    return await off_loop(second_run)


async def _picture(
    root: Any,
    open: Annotated[  # noqa: A002 - what the client does with a box
        list[str] | None, strawberry.argument("Ids of boxes to be split into what is in them.")
    ] = None,
    boxes: Annotated[
        int, strawberry.argument("Boxes at most, besides those of what failed and what is open.")
    ] = MOST_BOXES,
) -> Any:
    return await off_loop(lambda: picture(root.analysis, most=boxes, opened=tuple(open or ())))


async def _impact(
    info: Info,
    items: Items,
    view: Viewpoint,
    state: Failing = DOWN,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    analysis = await info.context.analysis((tuple(items), failure(state.value), view))
    made = await off_loop(lambda: answer(analysis, limit=limit, offset=offset))
    return ServedImpact.of(made, analysis)


async def _explain(
    info: Info,
    items: Items,
    item: Annotated[str, strawberry.argument("The item to explain.")],
    view: Viewpoint,
    state: Failing = DOWN,
    limit: Limit = DEFAULT_LIMIT,
) -> Any:
    analysis = await info.context.analysis((tuple(items), failure(state.value), view))
    found = await view.find_in(info.context.cmdb, analysis.estate, item)
    return await off_loop(lambda: explain(analysis, found, limit=limit))


async def _compare(
    info: Info,
    items: Items,
    since: Since,
    view: Viewpoint,
    state: Failing = DOWN,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    how, page = failure(state.value), {"limit": limit, "offset": offset}
    return await compare_impact(info.context.cmdb, items, since, how, view, **page)


Key = Annotated[str, strawberry.argument("An id, an identifier or a unique name.")]
Depth = Annotated[int | None, strawberry.argument("Steps at most; any number unless told.")]


async def _dependencies(
    info: Info,
    item: Key,
    view: Viewpoint,
    depth: Depth = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    return await find_dependencies(
        info.context.cmdb, item, view, depth=depth, limit=limit, offset=offset
    )


async def _dependents(
    info: Info,
    item: Key,
    view: Viewpoint,
    depth: Depth = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    return await find_dependencies(
        info.context.cmdb, item, view, reverse=True, depth=depth, limit=limit, offset=offset
    )


async def _dependencies_comparison(
    info: Info,
    item: Key,
    since: Since,
    view: Viewpoint,
    reverse: Annotated[bool, strawberry.argument("What rests on it instead.")] = False,
    depth: Depth = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Any:
    how: dict[str, Any] = {"reverse": reverse, "depth": depth, "limit": limit, "offset": offset}
    return await compare_dependencies_since(info.context.cmdb, item, since, view, **how)


async def _path(
    info: Info,
    start: Annotated[str, strawberry.argument("Where the way begins.", name="from")],
    end: Annotated[str, strawberry.argument("Where it leads.", name="to")],
    view: Viewpoint,
    limit: Annotated[int, strawberry.argument("Ways at most, 1 to 100.")] = 3,
) -> Any:
    if limit > 100:
        raise InvalidInput(f"The limit must be 1 to 100, not {limit}.")
    return await find_ways(info.context.cmdb, start, end, view, limit=limit)
