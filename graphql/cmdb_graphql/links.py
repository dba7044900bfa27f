"""The links of an item: read in one batch for all items of a request's level, then paged."""

from typing import Annotated, Any, NamedTuple

import strawberry

from cmdb.errors import InvalidInput
from cmdb.items import Item, Link
from cmdb.store.port import Direction
from cmdb.views import LinkEnd, link_end
from cmdb_graphql.connections import DEFAULT_PAGE, Page, checked_first, decoded, encoded, page
from cmdb_graphql.context import Context
from cmdb_graphql.structs import many, maybe


class PastItem(Item, frozen=True):
    """An item as it was at a point in the past."""

    @classmethod
    def of(cls, item: Item) -> "PastItem":
        """The same item, marked as past."""
        return cls(**{name: getattr(item, name) for name in item.__struct_fields__})


class LinksAsked(NamedTuple):
    """Which links of an item are asked for; None stands for all relations or kinds."""

    direction: Direction
    relations: tuple[str, ...] | None
    kinds: tuple[str, ...] | None
    include_retired: bool


class ServedLink(LinkEnd, frozen=True):
    """A link as seen from one of its items, with the item at the other end."""

    other: Item


async def links_page(
    item: Item, context: Context, asked: LinksAsked, first: int, after: str | None
) -> Page:
    """A page of an item's links, sorted by their ids (so by relation), whatever is asked for.

    Raises :class:`~cmdb.errors.InvalidInput` for an item as it was in the past.
    """
    if isinstance(item, PastItem):
        raise InvalidInput(
            "The links of an item as it was can't be read; impact, dependencies and path take a "
            "point in the past."
        )
    relations = tuple(sorted(set(asked.relations))) if asked.relations is not None else None
    links = await context.links((item.id, asked.direction, relations, asked.include_retired))
    if asked.kinds is not None:
        links = await _of_kinds(item, links, asked.kinds, context)
    place = decoded(after) if after is not None else ""
    rest = [link for link in links if link.id > place]
    shown = rest[:first]
    others = {i.id: i for i in await context.items([_other(link, item.id) for link in shown])}
    rules = context.cmdb.rules
    ends = [
        _served(link_end(link, item.id, others[_other(link, item.id)], rules), others)
        for link in shown
        if _other(link, item.id) in others
    ]
    return page(
        ends,
        [encoded(end.id) for end in ends],
        total=len(links),
        has_next=len(rest) > len(shown),
        after=after,
    )


def _other(link: Link, item_id: str) -> str:
    return link.to_id if link.from_id == item_id else link.from_id


def _served(end: LinkEnd, others: dict[str, Item]) -> ServedLink:
    fields = {name: getattr(end, name) for name in end.__struct_fields__}
    return ServedLink(**fields, other=others[end.item])


async def _of_kinds(
    item: Item, links: list[Link], kinds: tuple[str, ...], context: Context
) -> list[Link]:
    """The links whose other end is of one of the kinds, or of one below them."""
    catalogue = context.cmdb.catalogue
    wanted = {d for kind in kinds for d in catalogue.descendants(kind)}
    others = await context.items([_other(link, item.id) for link in links])
    fitting = {other.id for other in others if other.kind in wanted}
    return [link for link in links if _other(link, item.id) in fitting]


def links_field(relation: Any, direction: Any, kind: Any, connection: Any) -> Any:
    """The field ``links`` of every item; the first three are the enums of its arguments."""
    both = direction("both")
    some_relations, some_kinds = maybe(many(relation)), maybe(many(kind))

    async def links(
        root: Any,
        info: strawberry.Info[Context, None],
        relations: Annotated[
            list[Any] | None,
            strawberry.argument("Links of these relations only.", graphql_type=some_relations),
        ] = None,
        direction: Annotated[Any, strawberry.argument(graphql_type=direction)] = both,
        kinds: Annotated[
            list[Any] | None,
            strawberry.argument(
                "Links with an item of these kinds only, or of kinds below them.",
                graphql_type=some_kinds,
            ),
        ] = None,
        include_retired: bool = False,
        first: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Any:
        asked = LinksAsked(direction.value, _values(relations), _values(kinds), include_retired)
        return await links_page(root, info.context, asked, checked_first(first), after)

    return strawberry.field(
        resolver=links,
        graphql_type=connection,
        description="Its links, sorted by relation, each with the item at the other end.",
    )


def _values(members: list[Any] | None) -> tuple[str, ...] | None:
    return None if members is None else tuple(member.value for member in members)
