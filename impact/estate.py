"""The estate: items and links resolved into what an analysis walks over.

It is data only. States are worked out in :mod:`impact.propagate`, from an estate that many
analyses share and none changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from cmdb.catalogue import Catalogue, ImpactDirection, Relation
from cmdb.errors import InvalidInput, UnknownItem
from cmdb.items import Item, ItemStatus, Link
from impact.gates import Form, Gate, Standbys, Wire, form_gates, wire_ends
from impact.health import Finding
from impact.network import ANCHOR_ROLES, Topology, lay_out

if TYPE_CHECKING:
    from impact.columns.version import Version
    from impact.compiled.engine import Engine
    from impact.weak_evidence import WeakFrom

Labels = Callable[[int], tuple[str, str, str]]
"""From a position to the kind, name and id of its item."""

Texts = Callable[[int, str], str | None]
"""From a position and a property's name to that property, where it is a text."""

OWNER_RELATIONS = ("OWNED_BY", "SUPPORTED_BY")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that is not part of the estate, and the status that keeps it out."""

    kind: str
    name: str
    status: ItemStatus


@dataclass(slots=True)
class Memo:
    """What is worked out of an estate when first asked for; copies of the estate share it.

    ``engine`` walks it fast, and is None for an estate that is walked as it is; ``walked`` counts
    the items that were reached without it. ``weak`` says from when on its items and links are weak
    evidence.
    """

    engine: Engine | None = None
    walked: int = 0
    is_settled: bool = False
    weak: WeakFrom | None = None
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True)
class Estate:
    """What is analysed. Everywhere inside, items and links are positions in ``items`` and
    ``links``, which are sorted by id; in a large estate (:mod:`impact.columns`) those that came
    later follow behind, and positions whose item or link is gone stay empty: iterating passes them
    over.

    ``revision`` and ``as_of`` say what the answers are true of, ``now`` is the time that staleness
    is measured at. ``gates`` are sorted by dependent; ``gates_of[i]`` are positions of the gates of
    item i, ``gates_with[i]`` of those it is a member of. ``links_at[i]`` are the links that touch
    item i, whatever their relation. ``ends[l]`` are the positions of a link's from and to.
    ``lineages`` has, for every kind met, the kind and its ancestors.
    """

    revision: int
    as_of: datetime
    now: datetime
    catalogue: Catalogue
    items: Sequence[Item]
    links: Sequence[Link]
    ends: Sequence[tuple[int, int]]
    index: Mapping[str, int]
    gates: Sequence[Gate]
    gates_of: Mapping[int, Sequence[int]]
    gates_with: Mapping[int, Sequence[int]]
    links_at: Mapping[int, Sequence[int]]
    topology: Topology
    lineages: Mapping[str, tuple[str, ...]]
    findings: Sequence[Finding]
    left_out: Mapping[str, LeftOut]
    labels: Labels | None = field(default=None, compare=False, repr=False)
    """A faster way to :meth:`label_of`, where there is one."""
    texts: Texts | None = field(default=None, compare=False, repr=False)
    """The same of :meth:`text_of`."""
    version: Version | None = field(default=None, compare=False, repr=False)
    """What it is read from, where that is columns."""
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)

    @classmethod
    def build(
        cls,
        items: Iterable[Item],
        links: Iterable[Link],
        catalogue: Catalogue,
        *,
        revision: int = 0,
        as_of: datetime | None = None,
        include_planned: bool = False,
        now: datetime | None = None,
    ) -> Estate:
        """The estate of these items and links; findings about them are in ``findings``.

        Retired items and links are left out, planned items too unless asked for, and with them the
        links they are an end of. Missing ones stay: they count as weak evidence. ``as_of`` is what
        the data is true of (default: ``now``), and ``now`` defaults to the present time. A kind or
        relation that the catalogue does not know carries no impact. O(n log n) in items and links.
        """
        now = now or as_of or datetime.now(UTC)
        out = left_out_statuses(include_planned)
        by_id = {item.id: item for item in items}
        there = tuple(item for _, item in sorted(by_id.items()) if item.status not in out)
        left_out = {
            item.id: LeftOut(item.kind, item.name, item.status)
            for item in by_id.values()
            if item.status in out
        }
        index = {item.id: position for position, item in enumerate(there)}
        live = {link.id: link for link in links if link.status != "retired"}
        joined = tuple(
            link
            for _, link in sorted(live.items())
            if link.from_id in index and link.to_id in index
        )
        ends = tuple((index[link.from_id], index[link.to_id]) for link in joined)
        kinds, kind_findings = lineages_of({item.kind for item in there}, catalogue)
        relations = catalogue.relations
        relation_findings = unknown_relations({link.relation for link in joined}, catalogue)
        wires, standbys = _wires(joined, ends, relations)
        gates, gate_findings = form_gates(there, joined, relations, wires, standbys)
        topology = _topology(there, joined, ends, relations, kinds)
        empty = _gates_without_members(live.values(), index, catalogue, gates, there, kinds)
        return cls(
            revision=revision,
            as_of=as_of or now,
            now=now,
            catalogue=catalogue,
            items=there,
            links=joined,
            ends=ends,
            index=index,
            gates=tuple(gates),
            gates_of=_grouped((gate.dependent, g) for g, gate in enumerate(gates)),
            gates_with=_grouped((m, g) for g, gate in enumerate(gates) for m in gate.members),
            links_at=_grouped((end, at) for at, pair in enumerate(ends) for end in sorted({*pair})),
            topology=topology,
            lineages=kinds,
            findings=tuple(
                sorted(
                    {
                        *kind_findings,
                        *relation_findings,
                        *gate_findings,
                        *empty,
                        *unanchored(topology, there),
                    }
                )
            ),
            left_out=left_out,
        )

    def position(self, item_id: str) -> int:
        """Where the item with that id is in ``items``.

        Raises :class:`~cmdb.errors.UnknownItem` where there is none, and
        :class:`~cmdb.errors.InvalidInput` where it is retired or planned and so left out.
        """
        if item_id in self.index:
            return self.index[item_id]
        if item_id in self.left_out:
            item = self.left_out[item_id]
            advice = (
                "ask for planned items to be included."
                if item.status is ItemStatus.PLANNED
                else "nothing depends on it any more."
            )
            raise InvalidInput(
                f"{item.kind} {item.name!r} ({item_id}) is {item.status.value} and takes no part "
                f"in impact analysis; {advice}"
            )
        raise UnknownItem(item_id)

    def text_of(self, item: int, name: str) -> str | None:
        """A property of the item at that position, where it is a text and not empty."""
        if self.texts is not None:
            return self.texts(item, name)
        return text_in(self.items[item], name)

    def link_with(self, link_id: str) -> int | None:
        """The position of the link with that id, or None. O(links of the item it starts at)."""
        _, start, _ = link_id.split(":") if link_id.count(":") == 2 else ("", "", "")
        at = self.index.get(start)
        links = () if at is None else self.links_at.get(at, ())
        return next((link for link in links if self.links[link].id == link_id), None)

    def is_a(self, item: int, kind: str) -> bool:
        """Whether the item at that position is of that kind or of one below it."""
        return kind in self.lineages[self.kind_of(item)]

    def kind_of(self, item: int) -> str:
        """The kind of the item at that position."""
        return self.label_of(item)[0]

    def label_of(self, item: int) -> tuple[str, str, str]:
        """The kind, name and id of the item at that position."""
        if self.labels is not None:
            return self.labels(item)
        value = self.items[item]
        return value.kind, value.name, value.id

    def relation(self, link: int) -> Relation | None:
        """The relation of the link at that position; None where the catalogue has none."""
        return self.catalogue.relations.get(self.links[link].relation)


def text_in(item: Item, name: str) -> str | None:
    """A property of the item, where it is a text and not empty."""
    value = item.properties.get(name)
    return value if isinstance(value, str) and value else None


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return dict(groups)


def left_out_statuses(include_planned: bool) -> set[ItemStatus]:
    """The statuses of items that take no part in an analysis."""
    return {ItemStatus.RETIRED} if include_planned else {ItemStatus.RETIRED, ItemStatus.PLANNED}


def lineages_of(
    kinds: Iterable[str], catalogue: Catalogue
) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
    """Each of these kinds with its ancestors, and what to say of those nobody knows."""
    lineages: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    for kind in sorted(kinds):
        if kind in catalogue.kinds:
            lineages[kind] = catalogue.kind(kind).lineage
        else:
            lineages[kind] = (kind,)
            said = f"The catalogue has no kind {kind}; its items are analysed as plain items."
            findings.append(Finding("unknown_kind", "", said))
    return lineages, findings


def unknown_relations(relations: Iterable[str], catalogue: Catalogue) -> list[Finding]:
    """What to say of those of these relations that nobody knows."""
    said = "The catalogue has no relation {}; its links carry no impact."
    unknown = sorted({*relations} - set(catalogue.relations))
    return [Finding("unknown_relation", "", said.format(name)) for name in unknown]


def _wires(
    links: Sequence[Link], ends: Sequence[tuple[int, int]], relations: Mapping[str, Relation]
) -> tuple[list[Wire], Standbys]:
    """The links that carry impact and the standbys; a link from an item to itself is neither."""
    wires: list[Wire] = []
    standbys = Standbys()
    for position, (link, (from_end, to_end)) in enumerate(zip(links, ends, strict=True)):
        relation = relations.get(link.relation)
        if relation is None or from_end == to_end:
            continue
        if relation.impact is ImpactDirection.STANDBY:
            standbys.add(position, from_end, to_end)
        elif pair := wire_ends(relation, from_end, to_end):
            wires.append(Wire(position, *pair))
    return wires, standbys


def _topology(
    items: Sequence[Item],
    links: Sequence[Link],
    ends: Sequence[tuple[int, int]],
    relations: Mapping[str, Relation],
    lineages: Mapping[str, tuple[str, ...]],
) -> Topology:
    device_kinds = {kind for kind, lineage in lineages.items() if "NetworkDevice" in lineage}
    devices = {at for at, item in enumerate(items) if item.kind in device_kinds}
    anchors = {at for at in devices if items[at].properties.get("network_role") in ANCHOR_ROLES}
    topological = {n for n, r in relations.items() if r.impact is ImpactDirection.TOPOLOGY}
    cables = (
        (*pair, at)
        for at, (link, pair) in enumerate(zip(links, ends, strict=True))
        if link.relation in topological
    )
    return lay_out(cables, devices, anchors)


def unanchored(topology: Topology, items: Sequence[Item]) -> Iterable[Finding]:
    """What to say of networks that have no anchor."""
    for network in topology.networks:
        if not network.anchors:
            first = items[network.items[0]]
            yield Finding(
                "network_without_anchor",
                first.id,
                f"The network of {len(network.items)} items around {first.kind} {first.name!r} "
                f"({first.id}) has no network device with the network_role core or gateway; an "
                "item in it counts as connected while one network device beside it is not down.",
            )


def _gates_without_members(
    links: Iterable[Link],
    index: Mapping[str, int],
    catalogue: Catalogue,
    gates: Iterable[Gate],
    items: Sequence[Item],
    lineages: Mapping[str, tuple[str, ...]],
) -> Iterable[Finding]:
    """Named gates of which no provider is there any more, and clusters that state how much of
    their members must serve and have none."""
    formed = {(gate.dependent, gate.name) for gate in gates if gate.form is Form.NAMED}
    redundant = {gate.dependent for gate in gates if gate.form in (Form.NAMED, Form.CLUSTER)}
    named: set[tuple[int, str]] = set()
    for link in links:
        relation = catalogue.relations.get(link.relation)
        if link.gate is None or not link.gate.name or relation is None:
            continue
        sides = wire_ends(relation, index.get(link.from_id, -1), index.get(link.to_id, -1))
        if sides is not None and sides[1] >= 0:
            named.add((sides[1], link.gate.name))
    for dependent, name in sorted(named - formed):
        yield gate_gone(items[dependent], name)
    for position, item in enumerate(items):
        if "Cluster" not in lineages[item.kind] or position in redundant:
            continue
        if "min_up" in item.properties:
            yield cluster_empty(item)


def gate_gone(item: Item, name: str) -> Finding:
    """What to say of an item's named gate of which no provider is there any more."""
    said = f"{item.kind} {item.name!r} ({item.id}), gate {name!r}: none of its providers is "
    return Finding("gate_without_members", item.id, f"{said}there any more; it never fails.")


def cluster_empty(item: Item) -> Finding:
    """What to say of a cluster that states how much must serve and has no members."""
    said = f"{item.kind} {item.name!r} ({item.id}) states min_up and has no members; "
    return Finding("gate_without_members", item.id, f"{said}it never fails with them.")
