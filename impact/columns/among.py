"""Questions about many items at once, answered from the columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import inf

import numpy as np
import numpy.typing as npt

from impact.columns.draft import NEVER
from impact.columns.gates import CODE, GATE, TALLY, WEIGHT
from impact.columns.layers import distinct, spread
from impact.columns.version import Version
from impact.compiled.arrays import TALLIED
from impact.compiled.found import FoundStates
from impact.states import State
from impact.weak_evidence import allowed_of, is_doubtful

Items = Iterable[int] | npt.NDArray[np.uint32]


def column(items: Items, worst: State = State.AT_RISK) -> npt.NDArray[np.uint32]:
    """The items as a column; of the states that a walk found, those in this state or a worse."""
    if isinstance(items, FoundStates):
        return items.column(worst)
    return items if isinstance(items, np.ndarray) else np.fromiter(items, np.uint32)


def joined(items: npt.NDArray[np.uint32], more: Collection[int]) -> npt.NDArray[np.uint32]:
    """Both, sorted, each once."""
    if not more:
        return items
    return distinct(np.concatenate([items, np.fromiter(more, np.uint32)]))


def _sorted(items: Items) -> npt.NDArray[np.uint32]:
    return distinct(column(items))


def of_kinds(version: Version, items: Items, kinds: Collection[str]) -> list[int]:
    """Those of the items that are of one of these kinds, in order."""
    places, table = column(items), version.table
    codes = [code for code, name in enumerate(table.kind_names) if name in kinds]
    wanted = np.isin(np.array(table.kinds, np.uint16)[places], codes)
    changed = np.fromiter(version.changed_items, np.uint32)
    for at in np.flatnonzero(np.isin(places, changed)).tolist():
        wanted[at] = version.changed_items[int(places[at])].kind in kinds
    found: list[int] = places[wanted].tolist()
    return found


def links_from(version: Version, items: Items, relations: Collection[str]) -> list[tuple[int, int]]:
    """The links of these relations that start at these items, with where they start, by item."""
    rows, columns = version.links_at, version.links
    wanted = _sorted(items)
    links = rows.columns[0][rows.gathered(wanted)]
    starts = np.repeat(wanted, rows.end[wanted] - rows.start[wanted])
    codes = [code for code, name in enumerate(columns.relation_names) if name in relations]
    kept = (
        version.there[links]
        & (columns.start[links] == starts)
        & np.isin(columns.relation[links], codes)
    )
    return list(zip(links[kept].tolist(), starts[kept].tolist(), strict=True))


def held_gates(version: Version, broken: Items) -> list[tuple[int | float, int, int]]:
    """The gates that lost some of these items and still have what they need: what they could lose
    as well, as people gave it, the gate's position, and what the rest of it weighs.

    Of a version that kernels walk: all weights fit into columns.
    """
    entries, tallies, items = version.entries, version.tallies, column(broken)
    rows = entries.gathered(items)
    rows = rows[entries.columns[CODE][rows] == TALLIED]
    tally = entries.columns[TALLY][rows]
    order = np.argsort(tally, kind="stable")
    rows, tally = rows[order], tally[order]
    first = np.flatnonzero(np.append(True, tally[1:] != tally[:-1])[: len(tally)])
    lost = (
        np.add.reduceat(entries.columns[WEIGHT][rows].astype(np.int64), first) if len(rows) else 0
    )
    serving = tallies.total[tally[first]] - lost
    margin = serving - tallies.needed[tally[first]]
    gates = entries.columns[GATE][rows[first]]
    held = np.flatnonzero(margin >= 0)
    found = zip(gates[held].tolist(), serving[held].tolist(), margin[held].tolist(), strict=True)
    values = ((version.gates[gate], gate, up, left) for gate, up, left in found)
    return [(v.shown(left), at, up) for v, at, up, left in values if len(v.members) > 1]


def foundations(
    version: Version, items: Items
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """All members and links of the gates that have one of these items as a member; the items with
    them. Each is sorted."""
    wanted = _sorted(items)
    gates, loaded = _gates_with(version, wanted), len(version.gates.code)
    codes = version.gates.code[gates[gates < loaded]]
    flat, groups = version.gates.flat, -1 - codes[codes < 0]
    later = [version.gates[at] for at in gates[gates >= loaded].tolist()]
    members = [member for gate in later for member in gate.members]
    links = [link for gate in later for link in (*gate.links, *gate.standby_links)]
    in_groups = flat.member[spread(flat.start[groups], flat.start[groups + 1])]
    of_groups = flat.link[spread(flat.link_start[groups], flat.link_start[groups + 1])]
    single = codes[codes >= 0].astype(np.uint32)
    return (
        distinct(np.concatenate([wanted, in_groups, np.array(members, np.uint32)])),
        distinct(np.concatenate([single, of_groups, np.array(links, np.uint32)])),
    )


def hard_members(version: Version, items: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The members of the hard gates of these items, some of them more than once."""
    start, rows = version.gate_start, version.gates
    others = np.fromiter(version.gates_changed, np.uint32)
    is_base = (items + 1 < len(start)) & ~np.isin(items, others)
    base = items[is_base]
    codes = rows.code[spread(start[base], start[base + 1])]
    provider, _, soft = rows.single_ends(codes[codes >= 0])
    groups = -1 - codes[codes < 0]
    flat = rows.flat
    groups = groups[~flat.soft[groups]]
    changed = (version.gates_changed.get(item, ()) for item in items[~is_base].tolist())
    gates = (rows[at] for positions in changed for at in positions)
    later = [member for gate in gates if not gate.soft for member in gate.members]
    in_groups = flat.member[spread(flat.start[groups], flat.start[groups + 1])]
    return np.concatenate([provider[~soft], in_groups, np.array(later, np.uint32)])


def _gates_with(version: Version, items: Items) -> npt.NDArray[np.uint32]:
    entries = version.entries
    return distinct(entries.columns[GATE][entries.gathered(_sorted(items))])


def weak_items(version: Version, items: Items, now: float) -> list[int]:
    """Those that are weak evidence at a time in seconds since 1970, sorted."""
    places, table = _sorted(items), version.table
    kinds = np.array(table.kinds, np.uint16)[places]
    statuses = np.array(table.statuses, np.uint8)[places]
    weak = _is_late(version.item_seen[places], _allowed(version)[kinds], now)
    weak |= statuses == table.missing_code
    return _with_changed(places, weak, version.changed_items, version.weak.items, now)


def weak_links(version: Version, links: Items, now: float) -> list[int]:
    """As :func:`weak_items`, of links."""
    places, columns = _sorted(links), version.links
    doubtful = np.fromiter(
        (is_doubtful(t.status, t.confidence, t.sources) for t in columns.term_rows), np.bool_
    )
    kinds = np.array(version.table.kinds, np.uint16)[columns.start[places]]
    weak = _is_late(columns.seen[places], _allowed(version)[kinds], now)
    weak |= doubtful[columns.terms[places]]
    changed = {*version.changed_links}
    if version.changed_items:
        others = np.fromiter(version.changed_items, np.uint32)
        changed.update(places[np.isin(columns.start[places], others)].tolist())
    return _with_changed(places, weak, changed, version.weak.links, now)


def _allowed(version: Version) -> npt.NDArray[np.float64]:
    kinds = version.table.kind_names
    return np.array([allowed_of(version.catalogue, kind).total_seconds() for kind in kinds])


def _is_late(
    seen: npt.NDArray[np.int64], allowed: npt.NDArray[np.float64], now: float
) -> npt.NDArray[np.bool_]:
    since = np.where(seen == NEVER, inf, seen / 1e6 + allowed)
    return since < now


def _with_changed(
    places: npt.NDArray[np.uint32],
    weak: npt.NDArray[np.bool_],
    changed: Collection[int],
    weak_from: Sequence[float],
    now: float,
) -> list[int]:
    """The weak ones, where those that changed are looked at one by one."""
    if changed:
        for at in np.flatnonzero(np.isin(places, np.fromiter(changed, np.uint32))).tolist():
            weak[at] = weak_from[int(places[at])] < now
    found: list[int] = places[weak].tolist()
    return found
