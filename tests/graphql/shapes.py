"""From a value of the product to the document that asks for all of it, and the answer to expect."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin

import msgspec

from cmdb.items.value import format_time
from cmdb_graphql.names import camel


def selection(struct: type[msgspec.Struct], without: Collection[str] = ()) -> str:
    """A selection set with every field of a struct, and of the structs in it."""
    fields = []
    for info in msgspec.structs.fields(struct):
        if info.encode_name not in without:
            below = struct_in(info.type)
            nested = f" {selection(below, without)}" if below else ""
            fields.append(f"{camel(info.encode_name)}{nested}")
    return f"{{ {' '.join(fields)} }}"


def struct_in(hint: Any) -> type[msgspec.Struct] | None:
    """The struct in a hint such as ``tuple[Struct, ...]`` or ``Struct | None``."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    if get_origin(hint) in (tuple, Union, types.UnionType):
        found = [s for argument in get_args(hint) if (s := struct_in(argument))]
        return found[0] if len(found) == 1 else None
    return None


def served(value: Any, without: Collection[str] = ()) -> Any:
    """What GraphQL answers for a value when all of it is asked for."""
    if isinstance(value, msgspec.Struct):
        return {
            camel(info.encode_name): served(getattr(value, info.name), without)
            for info in msgspec.structs.fields(type(value))
            if info.encode_name not in without
        }
    if isinstance(value, tuple | list):
        return [served(entry, without) for entry in value]
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return msgspec.to_builtins(value)
    return value
