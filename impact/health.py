"""What is wrong with the data that an analysis runs on, met while it is put together."""

from __future__ import annotations

from typing import Literal

import msgspec

FindingCode = Literal[
    "gate_without_members",
    "min_up_above_total",
    "min_up_conflict",
    "min_up_invalid",
    "network_without_anchor",
    "unknown_kind",
    "unknown_relation",
    "weight_invalid",
]


class Finding(msgspec.Struct, frozen=True, order=True):
    """One thing to mend in the data. The analysis goes on with what ``message`` says it assumed.

    ``item`` is the id of the item it concerns: the dependent of a gate, or the first item of a
    network. It is empty for an unknown kind or relation.
    """

    code: FindingCode
    item: str
    message: str
