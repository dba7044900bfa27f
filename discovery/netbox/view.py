"""What is looked up while NetBox's objects become items: keys, and which belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from cmdb.items import ItemObservation, LinkObservation, Value
from discovery.netbox import NetboxSettings
from discovery.netbox.payload import (
    Device,
    Far,
    IpAddress,
    Named,
    NetboxPayload,
    Port,
    Row,
    VmInterface,
)
from discovery.netbox.roles import given_roles
from discovery.observer import Observer

DECLARED = 0.8
"""Confidence of cables, plugs and what runs on what: documented with care, and seen by nobody."""
MAX_TOLD = 12
"""How many cables or plugs between the same two things the evidence names."""
LIFECYCLE = {
    "planned": "planned",
    "staged": "planned",
    "staging": "planned",
    "inventory": "planned",
    "reserved": "planned",
    "provisioning": "planned",
    "active": "active",
    "connected": "active",
    "available": "active",
    "offline": "maintenance",
    "failed": "maintenance",
    "paused": "maintenance",
    "decommissioning": "maintenance",
    "retired": "retired",
    "deprecated": "retired",
    "decommissioned": "retired",
}
"""What NetBox's statuses mean. One that its people added means nothing here."""


class View:
    """One NetBox on its way to observations."""

    def __init__(self, payload: NetboxPayload, settings: NetboxSettings, time: datetime) -> None:
        self.objects = payload.objects
        self.settings = settings
        self.observer = Observer("netbox", time, f"netbox/{payload.scope}")
        self.roles = given_roles(settings.roles)
        self._host = payload.host
        of = payload.objects
        self.devices = {d.id: d for d in of.devices}
        self.interfaces = _by_device(of.interfaces)
        self.power_ports = _by_device(of.power_ports)
        self.outlets = _by_device(of.power_outlets)
        self.addresses = _by_parent(of.ip_addresses)
        self.feeds = {feed.id for feed in of.power_feeds}
        self.cards: dict[int, list[VmInterface]] = {}
        for card in of.vm_interfaces:
            if card.virtual_machine is not None:
                self.cards.setdefault(card.virtual_machine.id, []).append(card)
        self.placed = {("site", s.id) for s in of.sites}
        self.placed |= {("location", p.id) for p in of.locations}
        self.placed |= {("rack", r.id) for r in of.racks}

    def is_feed(self, device: Device) -> bool:
        """Whether a device is one that others are plugged into."""
        return device.id in self.outlets

    def is_host(self, device: Device) -> bool:
        """Whether a device is more than a panel that cables pass."""
        active = device.id in self.interfaces or device.id in self.power_ports
        known = bool(device.serial or device.primary_ip or device.cluster)
        return not self.is_feed(device) and (active or known)

    def hosts_of(self, far: Iterable[Far]) -> Iterator[tuple[Far, Device]]:
        """Far ends with the devices that they are of, where those are known."""
        for end in far:
            if end.device is not None and end.device.id in self.devices:
                yield end, self.devices[end.device.id]

    def own(self, what: str, number: int) -> str:
        """NetBox's own id of an object, behind the host: there may be several."""
        return f"{self._host}/{what}/{number}"

    def key(self, what: str, number: int) -> str:
        """The identifier of an object by its own id."""
        return self.observer.key(self.own(what, number))

    def item(
        self,
        kind: str,
        what: str,
        row: Row,
        properties: Mapping[str, Value | None],
        identifiers: Iterable[str] = (),
    ) -> ItemObservation:
        """An object as an item, with what all objects say of themselves."""
        common: dict[str, Value | None] = {
            "name": row.label,
            "description": row.description,
            "lifecycle_status": LIFECYCLE.get(row.state),
        }
        return self.observer.item(
            kind, self.own(what, row.id), identifiers, {**common, **properties}
        )

    def located(self, key: str, **places: Named | None) -> Iterable[LinkObservation]:
        """Where a thing stands: in the first of the places that is known."""
        for what, place in places.items():
            if place is not None and (what, place.id) in self.placed:
                yield self.observer.link("LOCATED_IN", key, self.key(what, place.id))
                return

    def owned(self, key: str, row: Row) -> Iterable[LinkObservation]:
        """Whose it is."""
        if row.tenant is not None:
            owner = f"name:Team/{row.tenant.label}"
            yield self.observer.link("OWNED_BY", key, owner, evidence="its tenant in NetBox")


def _by_device(ports: Iterable[Port]) -> dict[int, list[Port]]:
    found: dict[int, list[Port]] = {}
    for port in ports:
        if port.device is not None:
            found.setdefault(port.device.id, []).append(port)
    return found


def _by_parent(addresses: Iterable[IpAddress]) -> dict[tuple[str, int], list[IpAddress]]:
    """By ``device`` or ``machine`` and its id, those that are assigned to one of its interfaces."""
    found: dict[tuple[str, int], list[IpAddress]] = {}
    for one in addresses:
        parent = one.assigned_object
        if parent is not None and parent.device is not None:
            found.setdefault(("device", parent.device.id), []).append(one)
        elif parent is not None and parent.virtual_machine is not None:
            found.setdefault(("machine", parent.virtual_machine.id), []).append(one)
    return found
