"""Questions about many items at once, answered from the columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import inf

import numpy as np
import numpy.typing as npt

from impact.columns.draft import NEVER
from impact.columns.gates import GATE
from impact.columns.version import Version
from impact.weak_evidence import allowed_of, is_doubtful


def _sorted(items: Iterable[int]) -> npt.NDArray[np.uint32]:
    return np.unique(np.fromiter(items, np.uint32))


def links_from(
    version: Version, items: Iterable[int], relations: Collection[str]
) -> list[tuple[int, int]]:
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


def shared_gates(version: Version, items: Iterable[int]) -> list[int]:
    """The gates of more than one link, as it was loaded or since, that have one of these items as a
    member."""
    gates = _gates_with(version, items)
    base = gates[gates < len(version.gates.code)]
    later = gates[gates >= len(version.gates.code)]
    found: list[int] = [*base[version.gates.code[base] < 0].tolist(), *later.tolist()]
    return found


def foundations(version: Version, items: Iterable[int]) -> tuple[set[int], set[int]]:
    """All members and links of the gates that have one of these items as a member; the items with
    them."""
    wanted = _sorted(items)
    gates = _gates_with(version, wanted.tolist())
    base = gates[gates < len(version.gates.code)]
    codes = version.gates.code[base]
    found = {*wanted.tolist()}
    links: set[int] = {*codes[codes >= 0].tolist()}
    groups = (version.gates.groups[-1 - code] for code in codes[codes < 0].tolist())
    later = (version.gates[at] for at in gates[gates >= len(version.gates.code)].tolist())
    for gate in (*groups, *later):
        found.update(gate.members)
        links.update(gate.links, gate.standby_links)
    return found, links


def _gates_with(version: Version, items: Iterable[int]) -> npt.NDArray[np.uint32]:
    entries = version.entries
    return np.unique(entries.columns[GATE][entries.gathered(_sorted(items))])


def weak_items(version: Version, items: Iterable[int], now: float) -> list[int]:
    """Those that are weak evidence at a time in seconds since 1970, sorted."""
    places, table = _sorted(items), version.table
    kinds = np.array(table.kinds, np.uint16)[places]
    statuses = np.array(table.statuses, np.uint8)[places]
    weak = _is_late(version.item_seen[places], _allowed(version)[kinds], now)
    weak |= statuses == table.missing_code
    return _with_changed(places, weak, version.changed_items, version.weak.items, now)


def weak_links(version: Version, links: Iterable[int], now: float) -> list[int]:
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
