"""Change enablement in GraphQL."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from cmdb.changes.changes import (
    GivenItem,
    assess_change,
    close_change,
    decide_change,
    edit_change,
    finish_change,
    open_change,
    schedule_change,
    start_change,
    submit_change,
    waive_change,
)
from cmdb.changes.schedule import change_calendar
from cmdb.changes.show import show_change
from cmdb.changes.steps import add_step, move_step
from cmdb.changes.unauthorized import open_for, unauthorized_changes
from cmdb.changes.view import ChangeCalendar, ChangeView, UnauthorizedChanges
from cmdb.changes.windows import add_window
from cmdb.records.records import Edit
from cmdb_graphql.practices.practice import Expected, Info, Note, Record, To, Values, checked_values
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, StructTypes, maybe

TYPES = frozenset(
    "ChangeView ChangeAnalysis Conflict PolicyRuling AssessmentMoved ChangedItem ApprovalView "
    "StepView ReviewRevision ReviewIncident ChangeReview CalendarEntry ChangeCalendar "
    "UnauthorizedChange UnauthorizedChanges OpenChangeInput ChangedItemInput WindowInput".split()
)
ROOTS = frozenset("change changeCalendar unauthorizedChanges".split())

Comment = Annotated[str, strawberry.argument("Why.")]
Authority = Annotated[
    str | None, strawberry.argument("The authority you speak for: peer, owner, cab, manager.")
]
At = Annotated[datetime | None, strawberry.argument("When it was, if that is not now.")]
Texts = list[str] | None


@strawberry.input(description="An item that a change works on.")
class ChangedItemInput:
    """What is done to an item."""

    item: str = strawberry.field(description="An id, an identifier or a unique name.")
    action: str | None = strawberry.field(
        default=None, description="What is done to it: restart, upgrade, configure and so on."
    )


@strawberry.input(description="A change as clients open it.")
class OpenChangeInput:
    """What to open a change with."""

    short_description: str = strawberry.field(description="What it is about, in a line.")
    items: list[ChangedItemInput] = strawberry.field(
        default_factory=list, description="What it works on."
    )
    change_type: str | None = strawberry.field(
        default=None, description="`normal` or `emergency`; standard ones come by a model."
    )
    change_model: str | None = strawberry.field(default=None, description="The model it follows.")
    services: list[str] = strawberry.field(
        default_factory=list, description="The services that it is made for."
    )
    fixes: list[str] = strawberry.field(
        default_factory=list, description="Numbers of the incidents and problems that it mends."
    )
    values: Any = strawberry.field(
        default=None,
        graphql_type=maybe(Json),
        description="Further properties by their names in the catalogue, such as start_date.",
    )


@strawberry.input(description="A time in which work is agreed, or forbidden.")
class WindowInput:
    """What to add a window with."""

    window_type: str = strawberry.field(description="`maintenance`, `blackout` or `freeze`.")
    start: str = strawberry.field(
        description="When it first begins; without an offset on the clocks of its zone."
    )
    end: str = strawberry.field(description="When it first ends.")
    zone: str = strawberry.field(default="UTC", description="The IANA time zone it is kept in.")
    rule: str | None = strawberry.field(
        default=None, description="How it recurs: an RFC 5545 RRULE."
    )
    description: str = strawberry.field(default="", description="What it is for.")
    affects: list[str] = strawberry.field(
        default_factory=list,
        description="Items, locations or services that it holds for; none: everything.",
    )


def extra_fields(_: Later) -> dict[str, dict[str, Any]]:
    """Nothing beyond the JSON."""
    return {}


def queries(structs: StructTypes, _: Later) -> dict[str, Any]:
    """The query roots."""
    return {
        "change": strawberry.field(
            resolver=_change,
            graphql_type=structs.of(ChangeView),
            description="A change: what it hits, who must agree, what moved, what followed.",
        ),
        "change_calendar": strawberry.field(
            resolver=_calendar,
            graphql_type=structs.of(ChangeCalendar),
            description="What is planned, and when work is agreed or forbidden.",
        ),
        "unauthorized_changes": strawberry.field(
            resolver=_unauthorized,
            graphql_type=structs.of(UnauthorizedChanges),
            description="Controlled properties that a source saw edited outside every approved "
            "change of their item.",
        ),
    }


def mutations(_: StructTypes, later: Later) -> dict[str, Any]:
    """The mutations."""
    said: dict[str, tuple[Any, str]] = {
        "open_change": (_open, "Open a change."),
        "edit_change": (_edit, "Move a change to a state, edit it, or say what it works on."),
        "submit_change": (_submit, "Assess a change and ask for the approvals it takes."),
        "assess_change": (_assess, "Assess a change again."),
        "approve_change": (_approve, "Agree to a change."),
        "reject_change": (_reject, "Do not agree to a change; it goes back to new."),
        "waive_change": (_waive, "Let a change be made in a freeze."),
        "schedule_change": (_schedule, "Put an approved change into the calendar."),
        "start_change": (_start, "Begin the work on an approved change."),
        "finish_change": (_finish, "End the work on a change, with its outcome."),
        "close_change": (_close, "Close a change whose review is written."),
        "open_unauthorized_change": (
            _open_unauthorized,
            "Open an emergency change for what a revision did to an item, where there is none.",
        ),
    }
    fields = {
        name: strawberry.field(resolver=made, graphql_type=later("Change"), description=text)
        for name, (made, text) in said.items()
    }
    steps: dict[str, Any] = {"add_change_step": _add_step, "move_change_step": _move_step}
    for name, made in steps.items():
        text = "Add a step to a change." if name.startswith("add") else "Bring a step to a state."
        fields[name] = strawberry.field(resolver=made, graphql_type=later("Step"), description=text)
    fields["add_maintenance_window"] = strawberry.field(
        resolver=_add_window,
        graphql_type=later("MaintenanceWindow"),
        description="Add a maintenance, blackout or freeze window.",
    )
    return fields


async def _change(info: Info, record: Record) -> Any:
    return await show_change(info.context.cmdb, record)


async def _calendar(
    info: Info,
    start: Annotated[datetime | None, strawberry.argument("Now unless told.")] = None,
    end: Annotated[datetime | None, strawberry.argument("Two weeks later unless told.")] = None,
    limit: Annotated[int, strawberry.argument("So many entries at most.")] = 200,
) -> Any:
    return await change_calendar(info.context.cmdb, start, end, limit=limit)


async def _unauthorized(
    info: Info,
    since: Annotated[datetime | None, strawberry.argument("30 days ago unless told.")] = None,
    limit: Annotated[int, strawberry.argument("So many at most.")] = 100,
) -> Any:
    return await unauthorized_changes(info.context.cmdb, since, limit=limit)


async def _open(
    info: Info, given: Annotated[OpenChangeInput, strawberry.argument(name="input")]
) -> Any:
    context = info.context
    return await open_change(
        context.cmdb,
        context.actor,
        given.short_description,
        _items(given.items),
        change_type=given.change_type,
        change_model=given.change_model,
        services=given.services,
        fixes=given.fixes,
        values=checked_values(given.values),
    )


def _items(given: list[ChangedItemInput] | None) -> list[GivenItem]:
    return [(row.item, row.action) for row in given or ()]


async def _edit(
    info: Info,
    record: Record,
    to: To = None,
    values: Values = None,
    note: Note = None,
    items: Annotated[
        list[ChangedItemInput] | None, strawberry.argument("What it works on as well.")
    ] = None,
    no_items: Annotated[Texts, strawberry.argument("What it does not work on after all.")] = None,
    expected: Expected = None,
) -> Any:
    edit = Edit(to, checked_values(values), note, expected=expected)
    context = info.context
    return await edit_change(
        context.cmdb, record, edit, context.actor, items=_items(items), no_items=no_items or ()
    )


async def _submit(info: Info, record: Record, expected: Expected = None) -> Any:
    return await submit_change(info.context.cmdb, record, info.context.actor, expected)


async def _assess(info: Info, record: Record) -> Any:
    return await assess_change(info.context.cmdb, record, info.context.actor)


async def _approve(
    info: Info,
    record: Record,
    authority: Authority = None,
    comment: Comment = "",
    expected: Expected = None,
) -> Any:
    context = info.context
    return await decide_change(
        context.cmdb,
        record,
        context.actor,
        approve=True,
        authority=authority,
        comment=comment,
        expected=expected,
    )


async def _reject(
    info: Info,
    record: Record,
    comment: Comment,
    authority: Authority = None,
    expected: Expected = None,
) -> Any:
    context = info.context
    return await decide_change(
        context.cmdb,
        record,
        context.actor,
        approve=False,
        authority=authority,
        comment=comment,
        expected=expected,
    )


async def _waive(info: Info, record: Record, reason: Comment) -> Any:
    return await waive_change(info.context.cmdb, record, info.context.actor, reason)


async def _schedule(info: Info, record: Record, expected: Expected = None) -> Any:
    return await schedule_change(info.context.cmdb, record, info.context.actor, expected)


async def _start(info: Info, record: Record, at: At = None, expected: Expected = None) -> Any:
    return await start_change(
        info.context.cmdb, record, info.context.actor, at=at, expected=expected
    )


async def _finish(
    info: Info,
    record: Record,
    outcome: Annotated[
        str, strawberry.argument("`successful`, `successful_issues`, `failed` or `backed_out`.")
    ],
    notes: Annotated[str, strawberry.argument("What happened.")] = "",
    at: At = None,
    expected: Expected = None,
) -> Any:
    context = info.context
    return await finish_change(
        context.cmdb, record, context.actor, outcome, notes=notes, at=at, expected=expected
    )


async def _close(
    info: Info,
    record: Record,
    review: Annotated[str, strawberry.argument("What the review found.")],
    expected: Expected = None,
) -> Any:
    return await close_change(info.context.cmdb, record, info.context.actor, review, expected)


async def _open_unauthorized(
    info: Info,
    item: Annotated[str, strawberry.argument("The item that was changed.")],
    revision: Annotated[int, strawberry.argument("The revision that did it.")],
) -> Any:
    return await open_for(info.context.cmdb, info.context.actor, item, revision)


async def _add_step(
    info: Info,
    record: Record,
    short_description: Annotated[str, strawberry.argument("What is to be done, in a line.")],
    order: Annotated[
        int | None, strawberry.argument("Its place; equal ones run side by side.")
    ] = None,
    assigned_to: Annotated[str | None, strawberry.argument("Who does it.")] = None,
) -> Any:
    context = info.context
    return await add_step(
        context.cmdb,
        record,
        context.actor,
        short_description,
        place=order,
        assigned_to=assigned_to,
    )


async def _move_step(
    info: Info,
    record: Record,
    to: Annotated[str, strawberry.argument("The state to bring it to.")],
    notes: Annotated[str, strawberry.argument("How it went.")] = "",
    expected: Expected = None,
) -> Any:
    context = info.context
    return await move_step(context.cmdb, record, to, context.actor, notes=notes, expected=expected)


async def _add_window(
    info: Info, given: Annotated[WindowInput, strawberry.argument(name="input")]
) -> Any:
    context = info.context
    return await add_window(
        context.cmdb,
        context.actor,
        given.window_type,
        given.start,
        given.end,
        zone=given.zone,
        rule=given.rule,
        description=given.description,
        affects=given.affects,
    )
