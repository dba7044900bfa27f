"""Roots that find items: by key, by query, by words, and a connection per kind."""

from typing import Annotated, Any

import strawberry

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.filters import field_path, make_condition
from cmdb.store.port import Condition, ItemQuery, Sort
from cmdb_graphql.connections import DEFAULT_PAGE, Page, checked_first, decoded, encoded, page
from cmdb_graphql.context import Context
from cmdb_graphql.items import ItemTypes
from cmdb_graphql.links import PastItem
from cmdb_graphql.names import Names
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, closed_set, many, maybe

Info = strawberry.Info[Context, None]

OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "starts_with", "exists")
Operator = closed_set(
    "FilterOperator",
    OPERATORS,
    "`contains` and `starts_with` ignore case; on a list of strings `contains` asks for a whole "
    "entry. `in` takes a list, `exists` true or false. `ne` also holds where there is no value.",
)


@strawberry.input(description="One test; all tests of a list must hold.")
class FilterInput:
    """A condition as clients write it."""

    field: str = strawberry.field(
        description="`kind`, `name`, `status`, `revision` or a property (snake_case or camelCase)."
    )
    value: Json = strawberry.field(description="What to compare with.")
    operator: Any = strawberry.field(default=Operator("eq"), graphql_type=Operator)


@strawberry.input(description="The order of a list. Items without the value come last either way.")
class SortInput:
    """A sort as clients write it."""

    field: str = strawberry.field(description="As in a filter; also `id`.")
    descending: bool = False


def fields(catalogue: Catalogue, names: Names, types: ItemTypes, later: Later) -> dict[str, Any]:
    """The roots of this module."""
    found: dict[str, Any] = {
        "node": strawberry.field(
            resolver=_node,
            graphql_type=later.optional("Node"),
            description="The item with that id; null where there is none.",
        ),
        "item": strawberry.field(
            resolver=_item,
            graphql_type=later.optional("Item"),
            description="The item that an id, an identifier or a unique name means, now or as it "
            "was `at` a revision or time (null where it was not there yet).",
        ),
        "items": _items_field(types),
        "search": _search_field(types),
    }
    for kind, root in names.connections.items():
        if root in found:
            raise AssertionError(f"{root} is a root already")
        found[root] = _kind_field(catalogue, kind, types)
    return found


async def _node(info: Info, id: strawberry.ID) -> Any:  # noqa: A002 - Relay names it
    found = await info.context.items([str(id)])
    return found[0] if found else None


async def _item(info: Info, key: str, at: str | None = None) -> Any:
    cmdb = info.context.cmdb
    if at is None:
        return await cmdb.find(key)
    past = await cmdb.item_at(key, at)
    return None if past is None else PastItem.of(past)


Filters = Annotated[list[FilterInput] | None, strawberry.argument("Tests that must all hold.")]
Sorting = Annotated[SortInput | None, strawberry.argument("By name unless told.")]


def _items_field(types: ItemTypes) -> Any:
    some_kinds, some_statuses = maybe(many(types.kind)), maybe(many(types.status))

    async def items(
        info: Info,
        kinds: Annotated[
            list[Any] | None,
            strawberry.argument(
                "Items of these kinds, and of kinds below them.", graphql_type=some_kinds
            ),
        ] = None,
        filter: Filters = None,  # noqa: A002 - what it is called everywhere
        statuses: Annotated[
            list[Any] | None,
            strawberry.argument("All but `retired` unless told.", graphql_type=some_statuses),
        ] = None,
        sort: Sorting = None,
        first: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Any:
        concrete = concrete_kinds(info.context.cmdb.catalogue, kinds)
        return await _page(info.context, concrete, filter, statuses, sort, first, after)

    return strawberry.field(
        resolver=items,
        graphql_type=types.connection,
        description="Items of any kind, filtered, sorted and paged.",
    )


def _kind_field(catalogue: Catalogue, kind: str, types: ItemTypes) -> Any:
    some_statuses = maybe(many(types.status))
    below = [k for k in catalogue.descendants(kind) if not catalogue.kinds[k].abstract]
    known = {name for k in below for name in catalogue.kind(k).properties}

    async def of_kind(
        info: Info,
        filter: Filters = None,  # noqa: A002 - what it is called everywhere
        statuses: Annotated[
            list[Any] | None,
            strawberry.argument("All but `retired` unless told.", graphql_type=some_statuses),
        ] = None,
        sort: Sorting = None,
        first: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Any:
        for name in [*(f.field for f in filter or ()), *([sort.field] if sort else ())]:
            _check_field(kind, name, known)
        return await _page(info.context, tuple(below), filter, statuses, sort, first, after)

    return strawberry.field(
        resolver=of_kind,
        graphql_type=types.connections[kind],
        description=catalogue.kinds[kind].description,
    )


def _check_field(kind: str, name: str, known: set[str]) -> None:
    bare = snake(name.removeprefix("properties."))
    own = ("id", "kind", "name", "status", "revision")
    if bare not in known and name not in own:
        hint = did_you_mean(nearest(bare, (*own, *known)))
        raise InvalidInput(f"A {kind} has no field {name!r}{hint}")


def snake(name: str) -> str:
    """``cpuCount`` as ``cpu_count``; names in snake_case stay as they are."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def concrete_kinds(catalogue: Catalogue, kinds: list[Any] | None) -> tuple[str, ...] | None:
    """The kinds that items can be of among those named and below them; None for all."""
    if kinds is None:
        return None
    below = (d for kind in kinds for d in catalogue.descendants(kind.value))
    return tuple(dict.fromkeys(d for d in below if not catalogue.kinds[d].abstract))


async def _page(
    context: Context,
    kinds: tuple[str, ...] | None,
    filters: list[FilterInput] | None,
    statuses: list[Any] | None,
    sort: SortInput | None,
    first: int,
    after: str | None,
) -> Page:
    catalogue = context.cmdb.catalogue
    order = Sort("name")
    if sort is not None:
        order = Sort(field_path(snake(sort.field), catalogue), sort.descending)
    query = ItemQuery(
        kinds=kinds,
        conditions=tuple(_condition(f, catalogue) for f in filters or ()),
        statuses=tuple(s.value for s in statuses) if statuses is not None else None,
        sort=order,
        limit=checked_first(first),
        after=after,
    )
    found = await context.cmdb.store.query(query)
    context.know(found.items)
    return page(found.items, found.cursors, total=found.total, has_next=found.has_next, after=after)


def _condition(given: FilterInput, catalogue: Catalogue) -> Condition:
    return make_condition(snake(given.field), given.operator.value, given.value, catalogue)


def _search_field(types: ItemTypes) -> Any:
    some_kinds = maybe(many(types.kind))

    async def search(
        info: Info,
        text: Annotated[str, strawberry.argument("Every word of it must begin a word.")],
        kinds: Annotated[
            list[Any] | None,
            strawberry.argument(
                "Items of these kinds, and of kinds below them.", graphql_type=some_kinds
            ),
        ] = None,
        include_retired: bool = False,
        first: int = 20,
        after: str | None = None,
    ) -> Any:
        context = info.context
        offset = _offset(after)
        found = await context.cmdb.store.search(
            text,
            concrete_kinds(context.cmdb.catalogue, kinds),
            checked_first(first),
            offset,
            include_retired=include_retired,
        )
        context.know(found.items)
        end = offset + len(found.items)
        cursors = [encoded(str(place)) for place in range(offset + 1, end + 1)]
        return page(
            found.items, cursors, total=found.total, has_next=end < found.total, after=after
        )

    return strawberry.field(
        resolver=search,
        graphql_type=types.connection,
        description="Items by the words in their names, identifiers and properties, best first.",
    )


def _offset(after: str | None) -> int:
    place = decoded(after) if after is not None else "0"
    if not place.isdecimal() or len(place) > 9:
        raise InvalidInput(f"{after!r:.80} is no cursor of a search.")
    return int(place)
