"""What an answer rests on that may be wrong: missing, stale or doubtful items and links.

Stale data never changes a state; it is reported beside the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from math import inf
from typing import NamedTuple

from cmdb.catalogue import Catalogue
from cmdb.catalogue.catalogue import DEFAULT_STALE_AFTER
from cmdb.items import Item, Link
from impact.analysis import Analysis
from impact.answer import WeakEvidence, WeakReason
from impact.estate import Estate

LOW_CONFIDENCE = 0.5


class WeakFrom(NamedTuple):
    """From when on an item or link is weak evidence, in seconds since 1970: always (minus
    infinity), once nobody has seen it for too long, or never. By position."""

    items: Sequence[float]
    links: Sequence[float]


def weak_from(estate: Estate) -> WeakFrom:
    """Worked out once for an estate. O(items and links) then."""
    memo = estate.memo
    if memo.weak is None:
        kinds = [item.kind for item in estate.items]
        allowed = {kind: allowed_of(estate.catalogue, kind).total_seconds() for kind in {*kinds}}
        memo.weak = WeakFrom(
            [weak_since(i, allowed[kind]) for i, kind in zip(estate.items, kinds, strict=True)],
            [
                weak_since(link, allowed[kinds[first]])
                for link, (first, _) in zip(estate.links, estate.ends, strict=True)
            ],
        )
    return memo.weak


def weak_since(thing: Item | Link, allowed: float) -> float:
    """From when on it is weak evidence, where it may go unseen for so many seconds."""
    if thing.status == "missing" or (isinstance(thing, Link) and any(_doubts(thing))):
        return -inf
    last_seen = thing.last_seen
    return inf if last_seen is None else last_seen.timestamp() + allowed


class WeakPlaces(NamedTuple):
    """The items and links that are weak evidence, by position, sorted."""

    items: list[int]
    links: list[int]

    @property
    def total(self) -> int:
        """How many both are."""
        return len(self.items) + len(self.links)


def weak_evidence(analysis: Analysis) -> list[WeakEvidence]:
    """Every weak item and link that the answer rests on: items first, then by id.

    An answer rests on the affected items, on all links and members of each gate that has an
    affected member (a gate that held rests on those that still serve), and on the cables and
    devices beside each item that its network cut off or put at risk.
    """
    return weak_rows(analysis.estate, weak_places(analysis))


def weak_places(analysis: Analysis) -> WeakPlaces:
    """Where the weak items and links are that the answer rests on."""
    items, links = foundations(analysis)
    estate, now = analysis.estate, analysis.estate.now.timestamp()
    if estate.version is not None:
        from impact.columns.among import weak_items, weak_links

        version = estate.version
        return WeakPlaces(weak_items(version, items, now), weak_links(version, links, now))
    weak = weak_from(estate)
    return WeakPlaces(
        sorted(item for item in items if weak.items[item] < now),
        sorted(link for link in links if weak.links[link] < now),
    )


def weak_rows(estate: Estate, places: WeakPlaces, limit: int | None = None) -> list[WeakEvidence]:
    """What there is to say of the first of them: items first, then in the estate's order."""
    found = [_weak_item(estate, item) for item in places.items[:limit]]
    rest = None if limit is None else limit - len(found)
    found += [_weak_link(estate, link) for link in places.links[:rest]]
    return [evidence for evidence in found if evidence is not None]


def foundations(analysis: Analysis) -> tuple[Collection[int], Collection[int]]:
    """The items and links that the answer rests on, weak or not."""
    estate = analysis.estate
    beside = [end for item in analysis.reasons.by_network() for end in estate.topology.beside[item]]
    devices, cables = {device for device, _ in beside}, {link for _, link in beside}
    if estate.version is not None:
        from impact.columns import among

        items, links = among.foundations(estate.version, analysis.states)
        return among.joined(items, devices), among.joined(links, cables)
    gates = {g for item in analysis.states for g in estate.gates_with.get(item, ())}
    for gate in (estate.gates[at] for at in gates):
        devices.update(gate.members)
        cables.update(gate.links, gate.standby_links)
    return devices.union(analysis.states), cables


def _weak_item(estate: Estate, position: int) -> WeakEvidence | None:
    item = estate.items[position]
    return _judged(estate, item, item.kind, f"{item.kind} {item.name!r}")


def _weak_link(estate: Estate, position: int) -> WeakEvidence | None:
    link = estate.links[position]
    ends = (estate.items[end] for end in estate.ends[position])
    first, second = (f"{end.kind} {end.name!r}" for end in ends)
    what = f"The link {first} {link.relation} {second}"
    # Whoever scans the item that a link starts at also sees the link.
    kind = estate.items[estate.ends[position][0]].kind
    return _judged(estate, link, kind, what)


def _judged(estate: Estate, thing: Item | Link, kind: str, what: str) -> WeakEvidence | None:
    allowed, last_seen = allowed_of(estate.catalogue, kind), thing.last_seen
    judged: list[tuple[WeakReason, str]] = []
    if thing.status == "missing":
        judged.append(("missing", "its sources no longer see it"))
    if last_seen is not None and estate.now - last_seen > allowed:
        days = (estate.now - last_seen).days
        judged.append(("stale", f"nobody has seen it for {days} days, {allowed.days} are allowed"))
    if isinstance(thing, Link):
        judged += _doubts(thing)
    if not judged:
        return None
    return WeakEvidence(
        id=thing.id,
        type="item" if isinstance(thing, Item) else "link",
        reasons=tuple(reason for reason, _ in judged),
        last_seen=last_seen,
        sentence=f"{what}: {_listed(said for _, said in judged)}.",
    )


def is_doubtful(status: str, confidence: float, sources: Sequence[str]) -> bool:
    """Whether a link of which this is so is always weak evidence."""
    if status == "missing" or confidence < LOW_CONFIDENCE:
        return True
    return confidence < 1 and len(sources) == 1


def _doubts(link: Link) -> Iterator[tuple[WeakReason, str]]:
    if link.confidence < LOW_CONFIDENCE:
        yield "low_confidence", f"its source is {link.confidence:.0%} sure of it"
    if link.confidence < 1 and len(link.sources) == 1:
        yield "single_source", f"only {link.sources[0]} says so, and not for certain"


def allowed_of(catalogue: Catalogue, kind: str) -> timedelta:
    """How long an item of a kind may go unseen."""
    if kind in catalogue.kinds:
        return catalogue.kind(kind).stale_after
    return DEFAULT_STALE_AFTER


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(parts)
