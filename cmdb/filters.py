"""Queries as people write them: ``environment=production``, ``memory>=64000000000``, ``-name``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cmdb.catalogue import Catalogue, PropertyType
from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.items import ItemStatus, Value
from cmdb.items.value import check_value
from cmdb.store.port import Condition, ItemQuery, Operator, Sort

MAX_PAGE = 1000
"""Items on one page at most."""

_CONDITION = re.compile(r"^\s*([a-z_.]+)\s*(!=|>=|<=|=|>|<|~|\^)\s*(.*)$", re.DOTALL)
_OPERATORS: dict[str, Operator] = {
    "=": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "ge",
    "<": "lt",
    "<=": "le",
    "~": "contains",
    "^": "starts_with",
}
_OWN = ("id", "kind", "name", "status", "revision")


def item_query(
    catalogue: Catalogue,
    *,
    kinds: Sequence[str] = (),
    conditions: Sequence[str] = (),
    statuses: Sequence[str] = (),
    sort: str = "name",
    limit: int = 50,
    after: str | None = None,
) -> ItemQuery:
    """The query that these texts describe. A kind stands for those below it too.

    A condition is a field, one of ``= != > >= < <= ~ ^`` (``~`` contains, ``^`` begins with) and a
    value; a sort is a field, descending after a minus. Raises
    :class:`~cmdb.errors.InvalidInput` that says what is wrong and what would be right.
    """
    concrete = tuple(
        d for k in kinds for d in catalogue.descendants(k) if not catalogue.kinds[d].abstract
    )
    for status in statuses:
        if status not in set(ItemStatus):
            raise InvalidInput(f"{status!r} is no status; there are {', '.join(ItemStatus)}.")
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput(f"A page has 1 to {MAX_PAGE} items, not {limit}.")
    return ItemQuery(
        kinds=tuple(dict.fromkeys(concrete)) if kinds else None,
        conditions=tuple(condition(text, catalogue) for text in conditions),
        statuses=tuple(statuses) or None,
        sort=Sort(field_path(sort.lstrip("-"), catalogue), sort.startswith("-")),
        limit=limit,
        after=after,
    )


def condition(text: str, catalogue: Catalogue) -> Condition:
    """One condition out of its text."""
    match = _CONDITION.match(text)
    if match is None:
        raise InvalidInput(
            f"{text!r} is no condition; write a field, one of = != > >= < <= ~ ^, and a value."
        )
    name, sign, value = match.groups()
    return make_condition(name, _OPERATORS[sign], value, catalogue)


def field_path(name: str, catalogue: Catalogue) -> str:
    """The field as the store knows it; properties may leave out ``properties.``."""
    bare = name.removeprefix("properties.")
    if name in _OWN:
        return name
    if bare in catalogue.properties:
        return name if bare == "name" and name == bare else f"properties.{bare}"
    hint = did_you_mean(nearest(bare, (*_OWN, *catalogue.properties)))
    raise InvalidInput(f"There is no field {name!r}{hint}")


def make_condition(name: str, operator: Operator, value: object, catalogue: Catalogue) -> Condition:
    """A condition with its value typed as the field is; strings are read where needed."""
    path = field_path(name, catalogue)
    if operator == "exists":
        return Condition(path, operator, _truth(value))
    if operator == "in":
        given = value if isinstance(value, list) else str(value).split(",")
        return Condition(path, operator, [_typed(path, v, catalogue) for v in given])  # type: ignore[arg-type]  # a list of one field's values has one type
    if operator in ("contains", "starts_with"):
        return Condition(path, operator, str(value))
    return Condition(path, operator, _typed(path, value, catalogue))


def _truth(value: object) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in ("true", "yes", "1")


def _typed(path: str, value: object, catalogue: Catalogue) -> Value:
    prop = catalogue.properties.get(path.removeprefix("properties."))
    if path == "revision" or (prop is not None and prop.type is PropertyType.INTEGER):
        return _number(path, value, int)
    if prop is None or path in _OWN:
        return str(value)
    if prop.type is PropertyType.NUMBER:
        return _number(path, value, float)
    if prop.type is PropertyType.BOOLEAN:
        return _truth(value)
    if prop.type is PropertyType.STRINGS:
        return value if isinstance(value, list) else [str(value)]
    try:
        return check_value(prop, value)
    except ValueError as error:
        raise InvalidInput(f"{path.removeprefix('properties.')} {error}.") from None


def _number(path: str, value: object, kind: type[int | float]) -> int | float:
    try:
        return kind(value) if isinstance(value, str | int | float) else kind(str(value))
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{path.removeprefix('properties.')} must be compared with a number, not {value!r}."
        ) from None
