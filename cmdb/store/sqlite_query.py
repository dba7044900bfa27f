"""Queries put together from the named parts in :mod:`cmdb.store.sql`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cmdb.store import sql
from cmdb.store.codec import encode
from cmdb.store.criteria import (
    Position,
    by_type,
    position_of,
    property_of,
    rank_of,
    type_of,
)
from cmdb.store.port import Condition, ItemQuery, Sort


@dataclass(slots=True)
class Part:
    """A piece of a statement with its parameters in order."""

    text: str
    parameters: list[object] = field(default_factory=list)


def conjunction(parts: Sequence[Part]) -> Part:
    """All of the parts at once; what always holds where there are none."""
    if not parts:
        return Part(sql.ALWAYS)
    return Part(
        " AND ".join(f"({part.text})" for part in parts),
        [parameter for part in parts for parameter in part.parameters],
    )


def wanted(query: ItemQuery) -> Part:
    """Which items a query asks for, whatever the page."""
    parts = scope(query.kinds)
    if query.statuses is None:
        parts.append(Part(sql.NOT_RETIRED))
    else:
        parts.append(Part(sql.STATUSES, [encode(query.statuses)]))
    parts.extend(_condition(condition) for condition in query.conditions)
    return conjunction(parts)


def scope(kinds: Sequence[str] | None) -> list[Part]:
    """The limit to some kinds; no part where all are wanted."""
    if kinds is None:
        return []
    if len(kinds) == 1:
        return [Part(sql.ONE_KIND, [kinds[0]])]
    return [Part(sql.KINDS, [encode(list(kinds))])]


def order(sort: Sort, limit: int) -> Part:
    """The order of a page and how many rows to take."""
    name = property_of(sort.field)
    if name is None:
        text = sql.BY_COLUMN_DESCENDING if sort.descending else sql.BY_COLUMN
        return Part(text.format(column=sql.SORT_COLUMNS[sort.field]), [limit])
    text = sql.BY_PROPERTY_DESCENDING if sort.descending else sql.BY_PROPERTY
    return Part(text, [*[_path(name)] * 3, limit])


def after(cursor: str | None, sort: Sort) -> list[Part]:
    """What follows a cursor; no part on the first page. Raises InvalidInput on a foreign one."""
    if cursor is None:
        return []
    position = position_of(cursor, sort)
    name = property_of(sort.field)
    if name is None:
        return [_after_column(position)]
    path = _path(name)
    if position.value is None:
        return [Part(sql.AFTER_NONE, [path, position.id])]
    rank, value = rank_of(position.value), encode(position.value)
    text = sql.AFTER_PROPERTY_DESCENDING if sort.descending else sql.AFTER_PROPERTY
    parameters = [
        path,
        path,
        int(rank),
        path,
        int(rank),
        path,
        value,
        path,
        value,
        position.id,
    ]
    return [Part(text, parameters)]


def _after_column(position: Position) -> Part:
    text = sql.AFTER_COLUMN_DESCENDING if position.descending else sql.AFTER_COLUMN
    return Part(
        text.format(column=sql.SORT_COLUMNS[position.field]),
        [position.value, position.value, position.id],
    )


def _path(name: str) -> str:
    return f"$.properties.{name}"


def _condition(condition: Condition) -> Part:
    positive = condition
    if condition.operator == "ne":
        positive = Condition(condition.field, "eq", condition.value)
    name = property_of(condition.field)
    part = _on_column(positive) if name is None else _on_property(positive, _path(name))
    return Part(f"{sql.NOT} ({part.text})", part.parameters) if condition.operator == "ne" else part


def _on_column(condition: Condition) -> Part:
    column, operator, value = (
        sql.COLUMNS[condition.field],
        condition.operator,
        condition.value,
    )
    if operator == "exists":
        return Part(sql.ALWAYS if value else sql.NEVER)
    if operator == "in":
        return Part(f"{column} {sql.GIVEN_IN}", [encode(by_type(value).get("string", []))])
    if not isinstance(value, str):
        return Part(sql.NEVER)
    return _on_text(column, [], operator, value)


def _on_text(expression: str, path: list[object], operator: str, value: str) -> Part:
    if operator == "contains":
        text = sql.LOWERED_CONTAINS.format(expression=expression)
        return Part(text, [*path, value.lower()])
    if operator == "starts_with":
        text = sql.LOWERED_STARTS.format(expression=expression)
        return Part(text, [*path, value.lower(), value.lower()])
    return Part(f"{expression} {sql.COMPARE[operator]} {sql.GIVEN_TEXT}", [*path, value])


def _on_property(condition: Condition, path: str) -> Part:
    operator, value = condition.operator, condition.value
    if operator == "exists":
        text = sql.PROPERTY_EXISTS if value else f"{sql.NOT} ({sql.PROPERTY_EXISTS})"
        return Part(text, [path])
    if operator == "in":
        return _property_in(value, path)
    kind = type_of(value)
    is_kind = Part(sql.PROPERTY_IS[kind], [path])
    if isinstance(value, str):
        part = conjunction([is_kind, _on_text(sql.PROPERTY, [path], operator, value)])
        if operator != "contains":
            return part
        entry = conjunction(
            [Part(sql.PROPERTY_IS["list"], [path]), Part(sql.HAS_ENTRY, [path, value])]
        )
        return Part(f"({part.text}) OR ({entry.text})", [*part.parameters, *entry.parameters])
    given = sql.GIVEN_TEXT if kind == "list" else sql.GIVEN_JSON
    compared = Part(f"{sql.PROPERTY} {sql.COMPARE[operator]} {given}", [path, encode(value)])
    return conjunction([is_kind, compared])


def _property_in(value: object, path: str) -> Part:
    parts = [
        conjunction(
            [
                Part(sql.PROPERTY_IS[kind], [path]),
                Part(f"{sql.PROPERTY} {sql.GIVEN_IN}", [path, encode(values)]),
            ]
        )
        for kind, values in by_type(value).items()
    ]
    if not parts:
        return Part(sql.NEVER)
    return Part(
        " OR ".join(f"({part.text})" for part in parts),
        [parameter for part in parts for parameter in part.parameters],
    )
