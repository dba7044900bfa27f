"""Incident management in GraphQL."""

from typing import Annotated, Any

import strawberry

from cmdb.incidents.incidents import edit_incident, open_incident, refresh_incident, show_incident
from cmdb.incidents.timeline import incident_timeline
from cmdb.incidents.view import IncidentView, TimelineEntry
from cmdb.records.records import Edit
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
from cmdb_graphql.roots.analysis import DOWN, FailureState
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, StructTypes, many
from impact import failure

TYPES = frozenset(
    "IncidentView IncidentAnalysis RecordItem Contact SimilarIncident PrecedentItem KnownError "
    "TimelineEntry OpenIncidentInput".split()
)
ROOTS = frozenset("incident incidentTimeline".split())


@strawberry.input(description="An incident as clients open it.")
class OpenIncidentInput:
    """What to open an incident with."""

    short_description: str = strawberry.field(description="What it is about, in a line.")
    affects: list[str] = strawberry.field(
        default_factory=list, description="Ids, identifiers or unique names of what it affects."
    )
    caused_by: list[str] = strawberry.field(
        default_factory=list, description="What caused it, if that is known."
    )
    parent: str | None = strawberry.field(default=None, description="The incident it belongs to.")
    state: Any = strawberry.field(
        default=DOWN, graphql_type=FailureState, description="How the items fail."
    )
    values: Any = strawberry.field(
        default=None,
        graphql_type=Json | None,
        description="Further properties by their names in the catalogue, such as urgency.",
    )


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The query roots."""
    return {
        "incident": strawberry.field(
            resolver=_incident,
            graphql_type=structs.of(IncidentView),
            description="An incident with all that it is linked to and its last analysis.",
        ),
        "incident_timeline": strawberry.field(
            resolver=_timeline,
            graphql_type=many(structs.of(TimelineEntry)),
            description="What happened, in order: alerts, edits, changes, transitions and notes.",
        ),
    }


def mutations(_: StructTypes, later: Later) -> dict[str, Any]:
    """The mutations."""
    made = later("Incident")
    return {
        "open_incident": strawberry.field(
            resolver=_open,
            graphql_type=made,
            description="Open an incident and analyse it: impact, causes, suspects, whom to call.",
        ),
        "edit_incident": strawberry.field(
            resolver=_edit,
            graphql_type=made,
            description="Move an incident to a state, edit it, link it, or add a note.",
        ),
        "refresh_incident": strawberry.field(
            resolver=_refresh,
            graphql_type=made,
            description="Analyse an open incident again.",
        ),
    }


async def _incident(info: Info, record: Record) -> Any:
    return await show_incident(info.context.cmdb, record)


async def _timeline(info: Info, record: Record) -> Any:
    return await incident_timeline(info.context.cmdb, record)


async def _open(
    info: Info, given: Annotated[OpenIncidentInput, strawberry.argument(name="input")]
) -> Any:
    context = info.context
    return await open_incident(
        context.cmdb,
        context.actor,
        given.short_description,
        given.affects,
        values=checked_values(given.values),
        state=failure(given.state.value),
        parent=given.parent,
        caused_by=given.caused_by,
    )


async def _edit(
    info: Info,
    record: Record,
    to: To = None,
    values: Values = None,
    note: Note = None,
    affects: Annotated[list[str] | None, strawberry.argument("What it affects as well.")] = None,
    no_longer_affects: Annotated[
        list[str] | None, strawberry.argument("What it does not affect after all.")
    ] = None,
    caused_by: Annotated[list[str] | None, strawberry.argument("What caused it.")] = None,
    expected: Expected = None,
) -> Any:
    cmdb = info.context.cmdb
    link = [
        *await ends(cmdb, "AFFECTS", affects),
        *await ends(cmdb, "CAUSED_BY", caused_by),
    ]
    gone = await ends(cmdb, "AFFECTS", no_longer_affects)
    edit = Edit(to, checked_values(values), note, link, gone, expected)
    return await edit_incident(cmdb, record, edit, info.context.actor)


async def _refresh(info: Info, record: Record) -> Any:
    return await refresh_incident(info.context.cmdb, record, info.context.actor)
