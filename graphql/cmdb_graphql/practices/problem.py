"""Problem management in GraphQL."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from cmdb.problems.candidates import REPEATED, ProblemCandidates, problem_candidates
from cmdb.problems.problems import edit_problem, open_problem
from cmdb.records.records import Edit
from cmdb.records.view import RecordView, show_record
from cmdb_graphql.practices.practice import (
    Expected,
    Info,
    Note,
    Record,
    To,
    Values,
    checked_values,
    ends,
)
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, StructTypes, maybe

TYPES = frozenset(
    "RecordView RecordLink ProblemCandidates ProblemCandidate OpenProblemInput".split()
)
ROOTS = frozenset("problem problemCandidates".split())

Texts = list[str] | None


@strawberry.input(description="A problem as clients open it.")
class OpenProblemInput:
    """What to open a problem with."""

    short_description: str = strawberry.field(description="What it is about, in a line.")
    affects: list[str] = strawberry.field(
        default_factory=list, description="Ids, identifiers or unique names of what it affects."
    )
    caused_by: list[str] = strawberry.field(
        default_factory=list, description="The items that are its cause."
    )
    incidents: list[str] = strawberry.field(
        default_factory=list, description="Numbers of the incidents that it explains."
    )
    values: Any = strawberry.field(
        default=None,
        graphql_type=maybe(Json),
        description="Further properties by their names in the catalogue.",
    )


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The query roots."""
    return {
        "problem": strawberry.field(
            resolver=_problem,
            graphql_type=structs.of(RecordView),
            description="A problem with all that it is linked to.",
        ),
        "problem_candidates": strawberry.field(
            resolver=_candidates,
            graphql_type=structs.of(ProblemCandidates),
            description="What may be a problem that nobody has made one of.",
        ),
    }


def mutations(_: StructTypes, later: Later) -> dict[str, Any]:
    """The mutations."""
    made = later("Problem")
    return {
        "open_problem": strawberry.field(
            resolver=_open, graphql_type=made, description="Open a problem."
        ),
        "edit_problem": strawberry.field(
            resolver=_edit,
            graphql_type=made,
            description="Move a problem to a state, edit it, link it, or add a note.",
        ),
    }


async def _problem(info: Info, record: Record) -> Any:
    return await show_record(info.context.cmdb, record, "Problem")


async def _candidates(
    info: Info,
    since: Annotated[
        datetime | None, strawberry.argument("Incidents from then on; 90 days unless told.")
    ] = None,
    repeated: Annotated[int, strawberry.argument("So many make a pattern.")] = REPEATED,
) -> Any:
    return await problem_candidates(info.context.cmdb, since=since, repeated=repeated)


async def _open(
    info: Info, given: Annotated[OpenProblemInput, strawberry.argument(name="input")]
) -> Any:
    context = info.context
    return await open_problem(
        context.cmdb,
        context.actor,
        given.short_description,
        affects=given.affects,
        caused_by=given.caused_by,
        incidents=given.incidents,
        values=checked_values(given.values),
    )


async def _edit(
    info: Info,
    record: Record,
    to: To = None,
    values: Values = None,
    note: Note = None,
    affects: Annotated[Texts, strawberry.argument("What it affects as well.")] = None,
    caused_by: Annotated[Texts, strawberry.argument("What is its cause.")] = None,
    incidents: Annotated[Texts, strawberry.argument("Incidents that it explains.")] = None,
    fixed_by: Annotated[Texts, strawberry.argument("The changes that mend it.")] = None,
    expected: Expected = None,
) -> Any:
    cmdb = info.context.cmdb
    link = [
        *await ends(cmdb, "AFFECTS", affects),
        *await ends(cmdb, "CAUSED_BY", caused_by),
        *await ends(cmdb, "RELATES_TO", incidents),
        *await ends(cmdb, "FIXED_BY", fixed_by),
    ]
    edit = Edit(to, checked_values(values), note, link, (), expected)
    return await edit_problem(cmdb, record, edit, info.context.actor)
