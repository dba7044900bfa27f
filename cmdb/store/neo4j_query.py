"""Queries put together from the named parts in :mod:`cmdb.store.cypher`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cmdb.store import cypher
from cmdb.store.criteria import Position, position_of, property_of, rank_of
from cmdb.store.neo4j_layout import property_key, sortable, unsortable
from cmdb.store.port import Condition, ItemQuery, Sort


class Statement:
    """A statement in the making: its parameters get names of ours, ``p0``, ``p1`` and so on."""

    def __init__(self) -> None:
        self.parameters: dict[str, object] = {}

    def part(self, template: str, *values: object, value: str = "") -> str:
        """A part of the statement, with ``values`` as its parameters."""
        names = []
        for entry in values:
            name = f"p{len(self.parameters)}"
            self.parameters[name] = entry
            names.append(name)
        return template.format(*names, value=value)

    def expression(self, field: str) -> str:
        """What the value of a field is called."""
        name = property_of(field)
        if name is None:
            return cypher.COLUMNS[field]
        if name == "name":
            return cypher.NAME_PROPERTY
        return self.part(cypher.PROPERTY, property_key(name))

    def scope(self, kinds: Sequence[str] | None) -> list[str]:
        """The limit to some kinds; no part where all are wanted."""
        return [] if kinds is None else [self.part(cypher.KINDS, list(kinds))]

    def wanted(self, query: ItemQuery) -> list[str]:
        """Which items a query asks for, whatever the page."""
        parts = self.scope(query.kinds)
        if query.statuses is None:
            parts.append(cypher.NOT_RETIRED)
        else:
            parts.append(self.part(cypher.STATUSES, list(query.statuses)))
        parts.extend(self._condition(condition) for condition in query.conditions)
        return parts

    def _condition(self, condition: Condition) -> str:
        operator, given = condition.operator, condition.value
        value = self.expression(condition.field)
        if operator == "exists":
            return self.part(cypher.EXISTS if given else cypher.EXISTS_NOT, value=value)
        if operator == "contains" and isinstance(given, str):
            return self.part(cypher.CONTAINS, given.lower(), given, value=value)
        if operator == "starts_with" and isinstance(given, str):
            return self.part(cypher.STARTS_WITH, given.lower(), value=value)
        templates = {"eq": cypher.EQUAL, "ne": cypher.NOT_EQUAL, "in": cypher.IN, **cypher.COMPARE}
        return self.part(templates[operator], given, value=value)


def count(query: ItemQuery) -> tuple[str, dict[str, object]]:
    """How many items a query asks for."""
    made = Statement()
    where = cypher.conjunction(made.wanted(query))
    return f"{cypher.MATCH_ITEMS}{where}{cypher.RETURN_COUNT}", made.parameters


def page(query: ItemQuery) -> tuple[str, dict[str, object]]:
    """One page of a query and the item after it. Raises InvalidInput on a foreign cursor."""
    made = Statement()
    position = position_of(query.after, query.sort) if query.after is not None else None
    wanted = made.wanted(query)
    made.parameters["limit"] = query.limit + 1
    if position is not None:
        made.parameters["last_id"] = position.id
    if property_of(query.sort.field) is None:
        text = _by_column(query.sort, position, wanted, made)
    else:
        text = _by_property(query.sort, position, wanted, made)
    return f"{text}{cypher.RETURN_PAGE}", made.parameters


def cursor_value(sort: Sort, value: Any) -> Any:
    """What a cursor keeps of the value a page was ordered by."""
    return unsortable(value) if sort.field == "name" else value


def _direction(sort: Sort) -> str:
    return cypher.DESCENDING if sort.descending else ""


def _by_column(sort: Sort, position: Position | None, wanted: list[str], made: Statement) -> str:
    column = cypher.SORT_COLUMNS[sort.field]
    if position is not None:
        last = position.value
        made.parameters["last"] = sortable(str(last)) if sort.field == "name" else last
        after = cypher.AFTER_COLUMN_DESCENDING if sort.descending else cypher.AFTER_COLUMN
        wanted = [*wanted, after.format(value=column)]
    ordered = cypher.WITH_COLUMN.format(value=column, direction=_direction(sort))
    return f"{cypher.MATCH_ITEMS}{cypher.conjunction(wanted)}{ordered}"


def _by_property(sort: Sort, position: Position | None, wanted: list[str], made: Statement) -> str:
    after = cypher.ALWAYS
    if position is not None and position.value is None:
        after = cypher.AFTER_NONE
    elif position is not None and position.value is not None:
        made.parameters["last"] = position.value
        made.parameters["last_rank"] = int(rank_of(position.value))
        after = cypher.AFTER_PROPERTY_DESCENDING if sort.descending else cypher.AFTER_PROPERTY
    ordered = cypher.WITH_PROPERTY.format(
        value=made.expression(sort.field), after=after, direction=_direction(sort)
    )
    return f"{cypher.MATCH_ITEMS}{cypher.conjunction(wanted)}{ordered}"


def search(
    words: Sequence[str],
    name: str,
    kinds: Sequence[str] | None,
    page: tuple[int, int],
    include_retired: bool,
) -> tuple[str, str, dict[str, object]]:
    """The count of hits, one page of them (limit, offset), and the parameters of both.

    The words hold nothing but letters and digits, so none can be read as syntax.
    """
    made = Statement()
    parts = made.scope(kinds)
    if not include_retired:
        parts.append(cypher.NOT_RETIRED)
    found = f"{cypher.MATCH_WORDS}{cypher.conjunction(parts)}"
    made.parameters["words"] = " ".join(f"+{word}*" for word in words)
    made.parameters["name"] = sortable(name)
    made.parameters["limit"], made.parameters["offset"] = page
    return f"{found}{cypher.RETURN_COUNT}", f"{found}{cypher.RETURN_HITS}", made.parameters
