"""The published JSON Schema of a line, generated from the types that read it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from cmdb.catalogue import Catalogue, Property, PropertyType
from cmdb.exchange.record import Line


def json_schema(catalogue: Catalogue) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one line, generated from these types and the catalogue.

    Per kind it knows the properties and their types; identifiers are checked by namespace.
    """
    (reference,), components = msgspec.json.schema_components([Line], ref_template="#/$defs/{name}")
    item = components["ItemRecord"]
    spaces = "|".join(re.escape(name) for name in catalogue.namespaces)
    item["properties"]["identifiers"] = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "pattern": f"^({spaces}):.+"},
    }
    item["properties"]["kind"] = {"enum": [k.name for k in catalogue.concrete_kinds]}
    item["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind.name}}},
            "then": {"properties": {"properties": {"$ref": f"#/$defs/{kind.name}Properties"}}},
        }
        for kind in catalogue.concrete_kinds
    ]
    for kind in catalogue.concrete_kinds:
        components[f"{kind.name}Properties"] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {p.name: _property_schema(p) for p in kind.properties.values()},
        }
    components["LinkRecord"]["properties"]["relation"] = {"enum": list(catalogue.relations)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An observation: one line of a JSON Lines file",
        **reference,
        "$defs": components,
    }


_JSON_TYPES: dict[PropertyType, dict[str, Any]] = {
    PropertyType.STRING: {"type": ["string", "null"]},
    PropertyType.INTEGER: {"type": ["integer", "null"]},
    PropertyType.NUMBER: {"type": ["number", "null"]},
    PropertyType.BOOLEAN: {"type": ["boolean", "null"]},
    PropertyType.DATETIME: {"type": ["string", "null"], "format": "date-time"},
    PropertyType.STRINGS: {"type": ["array", "null"], "items": {"type": "string"}},
}


def _property_schema(prop: Property) -> dict[str, Any]:
    unit = f" Unit: {prop.unit}." if prop.unit else ""
    schema = {**_JSON_TYPES[prop.type], "description": f"{prop.description}{unit}"}
    if prop.choices:
        schema["enum"] = [*prop.choices, None]
    return schema
