"""What a practice's module offers to the schema, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

import strawberry

from cmdb.errors import InvalidInput
from cmdb.items.value import Value
from cmdb.records.records import LinkTo
from cmdb.service import Cmdb
from cmdb_graphql.context import Context
from cmdb_graphql.scalars import Json
from cmdb_graphql.structs import Later, StructTypes, maybe

Info = strawberry.Info[Context, None]

Record = Annotated[
    str, strawberry.argument("The record's number, its id or any of its identifiers.")
]
Values = Annotated[
    Any,
    strawberry.argument(
        "Properties by their names in the catalogue; null takes a value away.",
        graphql_type=maybe(Json),
    ),
]
To = Annotated[str | None, strawberry.argument("The state to bring it to.")]
Note = Annotated[str | None, strawberry.argument("A work note to add.")]
Expected = Annotated[
    int | None,
    strawberry.argument(
        "The revision of the record that you have seen. Should it have moved since, nothing is "
        "written and the error says what changed."
    ),
]


class Practice(Protocol):
    """A module of this package."""

    @property
    def TYPES(self) -> frozenset[str]:  # noqa: N802 - a constant of a module
        """The names of its GraphQL types."""
        ...

    @property
    def ROOTS(self) -> frozenset[str]:  # noqa: N802 - a constant of a module
        """The names of its query roots."""
        ...

    def queries(self, structs: StructTypes, later: Later, /) -> dict[str, Any]:
        """Its query roots."""
        ...

    def mutations(self, structs: StructTypes, later: Later, /) -> dict[str, Any]:
        """Its mutations."""
        ...

    def extra_fields(self, later: Later, /) -> dict[str, dict[str, Any]]:
        """What its structs have in GraphQL beyond their JSON."""
        ...


def checked_values(given: object) -> dict[str, Value | None]:
    """Property values as a client wrote them; raises :class:`~cmdb.errors.InvalidInput`."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidInput('Values are an object such as {"urgency": 1}.')
    return {str(name): value for name, value in given.items()}


async def ends(cmdb: Cmdb, relation: str, texts: Sequence[str] | None) -> list[LinkTo]:
    """Links of a relation to the items that were named."""
    return [(relation, (await cmdb.find(text)).id) for text in texts or ()]
