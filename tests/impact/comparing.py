"""Two estates of the same items and links, compared by ids: positions may differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cmdb.items import Item, Link
from impact.analysis import analyse
from impact.estate import Estate
from impact.gates import Gate
from impact.reasons import Reason
from impact.states import State


def named_gate(estate: Estate, gate: Gate) -> tuple[Any, ...]:
    """A gate with ids in place of positions."""
    items, links = estate.items, estate.links
    return (
        items[gate.dependent].id,
        gate.form,
        gate.name,
        tuple(items[member].id for member in gate.members),
        gate.weights,
        (gate.needed, gate.total, gate.scale, gate.soft),
        tuple(links[link].id for link in gate.links),
        tuple(sorted(links[link].id for link in gate.standby_links)),
    )


def same_estates(one: Estate, other: Estate, *, but: str = "") -> None:
    """Raise AssertionError where they differ in anything that an analysis reads, but for one."""
    expected, found = shape(one), shape(other)
    for what, value in expected.items():
        assert what == but or found[what] == value, what


def shape(estate: Estate) -> dict[str, Any]:
    """All of an estate, by ids."""
    ids = {estate.index[item.id]: item.id for item in estate.items}
    links = {at: estate.links[at].id for at in {g for i in ids for g in estate.links_at.get(i, ())}}
    topology = estate.topology
    return {
        "items": {item.id: _plain(item) for item in estate.items},
        "links": {link.id: _plain_link(link) for link in estate.links},
        "ends": {links[at]: tuple(ids[end] for end in estate.ends[at]) for at in links},
        "left out": {i: estate.left_out[i] for i in estate.left_out},
        "labels": {ids[at]: estate.label_of(at) for at in ids},
        "gates": {
            ids[at]: [named_gate(estate, estate.gates[g]) for g in estate.gates_of.get(at, ())]
            for at in ids
        },
        "memberships": {
            ids[at]: [
                (ids[estate.gates[g].dependent], estate.gates[g].form, estate.gates[g].name)
                for g in estate.gates_with.get(at, ())
            ]
            for at in ids
        },
        "links at": {ids[at]: sorted(links[k] for k in estate.links_at.get(at, ())) for at in ids},
        "devices": sorted(ids[at] for at in topology.devices),
        "judged": sorted(ids[at] for at in topology.judged),
        "neighbours": {
            ids[at]: [(ids[o], links[k]) for o, k in topology.neighbours[at]]
            for at in topology.neighbours
        },
        "beside": {
            ids[at]: [(ids[o], links[k]) for o, k in topology.beside[at]] for at in topology.beside
        },
        "networks": [
            (
                [ids[at] for at in network.items],
                [ids[at] for at in network.anchors],
                {ids[at]: hops for at, hops in network.hops.items()},
            )
            for network in topology.networks
        ],
        "network of": {ids[at]: number for at, number in topology.network_of.items()},
        "findings": list(estate.findings),
        "at": (estate.revision, estate.as_of),
    }


def answers(estate: Estate, failed: Mapping[str, State]) -> dict[str, Any]:
    """The states and reasons that follow, by ids."""
    analysis = analyse(estate, failed)
    return {
        estate.items[item].id: (state, named_reason(estate, analysis.reasons[item]))
        for item, state in analysis.states.items()
    }


def named_reason(estate: Estate, reason: Reason) -> tuple[Any, ...]:
    """A reason with ids in place of positions."""
    return (
        reason.distance,
        reason.how,
        None if reason.source is None else estate.items[reason.source].id,
        None if reason.link is None else estate.links[reason.link].id,
        None if reason.gate is None else named_gate(estate, estate.gates[reason.gate]),
    )


def _plain(item: Item) -> Any:
    return msgspec.to_builtins(item)


def _plain_link(link: Link) -> tuple[Any, ...]:
    """What an analysis reads of a link: its reports only by who saw it, and when last."""
    return (
        *(link.id, link.relation, link.from_id, link.to_id, link.status, link.strength),
        *(link.gate, link.weight, link.confidence, link.sources, link.last_seen),
    )
