"""A draft as bytes and back: what is kept of an estate between two runs.

It is a sequence of parts, each some thousand items or all of the links. Read back it is the same
draft, without having gone through a store's JSON again.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import msgspec

from cmdb.items import Item
from impact.columns.draft import Draft, Terms

ITEMS_IN_PART = 10_000


class _Items(msgspec.Struct, tag="items"):
    ids: list[str]
    names: list[str]
    bodies: list[str]


class _Columns(msgspec.Struct, tag="columns"):
    kinds: bytes
    statuses: bytes
    item_seen: bytes
    relations: bytes
    starts: bytes
    ends: bytes
    terms: bytes
    link_seen: bytes
    kind_names: list[str]
    relation_names: list[str]
    term_rows: list[Terms]
    touched: dict[int, dict[int, int]]


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[_Items | _Columns] = msgspec.msgpack.Decoder(_Items | _Columns)

_ARRAYS = (
    *("kinds", "statuses", "item_seen"),
    *("relations", "starts", "ends", "terms", "link_seen"),
)


def parts_of(draft: Draft) -> Iterator[bytes]:
    """The draft, which must be settled, in parts of bounded size but for the last, which takes some
    20 bytes a link. Bytes are in this machine's order."""
    for first in range(0, len(draft.ids), ITEMS_IN_PART):
        which = slice(first, first + ITEMS_IN_PART)
        bodies = [_text(body) for body in draft.bodies[which]]
        yield _encoder.encode(_Items(draft.ids[which], draft.names[which], bodies))
    yield _encoder.encode(
        _Columns(
            **{name: getattr(draft, name).tobytes() for name in _ARRAYS},
            kind_names=list(draft.kind_codes),
            relation_names=list(draft.relation_codes),
            term_rows=list(draft.term_codes),
            touched={at: dict(seen) for at, seen in draft.touched.items()},
        )
    )


def draft_of(parts: Iterable[bytes]) -> Draft:
    """The draft of these parts.

    Raises :class:`msgspec.DecodeError` or ValueError where they are no draft, or not all of one.
    """
    draft = Draft()
    columns: _Columns | None = None
    for data in parts:
        part = _decoder.decode(data)
        if isinstance(part, _Columns):
            columns = part
            continue
        draft.ids += part.ids
        draft.names += part.names
        draft.bodies += part.bodies
    if columns is None:
        raise ValueError("the columns are missing")
    for name in _ARRAYS:
        column: array[int] = getattr(draft, name)
        column.frombytes(getattr(columns, name))
    draft.touched = {**columns.touched}
    for codes, names in (
        (draft.kind_codes, columns.kind_names),
        (draft.relation_codes, columns.relation_names),
    ):
        codes.update((name, code) for code, name in enumerate(names))
    draft.term_codes.update((terms, code) for code, terms in enumerate(columns.term_rows))
    _check(draft)
    draft.settle_items()
    return draft


def _text(body: str | Item) -> str:
    return body if isinstance(body, str) else msgspec.json.encode(body).decode()


def _check(draft: Draft) -> None:
    items = {len(c) for c in (draft.ids, draft.names, draft.bodies, draft.kinds, draft.statuses)}
    links = {len(c) for c in (draft.relations, draft.starts, draft.ends, draft.terms)}
    if len(items | {len(draft.item_seen)}) != 1 or len(links | {len(draft.link_seen)}) != 1:
        raise ValueError("the columns differ in length")
    size = len(draft.ids)
    limits = (
        (draft.kinds, len(draft.kind_codes)),
        (draft.relations, len(draft.relation_codes)),
        (draft.terms, len(draft.term_codes)),
        (draft.starts, size),
        (draft.ends, size),
    )
    if any(len(column) and max(column) >= limit for column, limit in limits):
        raise ValueError("a column points at what is not there")
