"""What kernels walk over. Items are positions in the estate.

An *entry* says that an item is a member of a gate: the entries of item ``i`` are
``entry_start[i]:entry_end[i]``, sorted by the gate's dependent, form and name. Most gates have one
member; those need no tally, and ``entry_code`` alone says what they do. The others, *tallied*
gates, are numbered by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

HARD, SOFT, TALLIED = 0, 1, 2
"""Entry codes: the only member of a hard gate, of a soft gate, a member of a tallied gate."""

DEVICE, JUDGED, ANCHORED, REDUNDANT = 1, 2, 4, 8
"""Item flags: a network device; connected with nothing failed; in a network that has an anchor; no
device, and with more than one network device beside it. Only items with cables have any."""

NO_HOPS = -1
"""The hops of what no anchor reaches."""

LARGEST_WEIGHT = 2**31 - 1


class Arrays(NamedTuple):
    """The estate as kernels see it; never written to."""

    entry_start: U32
    entry_end: U32
    entry_to: U32
    """The gate's dependent."""
    entry_code: U8
    entry_tally: U32
    """The number of the tallied gate; 0 in other entries."""
    entry_weight: I32
    tally_total: I64
    tally_needed: I64
    tally_soft: U8
    cable_start: U32
    cable_end: U32
    cable_to: U32
    flags: U8
    hops: I32
    """How far a network device is from the nearest anchor with nothing failed."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The arrays, and what leads from an entry or cable back to the estate."""

    arrays: Arrays
    entry_gate: U32
    """The position of the entry's gate in the estate."""
    entry_member: U32
    """The item that the entry is of."""
    cable_link: U32
    """The position of the cable's link in the estate."""
    cable_from: U32
    """The item that the cable is of."""

    @property
    def size(self) -> int:
        """The number of items."""
        return len(self.arrays.flags)

    @property
    def nbytes(self) -> int:
        """What all arrays take, in bytes."""
        own = self.entry_gate, self.entry_member, self.cable_link, self.cable_from
        arrays: tuple[npt.NDArray[Any], ...] = (*self.arrays, *own)
        return sum(array.nbytes for array in arrays)


def pointers(counts: npt.NDArray[Any]) -> U32:
    """Where each item's rows start, and behind the last one their number."""
    ends = np.zeros(len(counts) + 1, np.uint32)
    np.cumsum(counts, out=ends[1:])
    return ends
