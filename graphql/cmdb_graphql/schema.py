"""The schema of one catalogue."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.annotation import StrawberryAnnotation
from strawberry.exceptions import MissingQueryError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
from strawberry.types import ExecutionResult

from cmdb.catalogue import Catalogue
from cmdb_graphql.errors import INVALID_DOCUMENT, served
from cmdb_graphql.guard import Guard
from cmdb_graphql.items import (
    ITEM_FIELDS,
    LINK_FIELDS_LEFT_OUT,
    OTHER,
    ItemTypes,
    extra_fields,
)
from cmdb_graphql.names import Names
from cmdb_graphql.practices import PRACTICES
from cmdb_graphql.roots import (
    analysis,
    causes,
    change,
    history,
    items,
    restoration,
    risk,
    weak_points,
)
from cmdb_graphql.roots import catalogue as described
from cmdb_graphql.scalars import SCALARS
from cmdb_graphql.structs import (
    LITERALS,
    TYPE_NAMES,
    Later,
    StructTypes,
    maybe,
    object_type,
)

OWN_TYPES = frozenset(
    "Query Mutation Subscription Node Item Link PageInfo Kind Property Relation KindName "
    "RelationName LinkDirection ItemStatus FilterInput SortInput FilterOperator FailureState "
    "String Int Float Boolean ID Long DateTime JSON MinUp StoreInfo Run RunStatus Revision Action "
    "HistoryEntry FieldChange Diff DiffEntry WaitingLink WaitingLinks LinkReport Gate BlastRadius "
    "GateHeld ServiceReached OwnerReached WeakEvidence Explanation ProofStep ProofMember "
    "Dependency PathItem PathStep Picture Box BoxEdge WithoutWeakEvidence OtherState "
    "Comparison ComparedPoint ChangeAssessment PlannedChange EffectCounts "
    "Risk RiskFactor RiskEvidence Causes Cause CauseItem CauseEvidence AlertInput "
    "Suspects Suspect SuspectEvidence Collisions Collision WorseItem "
    "InsideRadius PlannedFailureInput WeakPoints WeakPoint WeakPointCounts SharedItem "
    "CutPairs CutPair CutItem WeakPointsComparison WeakPointsComparisonCounts WeakPointRow "
    "EstateWeakPoints EstateWeakPointCounts RankedItem "
    "FalseRedundancy RestorationOrder RestorationWave RestorationGroup RestoredItem "
    "RestorationCounts DependenciesComparison ComparisonCounts "
    "AnswerComparison ComparedRow ComparedItem Standing ChangeAssessmentComparison "
    "ChangedDependency RiskComparison RiskChange".split()
).union(
    (OTHER, *TYPE_NAMES.values(), *(name for name, _ in LITERALS.values())),
    *(practice.TYPES for practice in PRACTICES),
)
"""Type names that no kind can have."""

OWN_ROOTS = frozenset(
    "node item items search impact explain dependencies dependents path history diff revision "
    "revisions runs waitingLinks kinds kind relations info weakPoints causes changeAssessment "
    "impactComparison collisions health risk suspects restorationOrder weakPointPairs "
    "weakPointsComparison estateWeakPoints dependenciesComparison riskComparison "
    "causesComparison suspectsComparison restorationOrderComparison weakPointPairsComparison "
    "estateWeakPointsComparison collisionsComparison changeAssessmentComparison".split()
).union(*(practice.ROOTS for practice in PRACTICES))
"""Root fields that no kind's plural can have; the last are promised to what comes later."""


ALWAYS_THERE = frozenset({"kinds", "relations"})
"""Roots that can't fail. The others may be null, so that one that fails leaves the rest of the
answer."""


class Schema(strawberry.Schema):
    """A schema whose answers have errors that are fit to be seen."""

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """The answer to an operation; see :func:`cmdb_graphql.errors.served`."""
        try:
            result = await super().execute(*args, **kwargs)
        except CannotGetOperationTypeError as error:
            return _refused(error.as_http_error_reason())
        except (MissingQueryError, InvalidOperationTypeError):
            return _refused("There is no query in the request.")
        if result.errors:
            result.errors = [served(error) for error in result.errors]
        return result

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        """Nothing: what must be logged is logged where it is masked."""


def _refused(message: str) -> ExecutionResult:
    error = GraphQLError(message, extensions={"code": INVALID_DOCUMENT})
    return ExecutionResult(data=None, errors=[error])


@lru_cache(maxsize=4)
def build_schema(catalogue: Catalogue) -> Schema:
    """The schema of a catalogue: one type and one connection per kind, and the roots.

    A schema is never changed: the same catalogue gets the same one. ``as_str()`` gives the SDL.
    Raises :class:`~cmdb.errors.InvalidCatalogue` where kinds contradict what they inherit. Takes
    about half a second for the built-in catalogue.
    """
    names, later = Names(catalogue, OWN_TYPES, OWN_ROOTS, ITEM_FIELDS), Later()
    structs = StructTypes(
        {
            **extra_fields(later),
            **analysis.extra_fields(later),
            **change.extra_fields(later),
            **described.extra_fields(),
            **{k: v for practice in PRACTICES for k, v in practice.extra_fields(later).items()},
        },
        {"LinkEnd": LINK_FIELDS_LEFT_OUT, "Box": ("members",)},
    )
    types = ItemTypes(catalogue, names, structs, later)
    fields: dict[str, Any] = {
        **items.fields(catalogue, names, types, later),
        **analysis.fields(structs, later),
        **history.fields(structs),
        **weak_points.fields(structs),
        **restoration.fields(structs),
        **causes.fields(structs),
        **change.fields(structs, later),
        **risk.fields(structs),
        **described.fields(catalogue, names, structs),
        **{k: v for p in PRACTICES for k, v in p.queries(structs, later).items()},
    }
    mutations = {k: v for p in PRACTICES for k, v in p.mutations(structs, later).items()}
    for name in fields.keys() - ALWAYS_THERE:
        _nullable(fields[name])
    for field in mutations.values():
        _nullable(field)
    return Schema(
        object_type("Query", fields, "Where every question begins."),
        object_type(
            "Mutation", mutations, "What people and programs do. Each writes one revision, or none."
        ),
        types=types.types,
        extensions=[Guard],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def _nullable(field: Any) -> None:
    hint = field.type_annotation.raw_annotation
    field.type_annotation = StrawberryAnnotation(maybe(hint))


def print_schema(catalogue: Catalogue) -> str:
    """The SDL of a catalogue, ending in a line break."""
    return build_schema(catalogue).as_str().rstrip("\n") + "\n"
