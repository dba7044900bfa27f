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


async def next_numbers(store: Store, kind: str, count: int = 1) -> Sequence[str]:
    """The ``count`` numbers that follow the highest in use. One read.

    They are free until somebody else writes them: the store refuses the second, and the draft is
    made anew. Numbers of another shape, as imported records have, do not count.
    """
    prefix = PREFIXES[kind]
    shape = re.compile(rf"{prefix}(\d{{{DIGITS}}})")
    after: str | None = None
    last = 0
    while True:
        page = await store.query(
            ItemQuery(
                kinds=(kind,),
                conditions=(Condition("name", "starts_with", prefix),),
                statuses=("planned", "active", "maintenance", "missing", "retired"),
                sort=Sort("name", descending=True),
                limit=_PAGE,
                after=after,
            )
        )
        found = [match for item in page.items if (match := shape.fullmatch(item.name))]
        if found:
            last = int(found[0][1])
        if found or not page.has_next:
            break
        after = page.cursors[-1]
    if last + count >= 10**DIGITS:
        raise InvalidInput(f"All numbers from {prefix}{1:0{DIGITS}} on are used up.")
    return [f"{prefix}{number:0{DIGITS}}" for number in range(last + 1, last + count + 1)]


def identifiers_of(kind: str, number: str) -> tuple[str, ...]:
    """The identifiers of a record with that number."""
    return (f"key:operator/{number}", f"name:{kind}/{number}")


def called(item: Item) -> str:
    """What people call a record: its number, with what it is about."""
    about = item.properties.get("short_description")
    return f"{item.name} ({about})" if about else item.name
