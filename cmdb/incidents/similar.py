"""Earlier incidents and known errors that resemble an incident: by shared CIs, then by words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cmdb.incidents.view import KnownError, SimilarIncident
from cmdb.items import Item
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery

SHOWN = 5
MOST_CANDIDATES = 500
ENOUGH = 0.2
"""Below this score nothing resembles anything."""
_WORD = re.compile(r"[^\W_]{3,}")
_STOP = frozenset(
    "the and for are was not with from this that have has been does did can its our all any but "
    "incident alert".split()
)


def words(text: str) -> frozenset[str]:
    """The words of a text that say something, in lower case."""
    return frozenset(w for w in _WORD.findall(text.casefold()) if w not in _STOP)


def resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of words that both have, of all that either has (Jaccard, 1901); 0 to 1."""
    return len(one & other) / len(one | other) if one and other else 0.0


async def similar_incidents(
    cmdb: Cmdb, affected: Sequence[str], text: str, *, leave_out: str = ""
) -> tuple[SimilarIncident, ...]:
    """Earlier incidents, the most similar first: half for shared CIs, half for shared words.

    Candidates are those that affect the same items, and those that a search for the text finds.
    Three reads at most.
    """
    shared = await _affecting(cmdb, affected)
    ids = [i for i in shared if i != leave_out][:MOST_CANDIDATES]
    found = dict(await cmdb.store.items(ids))
    for item in await _searched(cmdb, text):
        found.setdefault(item.id, item)
    rows = [
        _similar(item, shared.get(item.id, ()), affected, words(text))
        for item in found.values()
        if item.kind == "Incident" and item.id != leave_out
    ]
    rows.sort(key=lambda row: (-row.score, row.number))
    return tuple(row for row in rows[:SHOWN] if row.score >= ENOUGH)


async def _affecting(cmdb: Cmdb, affected: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The records that affect these items, with which of them."""
    found: dict[str, tuple[str, ...]] = {}
    if affected:
        for link in await cmdb.store.links(affected, "in", ["AFFECTS"]):
            found[link.from_id] = (*found.get(link.from_id, ()), link.to_id)
    return found


async def _searched(cmdb: Cmdb, text: str) -> Iterable[Item]:
    rarest = sorted(words(text), key=lambda w: (-len(w), w))[:2]
    if not rarest:
        return ()
    return (await cmdb.store.search(" ".join(rarest), ["Incident"], limit=50)).items


def _similar(
    item: Item, shared: Sequence[str], affected: Sequence[str], said: frozenset[str]
) -> SimilarIncident:
    about = _text(item, "short_description")
    by_items = len(shared) / len(affected) if affected else 0.0
    by_words = resemblance(said, words(f"{about} {_text(item, 'description')}"))
    return SimilarIncident(
        id=item.id,
        number=item.name,
        short_description=about,
        state=_text(item, "state") or "new",
        score=round((min(by_items, 1.0) + by_words) / 2, 3),
        shared_items=tuple(shared),
        close_code=_text(item, "close_code") or None,
        close_notes=_text(item, "close_notes") or None,
    )


async def known_errors(cmdb: Cmdb, items: Sequence[str], text: str) -> tuple[KnownError, ...]:
    """The known errors that fit: of one of these items, or in almost the same words.

    Two reads, and one more for their items.
    """
    page = await cmdb.store.query(
        ItemQuery(
            kinds=("Problem",),
            conditions=(
                Condition("properties.known_error", "eq", True),
                Condition("properties.state", "ne", "closed"),
            ),
            limit=MOST_CANDIDATES,
        )
    )
    if not page.items:
        return ()
    links = await cmdb.store.links(
        [item.id for item in page.items], "out", ["AFFECTS", "CAUSED_BY"]
    )
    names = await cmdb.store.items({link.to_id for link in links if link.to_id in items})
    said, found = words(text), []
    for item in page.items:
        on = [names[k.to_id] for k in links if k.from_id == item.id and k.to_id in names]
        alike = resemblance(said, words(_text(item, "short_description")))
        if on:
            why = f"It is about {on[0].kind} {on[0].name}."
        elif alike >= 0.5:
            why = "It is described in the same words."
        else:
            continue
        found.append(
            (
                (-len(on), -alike, item.name),
                KnownError(
                    item.id,
                    item.name,
                    _text(item, "short_description"),
                    _text(item, "workaround") or None,
                    why,
                ),
            )
        )
    return tuple(error for _, error in sorted(found, key=lambda pair: pair[0])[:SHOWN])


def _text(item: Item, name: str) -> str:
    value = item.properties.get(name)
    return value if isinstance(value, str) else ""
