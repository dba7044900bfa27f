"""Roots that describe: the kinds and relations in force, and what the store holds."""

from typing import Any

import msgspec
import strawberry

from cmdb import __version__
from cmdb.catalogue import Catalogue
from cmdb.catalogue.reference import kind_data, relation_data
from cmdb.store.port import StoreInfo
from cmdb_graphql.context import Context
from cmdb_graphql.names import Names
from cmdb_graphql.structs import StructTypes, many, maybe

Info = strawberry.Info[Context, None]


class PropertyDescription(msgspec.Struct, frozen=True):
    """A property of a kind. ``choices`` closes the set of its values, ``controlled`` ones are those
    that only an approved change should touch, ``expected`` ones count towards completeness.
    ``field`` is what its field is called here."""

    name: str
    type: str
    description: str
    unit: str | None
    choices: tuple[str, ...]
    controlled: bool
    expected: bool
    field: str = ""


class KindDescription(msgspec.Struct, frozen=True):
    """A kind with all it inherits. ``lineage`` runs from the kind to its root, ``identified_by``
    ranks namespaces, the strongest first; ``stale_after`` and ``retire_after`` are in seconds.
    ``graphql_type`` is its type here (an interface for an abstract kind), ``connection`` the root
    that lists its items."""

    name: str
    plural: str
    description: str
    parent: str | None
    lineage: tuple[str, ...]
    category: str
    abstract: bool
    layer: str
    identified_by: tuple[str, ...]
    stale_after: float
    retire_after: float
    properties: tuple[PropertyDescription, ...]
    graphql_type: str = ""
    connection: str = ""


class RelationDescription(
    msgspec.Struct, frozen=True, rename={"from_kinds": "from", "to_kinds": "to"}
):
    """A relation: ``phrase`` reads from its start to its end, ``inverse`` the other way round.
    ``from`` and ``to`` are the kinds it may join, ``impact`` says which way a failure runs along
    it, ``effect`` what it does, ``gated`` whether its links may carry a gate."""

    name: str
    phrase: str
    inverse: str
    description: str
    from_kinds: tuple[str, ...]
    to_kinds: tuple[str, ...]
    impact: str
    effect: str
    gated: bool
    symmetric: bool


def extra_fields() -> dict[str, dict[str, Any]]:
    """What the store's information has in GraphQL beyond its JSON."""
    return {
        "StoreInfo": {
            "version": strawberry.field(
                resolver=lambda: __version__,
                graphql_type=str,
                description="The version of the product.",
            )
        }
    }


def fields(catalogue: Catalogue, names: Names, structs: StructTypes) -> dict[str, Any]:
    """The roots of this module."""
    described = {name: _described(catalogue, names, name) for name in catalogue.kinds}
    relations = [
        msgspec.convert(relation_data(r), RelationDescription) for r in catalogue.relations.values()
    ]
    kind_type = structs.of(KindDescription)

    def kinds() -> Any:
        return list(described.values())

    def kind(name: str) -> Any:
        catalogue.kind(name)
        return described[name]

    def all_relations() -> Any:
        return relations

    return {
        "kinds": strawberry.field(
            resolver=kinds,
            graphql_type=many(kind_type),
            description="Every kind of the catalogue, abstract ones too.",
        ),
        "kind": strawberry.field(
            resolver=kind,
            graphql_type=maybe(kind_type),
            description="One kind of the catalogue.",
        ),
        "relations": strawberry.field(
            resolver=all_relations,
            graphql_type=many(structs.of(RelationDescription)),
            description="Every relation of the catalogue.",
        ),
        "info": strawberry.field(
            resolver=_info,
            graphql_type=structs.of(StoreInfo),
            description="What the store holds, and the version of the product.",
        ),
    }


def _described(catalogue: Catalogue, names: Names, name: str) -> KindDescription:
    found = msgspec.convert(kind_data(catalogue, name), KindDescription)
    return msgspec.structs.replace(
        found,
        properties=tuple(
            msgspec.structs.replace(p, field=names.field(p.name) if p.name != "name" else "name")
            for p in found.properties
        ),
        graphql_type=names.types.get(name) or names.interfaces[name],
        connection=names.connections[name],
    )


async def _info(info: Info) -> Any:
    return await info.context.cmdb.store.info()
