"""The values that data is made of: observations, reports, items and links."""

from cmdb.items.item import Item, ItemReport, ItemStatus
from cmdb.items.link import Link, LinkReport, Strength, WaitingLink, link_id
from cmdb.items.observation import (
    Gate,
    ItemObservation,
    LinkObservation,
    Observation,
    Past,
)
from cmdb.items.observed import Observed
from cmdb.items.value import Value

__all__ = [
    "Gate",
    "Item",
    "ItemObservation",
    "ItemReport",
    "ItemStatus",
    "Link",
    "LinkObservation",
    "LinkReport",
    "Observation",
    "Observed",
    "Past",
    "Strength",
    "Value",
    "WaitingLink",
    "link_id",
]
