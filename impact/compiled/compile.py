"""From an estate to arrays."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from impact.compiled.arrays import (
    ANCHORED,
    DEVICE,
    HARD,
    I32,
    I64,
    JUDGED,
    LARGEST_WEIGHT,
    NO_HOPS,
    REDUNDANT,
    SOFT,
    TALLIED,
    U8,
    U32,
    Arrays,
    Graph,
    pointers,
)
from impact.estate import Estate
from impact.gates import Gate


def compile_estate(estate: Estate) -> Graph | None:
    """The estate as arrays; None where a gate's weights are too many digits for them.

    O(links log links): a few microseconds for each.
    """
    if any(gate.total > LARGEST_WEIGHT for gate in estate.gates):
        return None
    gates, size = estate.gates, len(estate.items)
    tallied = [at for at, gate in enumerate(gates) if not _is_plain(gate)]
    tally_of = np.zeros(len(gates), np.uint32)
    tally_of[tallied] = np.arange(len(tallied), dtype=np.uint32)
    counts = np.fromiter((len(gate.members) for gate in gates), np.int64, len(gates))
    count = int(counts.sum())
    member = _flat((gate.members for gate in gates), count)
    gate_of = np.repeat(np.arange(len(gates), dtype=np.uint32), counts)
    order = np.argsort(member, kind="stable")  # gates stay in order
    entry_ptr = pointers(np.bincount(member, minlength=size))
    gate_of = gate_of[order]
    dependents = np.fromiter((gate.dependent for gate in gates), np.uint32, len(gates))
    codes = np.fromiter((_code(gate) for gate in gates), np.uint8, len(gates))
    weights = _flat((gate.weights for gate in gates), count).astype(np.int32)
    cables = _cables(estate)
    cable_ptr = pointers(np.bincount(cables[:, 0], minlength=size))
    flags, hops = _networks(estate)
    arrays = Arrays(
        entry_start=entry_ptr[:-1],
        entry_end=entry_ptr[1:],
        entry_to=dependents[gate_of],
        entry_code=codes[gate_of],
        entry_tally=tally_of[gate_of],
        entry_weight=weights[order],
        tally_total=np.array([gates[at].total for at in tallied], np.int64),
        tally_needed=np.array([gates[at].needed for at in tallied], np.int64),
        tally_soft=np.array([gates[at].soft for at in tallied], np.uint8),
        cable_start=cable_ptr[:-1],
        cable_end=cable_ptr[1:],
        cable_to=cables[:, 1].copy(),
        flags=flags,
        hops=hops,
    )
    return Graph(
        arrays,
        entry_gate=gate_of,
        entry_member=member[order].astype(np.uint32),
        cable_link=cables[:, 2].copy(),
        cable_from=cables[:, 0].copy(),
    )


def _is_plain(gate: Gate) -> bool:
    """Whether the gate hands on its only member's state (or one step better, where soft)."""
    return len(gate.members) == 1 and gate.needed > 0


def _code(gate: Gate) -> int:
    return (SOFT if gate.soft else HARD) if _is_plain(gate) else TALLIED


def _flat(rows: Iterable[tuple[int, ...]], count: int) -> I64:
    return np.fromiter(chain.from_iterable(rows), np.int64, count)


def _cables(estate: Estate) -> U32:
    """Rows of an item, what is beside it, and the link between them."""
    neighbours = estate.topology.neighbours
    ends = [(item, *end) for item in sorted(neighbours) for end in neighbours[item]]
    return np.array(ends, np.uint32).reshape(-1, 3)


def _networks(estate: Estate) -> tuple[U8, I32]:
    topology = estate.topology
    flags = np.zeros(len(estate.items), np.uint8)
    hops = np.full(len(estate.items), NO_HOPS, np.int32)
    for network in topology.networks:
        if network.anchors:
            flags[list(network.items)] |= ANCHORED
        for device, distance in network.hops.items():
            hops[device] = distance
    flags[list(topology.devices)] |= DEVICE
    flags[list(topology.judged)] |= JUDGED
    for item, beside in topology.beside.items():
        if len(beside) > 1 and item not in topology.devices:
            flags[item] |= REDUNDANT
    return flags, hops
