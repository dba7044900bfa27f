"""The generator of the demo estate, and how many items it makes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from random import Random

from cmdb.demo import business, compute, facility, flaws, platform
from cmdb.demo.layout import BAYS_PER_REGION, Bay, Region
from cmdb.demo.sources import Sources
from cmdb.errors import InvalidInput
from cmdb.items import ItemObservation, LinkObservation, Observation

_PARTS = (facility, compute, platform, business, flaws)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
MAX_ITEMS = 5_000_000
"""Where the private addresses of the estate run out of room."""


def demo_observations(
    seed: int = 7, items: int | None = None, now: datetime | None = None
) -> Iterator[Observation]:
    """What the sources of the estate say: every item first, then every link.

    ``items`` is how many items there are once what means the same thing is one (exactly; default
    the natural size of the estate); raises :class:`~cmdb.errors.InvalidInput` where it is less
    than that size or more than 5,000,000. Times are relative to ``now`` (default: the current
    time, UTC). The same three arguments give the same observations. Memory is bounded: one bay of
    some hundred items is held at a time, whatever ``items`` is.
    """
    smallest = smallest_estate()
    wanted = smallest if items is None else items
    if not smallest <= wanted <= MAX_ITEMS:
        raise InvalidInput(
            f"The demo estate can have from {smallest} to {MAX_ITEMS} items, not {wanted}."
        )
    sources = Sources((now or datetime.now(UTC)).replace(microsecond=0))
    return _observations(seed, _bay_sizes(wanted), sources)


@lru_cache(maxsize=1)
def smallest_estate() -> int:
    """How many items the estate has at least: one region with one bay."""
    return _region_size() + _bay_size()


def _observations(seed: int, extras: list[int], sources: Sources) -> Iterator[Observation]:
    regions = [Region(r) for r in range(-(-len(extras) // BAYS_PER_REGION))]
    for region in regions:
        yield from facility.region_items(region, sources, Random(f"{seed}/region/{region.number}"))
    for number, extra in enumerate(extras):
        yield from _bay_items(Bay(number, extra, seed), sources)
    for region in regions:
        yield from facility.region_links(region, sources)
    for number, extra in enumerate(extras):
        yield from _bay_links(Bay(number, extra, seed), sources)


def _bay_items(bay: Bay, sources: Sources) -> Iterator[ItemObservation]:
    rng = Random(f"{bay.seed}/bay/{bay.number}")
    for part in _PARTS:
        yield from part.bay_items(bay, sources, rng)


def _bay_links(bay: Bay, sources: Sources) -> Iterator[LinkObservation]:
    for part in _PARTS:
        yield from part.bay_links(bay, sources)


def _bay_sizes(items: int) -> list[int]:
    """By how many items each bay outgrows its shape, so that the estate has ``items`` items."""
    bays, per_region = 1, _region_size()
    while (bays + 1) * _bay_size() + _regions(bays + 1) * per_region <= items:
        bays += 1
    rest = items - bays * _bay_size() - _regions(bays) * per_region
    return [rest // bays + (1 if number < rest % bays else 0) for number in range(bays)]


def _regions(bays: int) -> int:
    return -(-bays // BAYS_PER_REGION)


@lru_cache(maxsize=1)
def _region_size() -> int:
    return _distinct(facility.region_items(Region(0), Sources(_EPOCH), Random(0)))


@lru_cache(maxsize=1)
def _bay_size() -> int:
    return _distinct(_bay_items(Bay(0, 0, 0), Sources(_EPOCH)))


def _distinct(items: Iterator[ItemObservation]) -> int:
    """How many things the observations are about: those that share an identifier are one."""
    thing_of: dict[str, int] = {}
    count = 0
    for item in items:
        known = next((thing_of[i] for i in item.identifiers if i in thing_of), None)
        if known is None:
            known = count
            count += 1
        thing_of.update(dict.fromkeys(item.identifiers, known))
    return count
