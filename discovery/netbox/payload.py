"""What is kept of NetBox's answers: the fields that are named here, and no other.

NetBox 3 and 4 call some things differently; both names are here. What is not kept (comments, custom
fields, journals, secrets of plugins) is never in a recording.
"""

from __future__ import annotations

import msgspec

CIRCUIT_END = "circuits.circuittermination"


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another object as it is named where it is referred to."""

    id: int
    name: str | None = None
    display: str = ""
    slug: str = ""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.display or f"#{self.id}"


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of several values."""

    value: str = ""


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every object has."""

    id: int
    name: str | None = None
    display: str = ""
    description: str = ""
    status: Choice | None = None
    tenant: Named | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or self.display or f"#{self.id}"

    @property
    def state(self) -> str:
        """The value of its status; empty where it has none."""
        return self.status.value if self.status else ""


class Region(Row, frozen=True, omit_defaults=True):
    """A region, within another or none."""

    parent: Named | None = None


class Site(Row, frozen=True, omit_defaults=True):
    """A site."""

    region: Named | None = None
    physical_address: str = ""


class Place(Row, frozen=True, omit_defaults=True):
    """A location (a room, a floor) of a site, within another or none."""

    site: Named | None = None
    parent: Named | None = None


class Rack(Row, frozen=True, omit_defaults=True):
    """A rack."""

    site: Named | None = None
    location: Named | None = None


class DeviceType(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model and who makes it."""

    id: int
    model: str = ""
    manufacturer: Named | None = None


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """An address with its prefix length."""

    address: str = ""


class Device(Row, frozen=True, omit_defaults=True):
    """A device. ``device_role`` is what NetBox 3 calls its role."""

    device_type: DeviceType | None = None
    role: Named | None = None
    device_role: Named | None = None
    platform: Named | None = None
    serial: str = ""
    asset_tag: str | None = None
    site: Named | None = None
    location: Named | None = None
    rack: Named | None = None
    primary_ip: Address | None = None
    cluster: Named | None = None
    virtual_chassis: Named | None = None

    @property
    def role_slug(self) -> str:
        """Its role as addresses have it."""
        found = self.role or self.device_role
        return (found.slug or found.label).lower() if found else ""


class HardwareAddress(msgspec.Struct, frozen=True, omit_defaults=True):
    """An object of its own from NetBox 4.2 on."""

    mac_address: str = ""


class Far(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is at the far end of a cable, behind the patch panels on the way.

    Of circuits' ends ``circuit`` is set, of feeds ``power_panel``, of all else ``device``.
    """

    id: int
    name: str | None = None
    display: str = ""
    device: Named | None = None
    circuit: Named | None = None
    power_panel: Named | None = None


class Card(Row, frozen=True, omit_defaults=True):
    """What all interfaces have, of devices and of virtual machines."""

    mtu: int | None = None
    mac_address: str | None = None
    primary_mac_address: HardwareAddress | None = None
    mac_addresses: tuple[HardwareAddress, ...] = ()

    @property
    def macs(self) -> list[str]:
        """Its hardware addresses, as 4.2 or those before have them."""
        several = [m.mac_address for m in self.mac_addresses]
        primary = self.primary_mac_address.mac_address if self.primary_mac_address else ""
        return [*dict.fromkeys(m for m in (self.mac_address or "", primary, *several) if m)]


class Port(Card, frozen=True, omit_defaults=True):
    """An interface of a device, or a port or outlet of power."""

    device: Named | None = None
    speed: int | None = None
    connected_endpoints: tuple[Far, ...] | None = None
    connected_endpoints_type: str | None = None
    link_peers: tuple[Far, ...] = ()
    link_peers_type: str | None = None

    def ends(self, kind: str) -> tuple[Far, ...]:
        """What is at its far end, where that is of a kind: ``dcim.interface``."""
        return (self.connected_endpoints or ()) if self.connected_endpoints_type == kind else ()

    def lines(self) -> set[int]:
        """The circuits that it leads to: NetBox follows a cable through them to what is behind."""
        at_end = self.ends(CIRCUIT_END)
        next_to = self.link_peers if self.link_peers_type == CIRCUIT_END else ()
        return {far.circuit.id for far in (*at_end, *next_to) if far.circuit is not None}


class PowerFeed(Row, frozen=True, omit_defaults=True):
    """A circuit from a panel to a rack."""

    power_panel: Named | None = None
    rack: Named | None = None
    phase: Choice | None = None
    voltage: int | None = None
    amperage: int | None = None


class PowerPanel(Row, frozen=True, omit_defaults=True):
    """Where feeds come from."""

    site: Named | None = None
    location: Named | None = None


class Parent(msgspec.Struct, frozen=True, omit_defaults=True):
    """The interface that an address is assigned to."""

    id: int
    device: Named | None = None
    virtual_machine: Named | None = None


class IpAddress(msgspec.Struct, frozen=True, omit_defaults=True):
    """An address that is assigned to something, or to nothing yet."""

    id: int
    address: str = ""
    status: Choice | None = None
    role: Choice | None = None
    vrf: Named | None = None
    dns_name: str = ""
    assigned_object_type: str | None = None
    assigned_object: Parent | None = None


class Vlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The VLAN of a prefix."""

    id: int
    vid: int | None = None


class Prefix(Row, frozen=True, omit_defaults=True):
    """A range of addresses. ``site`` is where it is used, before 4.2; then ``scope`` says it."""

    prefix: str = ""
    vrf: Named | None = None
    vlan: Vlan | None = None
    site: Named | None = None
    scope: Named | None = None
    scope_type: str | None = None


class Cluster(Row, frozen=True, omit_defaults=True):
    """A cluster of hypervisors."""


class VirtualMachine(Row, frozen=True, omit_defaults=True):
    """A virtual machine; ``device`` is the host that it is pinned to."""

    cluster: Named | None = None
    device: Named | None = None
    platform: Named | None = None
    serial: str = ""
    vcpus: float | None = None
    memory: int | None = None
    primary_ip: Address | None = None


class VmInterface(Card, frozen=True, omit_defaults=True):
    """An interface of a virtual machine."""

    virtual_machine: Named | None = None


class Chassis(Row, frozen=True, omit_defaults=True):
    """Switches that are stacked and run as one."""


class Circuit(Row, frozen=True, omit_defaults=True):
    """A line of a provider."""

    cid: str = ""
    provider: Named | None = None
    commit_rate: int | None = None


class Contact(Row, frozen=True, omit_defaults=True):
    """Somebody to call."""

    email: str = ""
    phone: str = ""


class ContactAssignment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom to call about what. ``content_type`` is what NetBox 3 calls its ``object_type``."""

    id: int
    object_type: str | None = None
    content_type: str | None = None
    object_id: int = 0
    contact: Named | None = None


class Objects(msgspec.Struct, frozen=True, omit_defaults=True):
    """All objects that were read, by what they are."""

    regions: tuple[Region, ...] = ()
    sites: tuple[Site, ...] = ()
    locations: tuple[Place, ...] = ()
    racks: tuple[Rack, ...] = ()
    devices: tuple[Device, ...] = ()
    interfaces: tuple[Port, ...] = ()
    power_ports: tuple[Port, ...] = ()
    power_outlets: tuple[Port, ...] = ()
    power_feeds: tuple[PowerFeed, ...] = ()
    power_panels: tuple[PowerPanel, ...] = ()
    virtual_chassis: tuple[Chassis, ...] = ()
    ip_addresses: tuple[IpAddress, ...] = ()
    prefixes: tuple[Prefix, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    virtual_machines: tuple[VirtualMachine, ...] = ()
    vm_interfaces: tuple[VmInterface, ...] = ()
    circuits: tuple[Circuit, ...] = ()
    contacts: tuple[Contact, ...] = ()
    contact_assignments: tuple[ContactAssignment, ...] = ()


class NetboxPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """One NetBox: ``scope`` names it and what of it was asked for, ``version`` is its own.

    ``missing`` are the parts that could not be read.
    """

    scope: str
    host: str
    version: str
    objects: Objects
    missing: tuple[str, ...] = ()
