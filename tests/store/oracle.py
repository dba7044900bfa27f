"""What queries and searches mean, in plain Python over a list of items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cmdb.items import Item, ItemStatus
from cmdb.store.port import Condition, ItemQuery, Sort
from cmdb.store.text import indexed_words, sort_name, words


def kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "list"


def value_of(item: Item, field: str) -> Any:
    if field.startswith("properties."):
        return item.properties.get(field.partition(".")[2])
    value = getattr(item, field)
    return value.value if isinstance(value, ItemStatus) else value


def equal(one: Any, other: Any) -> bool:
    return kind_of(one) == kind_of(other) and bool(one == other)


def holds(item: Item, condition: Condition) -> bool:
    value, operator, given = value_of(item, condition.field), condition.operator, condition.value
    if operator == "exists":
        return (value is not None) == given
    if value is None:
        return operator == "ne"
    if operator == "eq":
        return equal(value, given)
    if operator == "ne":
        return not equal(value, given)
    if operator == "in":
        return any(equal(value, entry) for entry in given)  # type: ignore[union-attr]
    if operator == "contains" and isinstance(value, list):
        return given in value
    if operator in ("contains", "starts_with"):
        if not isinstance(value, str) or not isinstance(given, str):
            return False
        lowered = value.lower()
        return (
            given.lower() in lowered
            if operator == "contains"
            else lowered.startswith(given.lower())
        )
    if kind_of(value) != kind_of(given):
        return False
    compared: Any = given
    results = {"lt": value < compared, "le": value <= compared, "gt": value > compared}
    return bool(results.get(operator, value >= compared))


def wanted(items: Iterable[Item], query: ItemQuery) -> list[Item]:
    """All items of a query, in its order."""
    found = [
        item
        for item in items
        if (query.kinds is None or item.kind in query.kinds)
        and (
            item.status != ItemStatus.RETIRED
            if query.statuses is None
            else item.status in query.statuses
        )
        and all(holds(item, condition) for condition in query.conditions)
    ]
    return ordered(found, query.sort)


def ordered(items: Sequence[Item], sort: Sort) -> list[Item]:
    by_id = sorted(items, key=lambda item: item.id)
    values = {item.id: ordering(item, sort.field) for item in by_id}
    some = [item for item in by_id if values[item.id] is not None]
    none = [item for item in by_id if values[item.id] is None]
    # reverse keeps the order of equals: by id either way
    some.sort(key=lambda item: values[item.id], reverse=sort.descending)
    return some + none


def ordering(item: Item, field: str) -> Any:
    if field == "name":
        return sort_name(item.name)
    value = value_of(item, field)
    if value is None or isinstance(value, list):
        return None
    if not field.startswith("properties."):
        return value
    return ["boolean", "number", "string"].index(kind_of(value)), value


def found(items: Iterable[Item], text: str) -> list[Item]:
    """All hits of a search, best first."""
    looked_for = words(text)
    hits = [
        item
        for item in items
        if looked_for
        and item.status != ItemStatus.RETIRED
        and all(
            any(word.startswith(prefix) for word in indexed_words(item).split())
            for prefix in looked_for
        )
    ]
    name = sort_name(text.strip())
    return sorted(
        hits,
        key=lambda item: (
            sort_name(item.name) != name,
            not sort_name(item.name).startswith(name),
            item.kind,
            sort_name(item.name),
            item.id,
        ),
    )
