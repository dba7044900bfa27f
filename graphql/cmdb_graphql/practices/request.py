"""Service request management in GraphQL."""

from typing import Annotated, Any

import strawberry

from cmdb.errors import InvalidInput
from cmdb.records.records import Edit
from cmdb.records.view import RecordView, show_record
from cmdb.requests.requests import decide_request, edit_request, offers, open_request
from cmdb_graphql.practices.practice import (
    Expected,
    Info,
    Note,
    Record,
    To,
    Values,
    checked_values,
)
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, StructTypes

TYPES: frozenset[str] = frozenset()
ROOTS = frozenset("serviceRequest requestCatalogue".split())

Form = Annotated[Any, strawberry.argument("The form: fields and their values.", graphql_type=Json)]


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The query roots."""
    return {
        "service_request": strawberry.field(
            resolver=_request,
            graphql_type=structs.of(RecordView),
            description="A request with its approvals, steps and what fulfilled it.",
        ),
        "request_catalogue": strawberry.field(
            resolver=_catalogue,
            graphql_type=Json,
            description="What can be asked for, by name, with the form of each.",
        ),
    }


def mutations(_: StructTypes, later: Later) -> dict[str, Any]:
    """The mutations."""
    made = later("ServiceRequest")
    return {
        "open_request": strawberry.field(
            resolver=_open, graphql_type=made, description="Ask for something of the catalogue."
        ),
        "approve_request": strawberry.field(
            resolver=_approve, graphql_type=made, description="Approve a request."
        ),
        "reject_request": strawberry.field(
            resolver=_reject, graphql_type=made, description="Reject a request, and say why."
        ),
        "edit_request": strawberry.field(
            resolver=_edit,
            graphql_type=later("Task"),
            description="Move or edit a request, or one of its steps.",
        ),
    }


async def _request(info: Info, record: Record) -> Any:
    return await show_record(info.context.cmdb, record, "ServiceRequest")


async def _catalogue(info: Info) -> Any:
    return dict(offers(info.context.cmdb))


async def _open(
    info: Info,
    item: Annotated[str, strawberry.argument("What: a name of the request catalogue.")],
    form: Form,
    requested_for: Annotated[str | None, strawberry.argument("Who is to have it.")] = None,
) -> Any:
    if not isinstance(form, dict):
        raise InvalidInput('A form is an object such as {"name": "dc1-test-1"}.')
    context = info.context
    return await open_request(context.cmdb, context.actor, item, form, requested_for=requested_for)


async def _approve(
    info: Info, record: Record, comment: Annotated[str, strawberry.argument("Why.")] = ""
) -> Any:
    context = info.context
    return await decide_request(context.cmdb, context.actor, record, approve=True, comment=comment)


async def _reject(
    info: Info, record: Record, comment: Annotated[str, strawberry.argument("Why.")]
) -> Any:
    context = info.context
    return await decide_request(context.cmdb, context.actor, record, approve=False, comment=comment)


async def _edit(
    info: Info,
    record: Record,
    to: To = None,
    values: Values = None,
    note: Note = None,
    expected: Expected = None,
) -> Any:
    edit = Edit(to, checked_values(values), note, expected=expected)
    return await edit_request(info.context.cmdb, record, edit, info.context.actor)
