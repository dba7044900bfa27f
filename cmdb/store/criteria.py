"""What a query may ask, checked once for both stores: fields, conditions, orders and cursors.

Values compare within their own type only: numbers with numbers, strings with strings by code
point, false before true. A sort puts false, true, numbers and strings in this order; lists have no
order and count as no value.
"""

from __future__ import annotations

import base64
import math
import re
from enum import IntEnum
from typing import Literal

import msgspec

from cmdb.errors import InvalidInput
from cmdb.items import Item
from cmdb.items.ids import ID_LENGTH
from cmdb.items.value import Value
from cmdb.store.port import Condition, ItemQuery, Sort
from cmdb.store.text import indexed_words, sort_name, words

_PROPERTY = re.compile(r"properties\.([A-Za-z_][A-Za-z0-9_]*)\Z")
_SORTS = frozenset({"id", "kind", "name", "status", "revision"})
_TESTED = frozenset({"kind", "name", "status"})

Type = Literal["boolean", "number", "string", "list"]


class Rank(IntEnum):
    """The order of types in a sort."""

    BOOLEAN = 0
    NUMBER = 1
    STRING = 2


_RANKS: dict[str, Rank] = {
    "boolean": Rank.BOOLEAN,
    "number": Rank.NUMBER,
    "string": Rank.STRING,
}


def type_of(value: object) -> Type:
    """The type a value compares within; raises InvalidInput where it has none."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return "number"
    if isinstance(value, float) and math.isfinite(value):
        return "number"
    if isinstance(value, str) and "\x00" not in value and not _half_pair(value):
        return "string"
    if isinstance(value, list | tuple) and all(type_of(entry) == "string" for entry in value):
        return "list"
    raise InvalidInput(
        f"{value!r:.60} can't be compared with: give a string, a finite number, true or false, "
        "or a list of strings."
    )


def _half_pair(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def property_of(field: str) -> str | None:
    """The property that ``properties.<name>`` names; None for any other field."""
    match = _PROPERTY.match(field)
    return match[1] if match else None


def check_query(query: ItemQuery) -> None:
    """Raises :class:`~cmdb.errors.InvalidInput` with a sentence where a query can't be asked."""
    if query.limit < 0:
        raise InvalidInput(f"A page can't have {query.limit} items; ask for 0 or more.")
    if query.sort.field not in _SORTS and property_of(query.sort.field) is None:
        raise InvalidInput(
            f"Items can't be sorted by {query.sort.field!r}; sort by "
            "id, kind, name, status, revision or properties.<name>."
        )
    for condition in query.conditions:
        _check_condition(condition)


def _check_condition(condition: Condition) -> None:
    field, operator, value = condition.field, condition.operator, condition.value
    if field not in _TESTED and property_of(field) is None:
        raise InvalidInput(
            f"{field!r} can't be tested; test kind, name, status or properties.<name>."
        )
    problem = _value_problem(operator, value)
    if problem is not None:
        raise InvalidInput(f"The test {operator!r} of {field} {problem}")


def _value_problem(operator: str, value: object) -> str | None:
    """What is wrong with what a test compares with; None where nothing is."""
    if operator == "exists":
        fits = isinstance(value, bool)
        return None if fits else f"needs true or false, not {value!r:.60}."
    if operator == "in":
        if not isinstance(value, list | tuple):
            return f"needs a list of values, not {value!r:.60}."
        lists = any(type_of(entry) == "list" for entry in value)
        return "can't look for lists in its list." if lists else None
    kind = type_of(value)
    if operator in ("contains", "starts_with"):
        return None if kind == "string" else f"needs a string, not {value!r:.60}."
    if kind == "list" and operator not in ("eq", "ne"):
        return "can't order lists; compare with one value."
    return None


def by_type(values: object) -> dict[Type, list[str | int | float | bool]]:
    """The entries of an ``in`` list, by the type they compare within."""
    found: dict[Type, list[str | int | float | bool]] = {}
    for value in values if isinstance(values, list | tuple) else ():
        found.setdefault(type_of(value), []).append(value)
    return found


def sort_value(item: Item, field: str) -> str | int | float | bool | None:
    """What an item is ordered by; None where it comes last."""
    name = property_of(field)
    if name is not None:
        value: Value | None = item.properties.get(name)
        return None if isinstance(value, list) else value
    if field == "name":
        return sort_name(item.name)
    return {"id": item.id, "kind": item.kind, "status": item.status.value}.get(field, item.revision)


def rank_of(value: str | float | bool) -> Rank:
    """The rank of the type of a value that is no list."""
    return _RANKS[type_of(value)]


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the order it was in, the last item's value there, and its id."""

    field: str
    descending: bool
    value: str | int | float | bool | None
    id: str


_position = msgspec.json.Decoder(Position)


def cursor(item: Item, sort: Sort) -> str:
    """The cursor of an item in an order: opaque, safe in a URL."""
    return cursor_at(sort, sort_value(item, sort.field), item.id)


def cursor_at(sort: Sort, value: str | float | bool | None, id_: str) -> str:
    """The cursor of a place in an order."""
    position = Position(sort.field, sort.descending, value, id_)
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def position_of(text: str, sort: Sort) -> Position:
    """What a cursor says; raises InvalidInput where it is none, or of another order."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        position = _position.decode(raw)
        if position.value is not None:
            type_of(position.value)
        type_of(position.id)
    except (ValueError, msgspec.DecodeError, InvalidInput):
        raise InvalidInput(f"{text[:80]!r} is no cursor of a page of items.") from None
    if (position.field, position.descending) != (sort.field, sort.descending):
        raise InvalidInput(
            f"The cursor {text[:80]!r} belongs to a list sorted by {position.field}, "
            f"not to one sorted by {sort.field} in this direction."
        )
    _check_position(position)
    return position


def _check_position(position: Position) -> None:
    value = position.value
    fits = {
        "revision": isinstance(value, int) and not isinstance(value, bool),
    }.get(
        position.field,
        property_of(position.field) is not None or isinstance(value, str),
    )
    if not fits:
        raise InvalidInput("The cursor is no cursor of a page of items: its value does not fit.")


WORD_LENGTH = 100
"""Characters of a word that count in a search. Engines cut longer words, each at its own length."""
_LONG_WORD = re.compile(rf"[^ ]{{{WORD_LENGTH + 1}}}")
MOST_WORDS = 64
"""Words of a search that count. Engines refuse more, each from its own number on."""


def search_words(text: str) -> list[str]:
    """The words to look for, each once; empty where there is nothing to look for."""
    return list(dict.fromkeys(word[:WORD_LENGTH] for word in words(text)))[:MOST_WORDS]


def stored_words(item: Item) -> str:
    """The words an item is found by, joined by spaces."""
    found = indexed_words(item)
    if _LONG_WORD.search(found) is None:
        return found
    return " ".join(word[:WORD_LENGTH] for word in found.split(" "))


def same_words(one: Item, other: Item) -> bool:
    """Whether two states of an item are found by the same words, without making them."""
    return (
        one.kind,
        one.name,
        one.identifiers,
        one.former_identifiers,
        one.properties,
    ) == (
        other.kind,
        other.name,
        other.identifiers,
        other.former_identifiers,
        other.properties,
    )


_TO_AT = -ID_LENGTH - 1
_FROM_AT = 2 * _TO_AT


def is_of_own_length(link_id: str) -> bool:
    """Whether both ends that a link's id spells are as long as the ids that are drawn here."""
    return link_id[_TO_AT : _TO_AT + 1] == ":" == link_id[_FROM_AT : _FROM_AT + 1]


def link_ends(link_id: str) -> tuple[str, str, str] | None:
    """Relation, from and to that a link's id spells; None where it is no link's id."""
    parts = link_id.split(":")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None
