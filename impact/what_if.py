"""Estates that are not: another estate with items and links taken out or put in.

Nothing is stored anywhere. What an answer on such an estate says is true of no revision; the
estate keeps the revision and times of the one it was made from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable

from cmdb.errors import InvalidInput, UnknownItem
from cmdb.items import Item, ItemStatus, Link
from impact.analysis import Analysis
from impact.estate import Estate


def altered(
    estate: Estate,
    *,
    remove_items: Collection[str] = (),
    remove_links: Collection[str] = (),
    add_items: Iterable[Item] = (),
    add_links: Iterable[Link] = (),
    include_planned: bool = False,
) -> Estate:
    """The estate with these items and links, by id, taken out and those put in.

    What is put in replaces what has the same id. A link goes with either of its ends. Raises
    :class:`~cmdb.errors.UnknownItem` or :class:`~cmdb.errors.InvalidInput` for an item or link to
    be taken out that is not there, and leaves the estate itself as it is. Costs what building an
    estate of that size does, or where it is in columns, a copy of those.
    """
    if unknown := {*remove_items} - estate.index.keys() - estate.left_out.keys():
        raise UnknownItem(min(unknown))
    if estate.version is not None:
        return _supposed(estate, remove_items, remove_links, add_items, add_links, include_planned)
    items = {item.id: item for item in estate.items}
    links = {link.id: link for link in estate.links}
    for gone in remove_links:
        if links.pop(gone, None) is None:
            raise InvalidInput(f"There is no link {gone} in the estate.")
    for gone in remove_items:
        items.pop(gone, None)
    has_planned = any(item.status is ItemStatus.PLANNED for item in items.values())
    items.update((item.id, item) for item in add_items)
    links.update((link.id, link) for link in add_links)
    made = _built(
        estate, items.values(), links.values(), include_planned=include_planned or has_planned
    )
    out = {
        i: known
        for i, known in estate.left_out.items()
        if i not in made.index and i not in remove_items
    }
    return dataclasses.replace(made, left_out={**out, **made.left_out})


def _supposed(
    estate: Estate,
    remove_items: Collection[str],
    remove_links: Collection[str],
    add_items: Iterable[Item] = (),
    add_links: Iterable[Link] = (),
    include_planned: bool = False,
) -> Estate:
    """What :func:`altered` gives, of an estate in columns."""
    from impact.columns.follow import supposed

    version = estate.version
    assert version is not None
    links: list[Link] = []
    for link_id in remove_links:
        at = estate.link_with(link_id)
        if at is None:
            raise InvalidInput(f"There is no link {link_id} in the estate.")
        links.append(estate.links[at])
    made = supposed(
        version,
        items=add_items,
        links=add_links,
        without_items=remove_items,
        without_links=links,
        include_planned=include_planned or version.include_planned,
    )
    return dataclasses.replace(made.estate, as_of=estate.as_of, now=estate.now)


def _built(
    estate: Estate, items: Iterable[Item], links: Iterable[Link], *, include_planned: bool
) -> Estate:
    return Estate.build(
        items,
        links,
        estate.catalogue,
        revision=estate.revision,
        as_of=estate.as_of,
        now=estate.now,
        include_planned=include_planned,
    )


def without(
    analysis: Analysis, remove_items: Collection[str], remove_links: Collection[str]
) -> Estate:
    """As much of the analysed estate as the failure could ever reach, less some items and links.

    Items and links to be left out are ids. Taking something away lets a failure reach nobody
    whom no chain of gates and networks, however redundant, led to before: the same failure gives
    each item the state that it has in the whole estate without them. What failed stays in. The cost
    grows with what lies behind what failed, or is a copy of the columns that the estate is in.
    """
    estate = analysis.estate
    failed = {estate.items[item].id for item in analysis.given}
    gone = {*remove_items} - failed
    if estate.version is not None:
        return _supposed(estate, gone, remove_links)
    items, links = _within_reach(estate, analysis.given)
    return _built(
        estate,
        (estate.items[item] for item in items if estate.items[item].id not in gone),
        (estate.links[link] for link in links if estate.links[link].id not in remove_links),
        include_planned=True,
    )


def _within_reach(estate: Estate, failed: Iterable[int]) -> tuple[set[int], set[int]]:
    """Everything behind what failed, with all that its states are worked out from."""
    topology = estate.topology
    behind, links = set(failed), set[int]()
    waiting, networks = [*behind], set[int]()
    while waiting:
        item = waiting.pop()
        found = {estate.gates[g].dependent for g in estate.gates_with.get(item, ())}
        if item in topology.devices and (network := topology.network_of[item]) not in networks:
            networks.add(network)
            found.update(topology.networks[network].items)
        waiting += found - behind
        behind |= found
    items = set(behind)
    for position in {g for item in behind for g in estate.gates_of.get(item, ())}:
        gate = estate.gates[position]
        items.update(gate.members)
        links.update(gate.standby_links)
    links.update(link for item in behind for link in estate.links_at.get(item, ()))
    return items, links
