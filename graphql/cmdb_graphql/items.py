"""The interface of all items, and a type per kind with its own typed properties."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.field import StrawberryField

from cmdb.catalogue import Catalogue, Property, PropertyType
from cmdb.errors import InvalidCatalogue, Problem
from cmdb.items import Item, ItemStatus
from cmdb.reconcile.provenance import Provenance, provenance
from cmdb.views import LinkEnd, is_stale
from cmdb_graphql.connections import connection_type
from cmdb_graphql.context import Context
from cmdb_graphql.links import links_field
from cmdb_graphql.names import Names
from cmdb_graphql.scalars import Json, Long
from cmdb_graphql.structs import (
    Later,
    StructTypes,
    closed_set,
    many,
    maybe,
    object_type,
    plain_field,
)

ITEM_FIELDS = (
    "id kind name status identifiers formerIdentifiers properties provenance sources firstSeen "
    "lastSeen stale revision createdRevision mergedInto links"
).split()
"""What every item has, whatever its kind."""

OTHER = "OtherItem"
"""The type of items whose kind the catalogue no longer declares."""

LINK_FIELDS_LEFT_OUT = ("item", "kind", "name", "item_status")
"""What a link says about the item at its other end: here that is the item itself."""

_HINTS: dict[PropertyType, Any] = {
    PropertyType.STRING: str,
    PropertyType.INTEGER: Long,
    PropertyType.NUMBER: float,
    PropertyType.BOOLEAN: bool,
    PropertyType.DATETIME: datetime,
    PropertyType.STRINGS: list[str],
}


class PropertyField(StrawberryField):
    """A typed property, read straight from the item's properties.

    A value that the catalogue does not allow (any more) is null here; ``properties`` has it.
    """

    prop: Property

    @classmethod
    def make(cls, prop: Property, hint: Any, graphql_name: str) -> "PropertyField":
        """The field of a property."""
        unit = f" Unit: {prop.unit}." if prop.unit else ""
        made = cls(
            python_name=f"property_{prop.name}",
            graphql_name=graphql_name,
            type_annotation=StrawberryAnnotation(hint),
            description=f"{prop.description}{unit}",
        )
        made.prop = prop
        return made

    def __copy__(self) -> "PropertyField":
        copied = super().__copy__()
        copied.prop = self.prop
        return copied

    def get_result(self, source: Item, info: Any, args: Any, kwargs: Any) -> Any:  # noqa: ARG002 - the base class passes them
        """The value; None where there is none."""
        value = source.properties.get(self.prop.name)
        return None if self.prop.choices and value not in self.prop.choices else value


def extra_fields(later: Later) -> dict[str, dict[str, Any]]:
    """What links have in GraphQL beyond their JSON."""
    other = plain_field(later("Item"), "The item at the other end.", name="item")
    return {"LinkEnd": {"other": other}}


class ItemTypes:
    """The types of one catalogue's kinds.

    An abstract kind is an interface. A kind that has both items of its own and kinds below it is
    two: the type ``Cluster``, and the interface ``AnyCluster`` of all clusters. Raises
    :class:`~cmdb.errors.InvalidCatalogue` where a kind gives an inherited property another type.
    """

    def __init__(
        self, catalogue: Catalogue, names: Names, structs: StructTypes, later: Later
    ) -> None:
        self._catalogue = catalogue
        self._names = names
        self._enums: dict[str, Any] = {}
        self._interfaces: dict[str, Any] = {}
        self._later = later
        self.relation = closed_set(
            "RelationName", list(catalogue.relations), "The relations of the catalogue."
        )
        self.kind = closed_set("KindName", list(catalogue.kinds), "The kinds of the catalogue.")
        self.status = structs.enum(ItemStatus)
        self.item = self._item(structs)
        later.declare("Item", self.item)
        self.connection = connection_type("Item", self.item, "items")
        links = connection_type("Link", structs.of(LinkEnd), "links of an item")
        later.declare("LinkConnection", links)
        gone = "An item of a kind that the catalogue no longer declares."
        self.types: list[Any] = [object_type(OTHER, {}, gone, bases=(self.item,))]
        self.connections: dict[str, Any] = {}
        for name in catalogue.kinds:
            self._make(name)

    def _item(self, structs: StructTypes) -> Any:
        types = self._names.types

        def resolve_type(source: Item, *_: Any) -> str:
            return types.get(source.kind, OTHER)

        def is_type_of(*_: Any) -> bool:
            return True

        node = object_type(
            "Node",
            {"id": plain_field(strawberry.ID)},
            "Anything with an id.",
            decorate=strawberry.interface,
            namespace={
                "resolve_type": staticmethod(resolve_type),
                "is_type_of": staticmethod(is_type_of),
            },
        )
        self._later.declare("Node", node)
        return object_type(
            "Item",
            self._item_fields(structs),
            "One configuration item or record, of any kind. What only its kind has is on the type "
            "of that kind: `... on Server { memory }`.",
            bases=(node,),
            decorate=strawberry.interface,
        )

    def _item_fields(self, structs: StructTypes) -> dict[str, Any]:
        a_time = maybe(datetime)
        direction = closed_set(
            "LinkDirection",
            ("out", "in", "both"),
            "Links that start at the item, that lead to it, or both.",
        )
        return {
            "kind": plain_field(str, "The name of its kind in the catalogue."),
            "name": plain_field(str, "What people call it."),
            "status": plain_field(self.status),
            "identifiers": plain_field(list[str], "The keys that identify it now."),
            "former_identifiers": plain_field(
                list[str], "Keys that used to, and still lead here until something claims them."
            ),
            "properties": plain_field(
                Json, "All its properties, by their names in the catalogue (snake_case)."
            ),
            "provenance": strawberry.field(
                resolver=_provenance,
                graphql_type=many(structs.of(Provenance)),
                description="Per property: whose word won, since when, and what others say.",
            ),
            "sources": plain_field(list[str], "The sources that report it."),
            "first_seen": plain_field(a_time, "When any source first saw it."),
            "last_seen": plain_field(a_time, "When any source last saw it."),
            "stale": strawberry.field(
                resolver=_stale,
                description="Whether nobody has seen it for longer than its kind allows.",
            ),
            "revision": plain_field(int, "The latest revision that wrote it."),
            "created_revision": plain_field(int, "The revision that created it."),
            "merged_into": plain_field(
                maybe(strawberry.ID),
                "The item that it was found to be one thing with, and that took its reports over.",
            ),
            "links": links_field(
                self.relation, direction, self.kind, self._later("LinkConnection")
            ),
        }

    def _make(self, name: str) -> None:
        kind, names = self._catalogue.kind(name), self._names
        node = above = self._interface(name) if name in names.interfaces else self._parent(name)
        if name in names.types:
            made = object_type(
                names.types[name], self._fields(name), kind.kind.description, bases=(above,)
            )
            self.types.append(made)
            self._later.declare(names.types[name], made)
            node = above if name in names.interfaces else made
        self.connections[name] = connection_type(
            names.node(name), node, f"items of kind {name}, and of kinds below it"
        )

    def _parent(self, name: str) -> Any:
        parent = self._catalogue.kinds[name].parent
        return self._interface(parent) if parent else self.item

    def _interface(self, name: str) -> Any:
        if name not in self._interfaces:
            kind = self._catalogue.kinds[name]
            said = "" if kind.abstract else f"Any {name}, or what is a special one. "
            self._interfaces[name] = object_type(
                self._names.interfaces[name],
                self._fields(name),
                f"{said}{kind.description}",
                bases=(self._parent(name),),
                decorate=strawberry.interface,
            )
            self.types.append(self._interfaces[name])
            self._later.declare(self._names.interfaces[name], self._interfaces[name])
        return self._interfaces[name]

    def _fields(self, name: str) -> dict[str, Any]:
        kind = self._catalogue.kind(name)
        parent = kind.kind.parent
        inherited = self._catalogue.kind(parent).properties if parent else {}
        fields = {}
        for prop in kind.properties.values():
            above = inherited.get(prop.name, prop)
            if (above.type, above.choices) != (prop.type, prop.choices):
                raise InvalidCatalogue(
                    "The catalogue can't be served.",
                    [
                        Problem(
                            f"It must have the type and choices of {parent}'s.",
                            field=f"{name}.{prop.name}",
                        )
                    ],
                )
            if prop.name != "name":
                graphql_name = self._names.field(prop.name)
                fields[f"property_{prop.name}"] = PropertyField.make(
                    prop, self._hint(prop), graphql_name
                )
        return fields

    def _hint(self, prop: Property) -> Any:
        enum = self._names.enum(prop)
        if enum is None:
            return maybe(_HINTS[prop.type])
        if enum not in self._enums:
            self._enums[enum] = closed_set(enum, prop.choices, prop.description)
        return maybe(self._enums[enum])


def _provenance(root: Any, info: strawberry.Info[Context, None]) -> Any:
    return provenance(root, info.context.cmdb.rules, info.context.now)


def _stale(root: Any, info: strawberry.Info[Context, None]) -> bool:
    return is_stale(root, info.context.cmdb.rules, info.context.now)
