"""Relay's connections: edges with cursors, page information, and the count of all."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from cmdb.errors import InvalidInput
from cmdb.filters import MAX_PAGE
from cmdb_graphql.structs import many, object_type, plain_field

DEFAULT_PAGE = 50


@strawberry.type(description="Where a page stands in its list. Lists are walked forwards only.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(slots=True)
class Edge:
    """A node and its cursor."""

    node: Any
    cursor: str


@dataclass(slots=True)
class Page:
    """What a connection is resolved from."""

    edges: list[Edge]
    page_info: PageInfo
    total_count: int

    @property
    def nodes(self) -> list[Any]:
        """The nodes without their cursors."""
        return [edge.node for edge in self.edges]


def page(
    nodes: Sequence[Any], cursors: Sequence[str], *, total: int, has_next: bool, after: str | None
) -> Page:
    """A page of nodes, each with its cursor."""
    info = PageInfo(
        has_next_page=has_next,
        has_previous_page=after is not None,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
    edges = [Edge(node, cursor) for node, cursor in zip(nodes, cursors, strict=True)]
    return Page(edges, info, total)


def checked_first(first: int) -> int:
    """``first`` where a page may be that long; raises :class:`~cmdb.errors.InvalidInput`."""
    if not 1 <= first <= MAX_PAGE:
        raise InvalidInput(f"A page has 1 to {MAX_PAGE} entries, not {first}.")
    return first


def encoded(place: str) -> str:
    """A cursor of a place in a list: opaque, safe in a URL."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decoded(cursor: str) -> str:
    """The place that a cursor means; raises :class:`~cmdb.errors.InvalidInput` where it is none."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except ValueError:
        raise InvalidInput(f"{cursor[:80]!r} is no cursor of a page.") from None


def connection_type(name: str, node: Any, what: str) -> Any:
    """The connection ``<name>Connection`` with its ``<name>Edge``; ``what`` are its nodes."""
    edge = object_type(
        f"{name}Edge",
        {"node": plain_field(node), "cursor": plain_field(str)},
        f"One of {what}, and where it stands in the list.",
    )
    return object_type(
        f"{name}Connection",
        {
            "edges": plain_field(many(edge), "The page, with a cursor for each."),
            "nodes": plain_field(many(node), "The page without the cursors."),
            "page_info": plain_field(PageInfo),
            "total_count": plain_field(int, "How many there are on all pages together."),
        },
        f"A page of {what}.",
    )
