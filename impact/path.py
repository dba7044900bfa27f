"""How two items are connected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from cmdb.catalogue import Category, ImpactDirection
from cmdb.errors import InvalidInput
from impact.dependencies import consumers, providers
from impact.estate import OWNER_RELATIONS, Estate

Connection = Literal["same", "rests_on", "carries", "linked", "related", "none"]
DEFAULT_LIMIT = 10


class PathItem(msgspec.Struct, frozen=True):
    """One item on a path."""

    id: str
    kind: str
    name: str


class PathStep(msgspec.Struct, frozen=True):
    """One link on a path; ``forward`` says whether it is walked from its from to its to."""

    link: str
    relation: str
    forward: bool


class Path(msgspec.Struct, frozen=True):
    """A way from the one item to the other: one step fewer than items."""

    items: tuple[PathItem, ...]
    steps: tuple[PathStep, ...]


class Paths(msgspec.Struct, frozen=True):
    """All shortest ways between two items, by the ids on them.

    ``connection`` says what kind of way they are: ``same`` (it is one item), ``rests_on`` (every
    step leads to a provider, or from one to its standby), ``carries`` (the other way round),
    ``linked`` (any links between configuration items but those to owners), ``related`` (any links
    at all) or ``none``.
    ``truncated`` says that there are more of the same length than ``paths`` has.
    """

    revision: int
    from_id: str = msgspec.field(name="from")
    to_id: str = msgspec.field(name="to")
    connection: Connection
    length: int
    paths: tuple[Path, ...]
    truncated: bool


class _Hop(NamedTuple):
    other: int
    link: int


_Hops = Callable[[int], Iterable[_Hop]]


def find_paths(estate: Estate, from_id: str, to_id: str, *, limit: int = DEFAULT_LIMIT) -> Paths:
    """The shortest ways from one item to another, of the most telling kind that there is.

    Kinds are tried in the order of :class:`Paths`; ``length`` counts steps (0 where there is none,
    or both are one item). Raises :class:`~cmdb.errors.UnknownItem` or
    :class:`~cmdb.errors.InvalidInput` for an item that the estate does not have or a limit below 1.
    O(items and links) and, however many ways there are, O(length) for each that is returned.
    """
    if limit < 1:
        raise InvalidInput(f"The limit must be 1 or more, not {limit}.")
    start, end = estate.position(from_id), estate.position(to_id)
    kinds: tuple[tuple[Connection, _Hops], ...] = (
        ("rests_on", lambda item: _down(estate, item)),
        ("carries", lambda item: _up(estate, item)),
        ("linked", lambda item: _any_links(estate, item, technical=True)),
        ("related", lambda item: _any_links(estate, item, technical=False)),
    )
    for connection, hops in kinds:
        before = _search(start, end, hops)
        if before is not None:
            found = _ways(before, start, end, limit + 1)
            paths = tuple(_path(estate, way) for way in found[:limit])
            length = len(found[0]) - 1
            more = len(found) > limit
            kind = "same" if start == end else connection
            return Paths(estate.revision, from_id, to_id, kind, length, paths, more)
    return Paths(estate.revision, from_id, to_id, "none", 0, (), truncated=False)


def _down(estate: Estate, item: int) -> Iterator[_Hop]:
    """To the item's providers, and to its standbys."""
    for step in providers(estate, item):
        if item in estate.ends[step.link] and step.other in estate.ends[step.link]:
            yield _Hop(step.other, step.link)
    yield from _standbys(estate, item, 0)


def _up(estate: Estate, item: int) -> Iterator[_Hop]:
    """To the item's consumers, and to those it stands by for."""
    for step in consumers(estate, item):
        if item in estate.ends[step.link] and step.other in estate.ends[step.link]:
            yield _Hop(step.other, step.link)
    yield from _standbys(estate, item, 1)


def _standbys(estate: Estate, item: int, side: int) -> Iterator[_Hop]:
    for link in estate.links_at.get(item, ()):
        relation, ends = estate.relation(link), estate.ends[link]
        is_standby = relation is not None and relation.impact is ImpactDirection.STANDBY
        if is_standby and ends[side] == item:
            yield _Hop(ends[1 - side], link)


def _any_links(estate: Estate, item: int, *, technical: bool) -> Iterator[_Hop]:
    for link in estate.links_at.get(item, ()):
        one, other = estate.ends[link]
        hop = _Hop(other if one == item else one, link)
        if not technical or _is_technical(estate, hop):
            yield hop


def _is_technical(estate: Estate, hop: _Hop) -> bool:
    relation = estate.relation(hop.link)
    if relation is None or relation.name in OWNER_RELATIONS:
        return False
    kind = estate.catalogue.kinds.get(estate.items[hop.other].kind)
    carries = relation.impact is not ImpactDirection.NONE
    return carries or (kind is not None and kind.category is Category.CI)


def _search(start: int, end: int, hops: _Hops) -> dict[int, list[_Hop]] | None:
    """For every item at most as far as ``end``, the hops that lead back to items one step nearer;
    None where ``end`` is out of reach."""
    before: dict[int, list[_Hop]] = {start: []}
    layer = [start]
    while layer and end not in before:
        new: dict[int, list[_Hop]] = {}
        for item in layer:
            for other, link in hops(item):
                if other not in before:
                    new.setdefault(other, []).append(_Hop(item, link))
        before.update(new)
        layer = sorted(new)
    return before if end in before else None


class _Way(NamedTuple):
    """The rest of a way: an item, the link from it to the next (-1 at the end), and what follows.

    Ways that end alike share their ends, so that a long way costs no more than its length.
    """

    item: int
    link: int
    rest: _Way | None


def _ways(before: Mapping[int, list[_Hop]], start: int, end: int, limit: int) -> list[list[_Hop]]:
    """Up to ``limit`` ways from start to end, as items with the link to the next one. Every hop
    back leads to the start, so none is walked in vain."""
    waiting = [_Way(end, -1, None)]
    found: list[list[_Hop]] = []
    while waiting and len(found) < limit:
        way = waiting.pop()
        if way.item == start:
            found.append(_unrolled(way))
        else:
            # Parallel links are the same way; of them the last in this order stays, the smallest.
            hops = {hop.other: hop.link for hop in sorted(before[way.item], reverse=True)}
            waiting.extend(_Way(item, link, way) for item, link in hops.items())
    return found


def _unrolled(way: _Way | None) -> list[_Hop]:
    hops: list[_Hop] = []
    while way is not None:
        hops.append(_Hop(way.item, way.link))
        way = way.rest
    return hops


def _path(estate: Estate, way: list[_Hop]) -> Path:
    items = (estate.items[hop.other] for hop in way)
    return Path(
        items=tuple(PathItem(item.id, item.kind, item.name) for item in items),
        steps=tuple(
            PathStep(
                estate.links[hop.link].id,
                estate.links[hop.link].relation,
                estate.ends[hop.link][0] == hop.other,
            )
            for hop in way[:-1]
        ),
    )
