"""What the verbs of all ITSM practices share: options, values as they are typed, and lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import ago, plural, print_json, print_table, say, short
from cmdb.cli.run import JsonOption, LimitOption, StoreOption, with_cmdb
from cmdb.errors import InvalidInput, Problem, did_you_mean, nearest

if TYPE_CHECKING:
    from cmdb.catalogue import Catalogue, Property
    from cmdb.items import Item
    from cmdb.items.value import Value
    from cmdb.records.actor import Actor
    from cmdb.records.records import LinkTo
    from cmdb.records.view import RecordView
    from cmdb.service import Cmdb

RecordArgument = Annotated[str, typer.Argument(help="The record's number, or any identifier.")]
ToOption = Annotated[
    str | None, typer.Option("--to", help="The state to bring it to.", metavar="STATE")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="A property and its value; empty takes it away.", metavar="NAME=VALUE"
    ),
]
NoteOption = Annotated[str | None, typer.Option("--note", help="A work note to add.")]
ExpectedOption = Annotated[
    int | None,
    typer.Option(
        "--expected",
        help="The revision of the record that you have seen: refuse where it has moved since.",
        metavar="REVISION",
    ),
]
AffectsOption = Annotated[
    list[str] | None, typer.Option("--affects", help="An item that it affects.", metavar="ITEM")
]
CausedByOption = Annotated[
    list[str] | None, typer.Option("--caused-by", help="What caused it.", metavar="ITEM")
]
StateFilter = Annotated[
    str | None, typer.Option("--state", help="Only those in this state.", metavar="STATE")
]
OpenFilter = Annotated[bool, typer.Option("--open", help="Only those that are not over.")]


def group(app: typer.Typer, name: str, said: str) -> typer.Typer:
    """A verb with verbs of its own."""
    made = typer.Typer(help=said, no_args_is_help=True, rich_markup_mode=None)

    def root() -> None:
        return None

    root.__doc__ = said
    made.callback()(root)
    app.add_typer(made, name=name)
    return made


def acting(cmdb: Cmdb) -> Actor:
    """Who sits at the command line."""
    from cmdb.records.actor import Actor

    return Actor(cmdb.settings.actor)


def values_of(catalogue: Catalogue, kind: str, given: Sequence[str] | None) -> dict[str, Any]:
    """Properties as they were typed, by the types of the kind; None where the value is empty.

    Raises :class:`~cmdb.errors.InvalidInput` with all that can't be read.
    """
    declared = catalogue.kind(kind).properties
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for text in given or ():
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            problems.append(Problem("is written NAME=VALUE", field=text[:60]))
        elif name not in declared:
            hint = did_you_mean(nearest(name, declared))
            problems.append(Problem(f"{kind} has no such property{hint}", field=name))
        else:
            try:
                values[name] = typed(declared[name], value.strip())
            except ValueError as error:
                problems.append(Problem(str(error), field=name))
    if problems:
        raise InvalidInput("Not every value can be set.", problems)
    return values


def typed(prop: Property, text: str) -> Value | None:
    """A value as the property's type holds it; None for an empty text. Raises ValueError."""
    from cmdb.catalogue import PropertyType
    from cmdb.items.value import check_value

    if not text:
        return None
    value: object = text
    if prop.type is PropertyType.BOOLEAN:
        value = {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    elif prop.type in (PropertyType.INTEGER, PropertyType.NUMBER):
        try:
            value = int(text) if prop.type is PropertyType.INTEGER else float(text)
        except ValueError:
            raise ValueError(f"must be a number, not {text!r}") from None
    elif prop.type is PropertyType.STRINGS:
        value = [part.strip() for part in text.split(",") if part.strip()]
    return check_value(prop, value)


async def links_to(cmdb: Cmdb, relation: str, texts: Sequence[str] | None) -> list[LinkTo]:
    """Links of a relation to the items that were named."""
    return [(relation, (await cmdb.find(text)).id) for text in texts or ()]


def list_verb(kind: str, noun: str) -> Callable[..., int]:
    """The verb that lists the records of a kind, which are called ``noun``."""

    def list_(
        state: StateFilter = None,
        is_open: OpenFilter = False,
        limit: LimitOption = 50,
        store: StoreOption = None,
        as_json: JsonOption = False,
    ) -> int:
        found = with_cmdb(
            store, lambda cmdb: records(cmdb, kind, state=state, is_open=is_open, limit=limit)
        )
        return print_records(found, noun, as_json=as_json)

    list_.__doc__ = f"List {noun}s, the latest first."
    return list_


async def records(
    cmdb: Cmdb, kind: str, *, state: str | None, is_open: bool, limit: int
) -> tuple[list[Item], int]:
    """The latest records of a kind, and how many there are in all."""
    from cmdb.records.lifecycle import Phase
    from cmdb.records.lifecycles import LIFE_CYCLES
    from cmdb.store.port import Condition, ItemQuery, Sort

    cycles = [c for c in LIFE_CYCLES if c.kind == kind]
    conditions = []
    if state is not None and cycles:
        state = cycles[0].state(state).name
    if state is not None:
        conditions.append(Condition("properties.state", "eq", state))
    if is_open and cycles:
        over = (Phase.FINISHED, Phase.ENDED)
        names = [s.name for s in cycles[0].states if s.phase not in over]
        conditions.append(Condition("properties.state", "in", names))
    page = await cmdb.store.query(
        ItemQuery(
            kinds=(kind,),
            conditions=tuple(conditions),
            sort=Sort("name", descending=True),
            limit=limit,
        )
    )
    return list(page.items), page.total


def print_records(found: tuple[list[Item], int], noun: str, *, as_json: bool) -> int:
    """Print records as a table, or as ``{noun: […], "total", "truncated"}``."""
    items, total = found
    if as_json:
        print_json(
            {
                f"{noun}s": [record_data(item) for item in items],
                "total": total,
                "truncated": len(items) < total,
            }
        )
        return 0
    print_table(
        ("number", "state", "priority", "assigned to", "opened", "about"),
        [_row(item) for item in items],
    )
    say(f"{len(items)} of {plural(total, noun)}")
    return 0


def _row(item: Item) -> tuple[object, ...]:
    from cmdb.items.value import parse_time

    props = item.properties
    opened = props.get("opened_at")
    who = props.get("assigned_to") or props.get("assignment_group") or ""
    return (
        item.name,
        str(props.get("state", "")).replace("_", " "),
        props.get("priority", ""),
        who,
        ago(parse_time(opened)) if isinstance(opened, str) else "",
        props.get("short_description", ""),
    )


def record_data(item: Item) -> dict[str, Any]:
    """A record as plain JSON values: what a program that edits it needs."""
    return {
        "id": item.id,
        "kind": item.kind,
        "number": item.name,
        "revision": item.revision,
        "properties": dict(item.properties),
    }


def print_record(item: Item, said: str, *, as_json: bool) -> int:
    """Print what became of a record."""
    if as_json:
        print_json(record_data(item))
    else:
        say(said)
    return 0


def print_view(view: RecordView, *, as_json: bool) -> int:
    """Print a record with its properties and what it is linked to."""
    if as_json:
        print_json(view)
        return 0
    say(f"{view.number}  {view.properties.get('short_description', '')}", "bold")
    if view.state:
        following = ", ".join(view.next_states) or "nothing"
        say(f"{view.state.replace('_', ' ')}; next: {following}")
    said = {n: v for n, v in view.properties.items() if n not in _TOLD}
    print_table(("", ""), [(n.replace("_", " "), short(str(v))) for n, v in said.items()])
    for link in view.links:
        state = f" ({link.state.replace('_', ' ')})" if link.state else ""
        say(f"{link.phrase} {link.kind} {link.name}{state}")
    return 0


_TOLD = ("name", "number", "short_description", "state")
