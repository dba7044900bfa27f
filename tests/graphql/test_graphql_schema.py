"""The schema: what is generated from the catalogue, and that the committed SDL is its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLInterfaceType, GraphQLNonNull, GraphQLObjectType

from cmdb.catalogue import Catalogue, builtin
from cmdb.catalogue.files import load_catalogue
from cmdb.catalogue.model import Kind, Property, PropertyType
from cmdb.errors import InvalidCatalogue
from cmdb_graphql.items import ITEM_FIELDS
from cmdb_graphql.names import Names, camel
from cmdb_graphql.schema import OWN_ROOTS, OWN_TYPES, Schema, build_schema, print_schema
from cmdb_graphql.structs import Later, maybe

SDL = Path(__file__).parents[2] / "docs/reference/schema.graphql"


def test_the_committed_sdl_is_that_of_the_built_in_catalogue() -> None:
    assert SDL.read_text("utf-8") == print_schema(builtin()), (
        f"{SDL.name} has drifted from the code: cmdb schema > docs/reference/schema.graphql"
    )


def types_of(schema: Schema, name: str) -> GraphQLObjectType | GraphQLInterfaceType:
    found = schema._schema.type_map[name]
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
    return found


@pytest.mark.parametrize("name", builtin().kinds)
def test_a_kind_has_a_type_with_its_properties_and_a_connection(schema: Schema, name: str) -> None:
    kind = builtin().kind(name)
    made = types_of(schema, name)
    assert isinstance(made, GraphQLInterfaceType) == kind.kind.abstract
    assert made.description == kind.kind.description
    assert {i.name for i in made.interfaces} >= set(kind.lineage[1:]) & {
        k for k in builtin().kinds if builtin().kinds[k].abstract
    }
    for prop in kind.properties.values():
        field = made.fields[camel(prop.name)]
        if prop.name != "name":
            assert prop.description in (field.description or "")
            assert prop.unit is None or f"Unit: {prop.unit}." in (field.description or "")
    root = types_of(schema, "Query").fields[kind.kind.plural]
    assert str(root.type) in (f"{name}Connection", f"Any{name}Connection")


def test_our_own_names_are_all_reserved(schema: Schema) -> None:
    kinds = builtin().kinds
    generated = {
        f"{p}{k}{s}" for k in kinds for p in ("", "Any") for s in ("", "Connection", "Edge")
    }
    names = Names(builtin(), OWN_TYPES, OWN_ROOTS, ITEM_FIELDS)
    properties = [p for k in kinds for p in builtin().kind(k).properties.values()]
    choices = {names.enum(prop) for prop in properties}
    pages = {"ItemConnection", "ItemEdge", "LinkConnection", "LinkEdge"}
    own = {n for n in schema._schema.type_map if not n.startswith("__")} - generated - choices
    assert own - pages == {n for n in OWN_TYPES if n in schema._schema.type_map}
    plurals = {kind.plural for kind in kinds.values()}
    assert types_of(schema, "Query").fields.keys() - plurals <= OWN_ROOTS


def test_every_type_and_root_is_documented(schema: Schema) -> None:
    named = schema._schema.type_map.values()
    assert [t.name for t in named if not t.description and not t.name.startswith("__")] == []
    roots = types_of(schema, "Query").fields
    assert [name for name, field in roots.items() if not field.description] == []


def test_an_item_s_own_fields_can_t_be_missing(schema: Schema) -> None:
    fields = types_of(schema, "Item").fields
    optional = {n for n, f in fields.items() if not isinstance(f.type, GraphQLNonNull)}
    assert optional == {"firstSeen", "lastSeen", "mergedInto"}


def extended(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return load_catalogue([path])


def test_kinds_of_users_are_served_beside_our_own(tmp_path: Path) -> None:
    catalogue = extended(
        tmp_path,
        """
        [kinds.Robot]
        description = "A machine that moves."
        parent = "Server"
        properties.axes = {type = "integer", description = "How many it has."}
        properties.mood = {type = "string", description = "How it is.", choices = ["good", "so-so"]}
        properties.stale = {type = "boolean", description = "A name that every item has already."}
        """,
    )
    schema = build_schema(catalogue)
    robot = types_of(schema, "Robot")
    assert str(robot.fields["axes"].type) == "Long"
    assert str(robot.fields["mood"].type) == "String"
    assert str(robot.fields["staleProperty"].type) == "Boolean"
    assert str(robot.fields["stale"].type) == "Boolean!"
    assert types_of(schema, "Server").interfaces[0].name == "AnyServer"
    assert str(types_of(schema, "Query").fields["servers"].type) == "AnyServerConnection"


def test_kinds_of_users_give_way_to_our_own_names() -> None:
    kinds = [
        *builtin().kinds.values(),
        Kind("Picture", "runs", "Painted.", "ConfigurationItem"),
        Kind("ServerConnection", "serverConnections", "A plug.", "ConfigurationItem"),
    ]
    schema = build_schema(Catalogue(kinds=kinds))
    assert str(types_of(schema, "Query").fields["pictureItems"].type) == "PictureItemConnection"
    assert "boxes" in types_of(schema, "Picture").fields
    assert "edges" in types_of(schema, "ServerConnection").fields
    assert types_of(schema, "ServerConnectionItem").description == "A plug."


def test_a_property_that_contradicts_the_parent_s_is_refused() -> None:
    prop = Property("memory", PropertyType.STRING, "In words.")
    kind = Kind("Robot", "robots", "It moves.", "Server", properties=(prop,))
    with pytest.raises(InvalidCatalogue) as refused:
        build_schema(Catalogue(kinds=[*builtin().kinds.values(), kind]))
    (problem,) = refused.value.problems
    assert problem.field == "Robot.memory"
    assert "Server" in problem.message


def test_a_reference_of_one_schema_is_never_taken_for_another_s() -> None:
    """typing keeps what it made of equal arguments, whatever schema asked."""
    one, other = Later(), Later()
    assert maybe(one("Server")) is not maybe(other("Server"))
    assert one("Server") == one("Server")
