"""The estate as a networkx graph, for analyses of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impact.analysis import Analysis
from impact.estate import Estate
from impact.states import State

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(estate: Estate, analysis: Analysis | None = None) -> nx.MultiDiGraph[str]:
    """All items as nodes and all links as edges (from -> to, key: the link's id).

    A node has ``kind``, ``name``, ``status``, its properties as ``properties``, and with an
    analysis its ``state``. An edge has ``relation``, ``strength``, ``weight``, ``confidence``,
    ``status``, ``gate`` (the name that the link gives, or None) and ``impact``, which is
    ``to_from``, ``from_to``, ``none``, ``topology`` or ``standby``. ``graph.graph["gates"]`` lists
    the gates, each with its ``dependent``, ``gate``, ``form``, ``members`` (weight by id),
    ``needed``, ``total``, ``soft`` and ``links``; ``graph.graph["revision"]`` is the estate's.
    O(items and links).
    """
    import networkx

    graph: nx.MultiDiGraph[str] = networkx.MultiDiGraph(revision=estate.revision)
    states = {} if analysis is None else analysis.states
    for item in estate.items:
        attributes: dict[str, Any] = {
            "kind": item.kind,
            "name": item.name,
            "status": item.status.value,
            "properties": dict(item.properties),
        }
        if analysis is not None:
            attributes["state"] = states.get(estate.index[item.id], State.UP).label
        graph.add_node(item.id, **attributes)
    for link in estate.links:
        relation = estate.catalogue.relations.get(link.relation)
        graph.add_edge(
            link.from_id,
            link.to_id,
            key=link.id,
            relation=link.relation,
            strength=link.strength,
            weight=link.weight,
            confidence=link.confidence,
            status=link.status,
            gate=link.gate.name if link.gate else None,
            impact=relation.impact.value if relation else "none",
        )
    graph.graph["gates"] = [
        {
            "dependent": estate.items[gate.dependent].id,
            "gate": gate.label,
            "form": gate.form.value,
            "members": {
                estate.items[member].id: gate.shown(weight)
                for member, weight in zip(gate.members, gate.weights, strict=True)
            },
            "needed": gate.shown(gate.needed),
            "total": gate.shown(gate.total),
            "soft": gate.soft,
            "links": sorted(estate.links[link].id for link in {*gate.links}),
        }
        for item in estate.items
        for gate in (estate.gates[g] for g in estate.gates_of.get(estate.index[item.id], ()))
    ]
    return graph
