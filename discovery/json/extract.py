"""What the mapping reads of a document; the rest of the document is dropped here."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

from discovery.json.mapping import JsonMapping, LinkRule, Sort
from discovery.json.payload import Linked, Thing


def things_of(mapping: JsonMapping, target: str, document: Any) -> Iterator[Thing]:
    """The things in a document of a target, sort by sort."""
    for sort in mapping.sorts:
        if sort.target and not fnmatch(target, sort.target):
            continue
        for thing in _things(sort, document):
            yield _thing(sort, thing)


def _things(sort: Sort, document: Any) -> list[Any]:
    """The things of a sort in a document; with their keys where they are an object's values."""
    found = sort.each.of(document)
    if sort.key and isinstance(found, dict):
        return [
            {**(thing if isinstance(thing, dict) else {"value": thing}), sort.key: key}
            for key, thing in found.items()
        ]
    return [one for one in (found if isinstance(found, list) else [found]) if one is not None]


def _thing(sort: Sort, thing: Any) -> Thing:
    return Thing(
        sort.name,
        spelling(sort.id.of(thing)),
        {name: _texts(expression.of(thing)) for name, expression in sort.identifiers.items()},
        {name: expression.of(thing) for name, expression in sort.properties.items()},
        tuple(
            linked
            for number, rule in enumerate(sort.links)
            for linked in _links(number, rule, thing)
        ),
    )


def _links(number: int, rule: LinkRule, thing: Any) -> Iterator[Linked]:
    found = rule.each.of(thing) if rule.each is not None else thing
    rows = found if rule.each is not None and isinstance(found, list) else [found]
    for row in rows:
        if row is not None and (ends := _texts(rule.to.of(row))):
            gate = spelling(rule.gate.of(row)) if rule.gate is not None else None
            yield Linked(number, ends, gate)


def _texts(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(text for one in found if (text := spelling(one)) is not None)


def spelling(value: Any) -> str | None:
    """A value as a text, such as a part of an identifier; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None
