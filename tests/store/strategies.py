"""Every field of what the stores keep, drawn from all that may reach them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from cmdb.catalogue import builtin
from cmdb.items import Gate, Item, ItemReport, Link, LinkReport, WaitingLink, link_id
from cmdb.items.ids import new_id
from cmdb.items.value import Value
from cmdb.revisions import Run

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

KINDS = [resolved.name for resolved in builtin().concrete_kinds]
RELATIONS = list(builtin().relations)

# NUL and half surrogate pairs never get as far as a store.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
texts = st.text(characters, max_size=30)
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(1)
times = st.datetimes(
    _FIRST.replace(tzinfo=None),
    _LAST.replace(tzinfo=None),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]),
)
int64 = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[Value] = st.one_of(
    texts, int64, floats, st.booleans(), st.lists(texts, max_size=3)
)
# Names of our own fields among them: they must not get in each other's way.
property_names = st.sampled_from(
    ["name", "id", "kind", "status", "revision", "identifiers", "merged_into", "body"]
) | st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
properties = st.dictionaries(property_names, values, max_size=5)


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Whatever a field of that type may hold."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is UnionType:
        return st.one_of([of_type(argument) for argument in arguments])
    if origin is dict:
        return st.dictionaries(*map(of_type, arguments), max_size=3)
    if origin is tuple:
        if arguments[-1] is ...:
            return st.lists(of_type(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(of_type, arguments))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return whole(hint)
    raise NotImplementedError(f"no strategy for {hint}")


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    bool: st.booleans(),
    int: st.integers(0, 2**40),
    float: floats,
    datetime: times,
    type(None): st.none(),
    Value: values,
    Gate: st.builds(Gate, texts, st.integers(0, 9) | st.floats(0, 9) | st.just("50%")),
}


def whole(struct: type[_Struct], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[_Struct]:
    """A struct with each of its fields drawn; ``given`` where a type says too little."""
    hints = get_type_hints(struct)
    drawn = {
        name: given.get(name, of_type(hints[name]) if name not in given else st.none())
        for name in struct.__struct_fields__
        if name not in ("revision", "created_revision")
    }
    return st.builds(struct, **drawn)


item_reports = whole(ItemReport, values=properties, kind=st.sampled_from(KINDS))
link_reports = whole(LinkReport)
runs = whole(Run, id=st.uuids().map(str))
waiting_links = whole(
    WaitingLink,
    id=st.builds(new_id).map("waiting:{}".format),
    relation=st.sampled_from(RELATIONS),
    report=link_reports,
)


@st.composite
def items(draw: st.DrawFn) -> Item:
    """An item with a new id, and identifiers that no other item has."""
    id_ = new_id()
    keys = {
        "identifiers": tuple(f"key:{id_}/{i}" for i in range(draw(st.integers(0, 3)))),
        "former_identifiers": tuple(f"key:{id_}/was/{i}" for i in range(draw(st.integers(0, 2)))),
    }
    return draw(
        whole(
            Item,
            id=st.just(id_),
            kind=st.sampled_from(KINDS),
            properties=properties,
            reports=st.lists(item_reports, max_size=3).map(tuple),
            **{name: st.just(value) for name, value in keys.items()},
        )
    )


@st.composite
def links(draw: st.DrawFn, start: Item, end: Item) -> Link:
    """A link between two items."""
    relation = draw(st.sampled_from(RELATIONS))
    ends = {
        "id": link_id(relation, start.id, end.id),
        "relation": relation,
        "from_id": start.id,
        "to_id": end.id,
    }
    reports = st.lists(link_reports, max_size=3).map(tuple)
    return draw(
        whole(Link, reports=reports, **{name: st.just(value) for name, value in ends.items()})
    )


@st.composite
def linked(draw: st.DrawFn) -> Link:
    """A link between any two items."""
    return draw(links(draw(items()), draw(items())))
