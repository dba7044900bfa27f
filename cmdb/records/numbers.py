"""Numbers of records: INC0000001 and so on, each drawn once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from cmdb.errors import InvalidInput
from cmdb.items import Item
from cmdb.store.port import Condition, ItemQuery, Sort, Store

PREFIXES = MappingProxyType(
    {
        "Incident": "INC",
        "Problem": "PRB",
        "Change": "CHG",
        "ServiceRequest": "REQ",
        "Step": "STP",
        "Approval": "APR",
        "MaintenanceWindow": "MWN",
        "Alert": "ALT",
        "Baseline": "BSL",
    }
)
DIGITS = 7
_PAGE = 50
_AHEAD = 100
"""How many numbers are looked at for one that is free."""
_NO_OTHER_TOOL_S = Condition("properties.correlation_id", "exists", value=False)
"""Records of other tools bear their id there, and may be many. Some of ours do, too."""


async def next_numbers(store: Store, kind: str, count: int = 1) -> Sequence[str]:
    """The ``count`` numbers that follow the highest in use. Two reads as a rule.

    They are free until somebody else writes them: the store refuses the second, and the draft is
    made anew. Numbers of another shape do not count, and neither do those of records that another
    tool goes on numbering (they have a ``correlation_id``): following them would be to draw the
    number that it draws next.
    """
    prefix, last = PREFIXES[kind], await _highest(store, kind)
    while True:
        numbers = {n: f"{prefix}{n:0{DIGITS}}" for n in range(last + 1, last + count + _AHEAD)}
        keys = {key: n for n, text in numbers.items() for key in identifiers_of(kind, text)}
        taken = {keys[key] for key in await store.owners(keys)}
        if max(taken, default=last) + count >= 10**DIGITS:
            raise InvalidInput(f"All numbers from {prefix}{1:0{DIGITS}} on are used up.")
        if not taken:
            return [numbers[last + n] for n in range(1, count + 1)]
        last = max(taken)


async def _highest(store: Store, kind: str) -> int:
    """The highest number that a record without another tool's id bears; 0 without any."""
    prefix = PREFIXES[kind]
    shape = re.compile(rf"{prefix}(\d{{{DIGITS}}})")
    after: str | None = None
    while True:
        page = await store.query(
            ItemQuery(
                kinds=(kind,),
                conditions=(Condition("name", "starts_with", prefix), _NO_OTHER_TOOL_S),
                statuses=("planned", "active", "maintenance", "missing", "retired"),
                sort=Sort("name", descending=True),
                limit=_PAGE,
                after=after,
            )
        )
        found = [match for item in page.items if (match := shape.fullmatch(item.name))]
        if found:
            return int(found[0][1])
        if not page.has_next:
            return 0
        after = page.cursors[-1]


def identifiers_of(kind: str, number: str) -> tuple[str, ...]:
    """The identifiers of a record with that number."""
    return (f"key:operator/{number}", f"name:{kind}/{number}")


def called(item: Item) -> str:
    """What people call a record: its number, with what it is about."""
    about = item.properties.get("short_description")
    return f"{item.name} ({about})" if about else item.name
