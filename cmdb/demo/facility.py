"""Sites, racks, power and the network of the demo estate."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from cmdb.demo.company import COMPANY
from cmdb.demo.layout import Bay, Rack, Region, fqdn
from cmdb.demo.sources import Source, Sources
from cmdb.items import ItemObservation, LinkObservation

_ROLES = {"core-sw1": "core", "core-sw2": "core", "gw1": "gateway", "fw1": "firewall"}
_MODELS = {
    "core": ("Arista", "DCS-7508R3", "EOS", "4.31.2F"),
    "gateway": ("Juniper", "MX204", "Junos", "23.2R2"),
    "firewall": ("Fortinet", "FortiGate 600F", "FortiOS", "7.4.4"),
    "distribution": ("Arista", "DCS-7280CR3", "EOS", "4.31.2F"),
    "access": ("Cisco", "Nexus 93180YC-FX3", "NX-OS", "10.3(5)"),
}
CITIES = (
    ("Leipzig", "DE"),
    ("Rotterdam", "NL"),
    ("Bilbao", "ES"),
    ("Gdansk", "PL"),
    ("Lyon", "FR"),
    ("Graz", "AT"),
)


def location(name: str) -> str:
    """The identifier of a place."""
    return f"name:Location/{name}"


def feed(name: str) -> str:
    """The identifier of a power feed."""
    return f"name:PowerFeed/{name}"


def distribution_switches(bay: Bay, side: int) -> tuple[str, str]:
    """The two switches that the bay's access switches of one data centre hang on."""
    site = bay.data_centres[side]
    return f"{site}-dist-sw{2 * bay.place + 1}", f"{site}-dist-sw{2 * bay.place + 2}"


def wan_circuits(region: Region) -> tuple[str, str]:
    """The two circuits between the data centres of a region."""
    pair = "-".join(region.data_centres)
    return f"wan-{pair}-a", f"wan-{pair}-b"


def upstream_of(rack: Rack, letter: int, site: str) -> str:
    """The supply that a rack's feed hangs on.

    One rack of each bay has both feeds on one supply: a redundancy that is none.
    """
    mistaken = rack.side == 1 and rack.position == 1
    return f"{site}-ups-a" if letter == 0 or mistaken else f"{site}-ups-b"


def region_items(region: Region, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    """What the two data centres of a region have once."""
    netbox = sources.netbox
    name = f"region-{region.number + 1}"
    yield _place(netbox, name, "region", f"{COMPANY} region {region.number + 1}")
    for side, site in enumerate(region.data_centres):
        city, country = CITIES[(2 * region.number + side) % len(CITIES)]
        yield _place(netbox, site, "site", f"Harbour Road {10 + region.number}, {city}, {country}")
        yield _place(netbox, f"{site}-mmr", "room", f"Meet-me room, {site}")
        for letter in "ab":
            yield _feed(netbox, f"{site}-ups-{letter}", letter, 400.0)
        for suffix, role in _ROLES.items():
            yield from _device(sources, f"{site}-{suffix}", role, rng)
    for circuit in wan_circuits(region):
        yield netbox.item(
            "NetworkLink",
            f"circuit/{circuit}",
            (f"name:NetworkLink/{circuit}",),
            {
                "name": circuit,
                "description": "Leased line between the data centres.",
                "circuit_id": f"EVPL-{rng.randrange(10**6):06d}",
                "speed": 10_000,
            },
        )


def region_links(region: Region, sources: Sources) -> Iterator[LinkObservation]:
    """Cables, power and places of what a region has once."""
    netbox, monitoring = sources.netbox, sources.monitoring
    for site in region.data_centres:
        yield netbox.link("LOCATED_IN", location(site), location(f"region-{region.number + 1}"))
        yield netbox.link("LOCATED_IN", location(f"{site}-mmr"), location(site))
        for suffix in _ROLES:
            device = fqdn(f"{site}-{suffix}")
            yield netbox.link("LOCATED_IN", device, location(f"{site}-mmr"))
            for letter in "ab":
                yield netbox.link("POWERED_BY", device, feed(f"{site}-ups-{letter}"))
            yield netbox.link("OWNED_BY", device, "name:Team/Network")
            yield netbox.link("SUPPORTED_BY", device, "name:Team/Network")
        for a, b in (
            ("core-sw1", "core-sw2"),
            ("core-sw1", "gw1"),
            ("core-sw2", "gw1"),
            ("core-sw1", "fw1"),
            ("core-sw2", "fw1"),
            ("fw1", "gw1"),
        ):
            yield _cable(monitoring, f"{site}-{a}", f"{site}-{b}")
    near, far = (f"{site}-gw1" for site in region.data_centres)
    yield _cable(monitoring, near, far)
    if region.number:
        yield _cable(monitoring, near, "dc1-gw1")
    for circuit in wan_circuits(region):
        for gateway in (near, far):
            yield netbox.link("DEPENDS_ON", f"name:NetworkLink/{circuit}", fqdn(gateway))


def bay_items(bay: Bay, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    """Rooms, racks, feeds and switches of a bay."""
    netbox = sources.netbox
    for side, site in enumerate(bay.data_centres):
        room = f"{site}-room{bay.place + 1}"
        yield _place(netbox, room, "room", f"Room {bay.place + 1}, {site}")
        yield netbox.item(
            "Subnet",
            f"prefix/{room}",
            (f"cidr:default/{bay.subnet(side)}",),
            {"name": f"{room} servers", "cidr": bay.subnet(side), "vlan": 100 + bay.place},
        )
        for switch in distribution_switches(bay, side):
            yield from _device(sources, switch, "distribution", rng)
    for rack in bay.racks:
        yield _place(netbox, rack.name, "rack", f"Row {bay.place + 1}, rack {rack.position + 1}")
        for letter, name in zip("ab", rack.feeds, strict=True):
            yield _feed(netbox, name, letter, 7.4)
        for switch in rack.switches:
            yield from _device(sources, switch, "access", rng)


def bay_links(bay: Bay, sources: Sources) -> Iterator[LinkObservation]:
    """Where a bay's racks stand, what feeds them, and how its switches are cabled."""
    netbox = sources.netbox
    for side, site in enumerate(bay.data_centres):
        room = location(f"{site}-room{bay.place + 1}")
        yield netbox.link("LOCATED_IN", room, location(site))
        yield netbox.link("DEPENDS_ON", f"cidr:default/{bay.subnet(side)}", fqdn(f"{site}-gw1"))
        for switch in distribution_switches(bay, side):
            yield from _switch_links(
                bay,
                sources,
                switch,
                room,
                (f"{site}-ups-a", f"{site}-ups-b"),
                (f"{site}-core-sw1", f"{site}-core-sw2"),
            )
    for rack in bay.racks:
        site = bay.data_centres[rack.side]
        yield netbox.link(
            "LOCATED_IN", location(rack.name), location(f"{site}-room{bay.place + 1}")
        )
        yield netbox.link("OWNED_BY", location(rack.name), f"name:Team/Data Centres{bay.tag}")
        for letter, name in enumerate(rack.feeds):
            yield netbox.link("POWERED_BY", feed(name), feed(upstream_of(rack, letter, site)))
            yield netbox.link("OWNED_BY", feed(name), f"name:Team/Data Centres{bay.tag}")
        uplinks = distribution_switches(bay, rack.side)
        for switch in rack.switches:
            # A rack that was given one switch only was also given one uplink only.
            ups = uplinks if len(rack.switches) > 1 else uplinks[:1]
            yield from _switch_links(bay, sources, switch, location(rack.name), rack.feeds, ups)


def _switch_links(
    bay: Bay,
    sources: Sources,
    switch: str,
    place: str,
    feeds: tuple[str, ...],
    uplinks: tuple[str, ...],
) -> Iterator[LinkObservation]:
    device = fqdn(switch)
    yield sources.netbox.link("LOCATED_IN", device, place)
    for name in feeds:
        yield sources.netbox.link("POWERED_BY", device, feed(name))
    for uplink in uplinks:
        yield _cable(sources.monitoring, switch, uplink)
    yield sources.netbox.link("OWNED_BY", device, f"name:Team/Network{bay.tag}")
    yield sources.netbox.link("SUPPORTED_BY", device, f"name:Team/Network{bay.tag}")


def _cable(monitoring: Source, one: str, other: str) -> LinkObservation:
    return monitoring.link(
        "LINKED_TO", fqdn(one), fqdn(other), confidence=0.98, evidence=f"LLDP neighbours of {one}"
    )


def _place(netbox: Source, name: str, what: str, address: str) -> ItemObservation:
    return netbox.item(
        "Location",
        f"{what}/{name}",
        (location(name),),
        {"name": name, "location_type": what, "address": address},
    )


def _feed(netbox: Source, name: str, letter: str, capacity: float) -> ItemObservation:
    return netbox.item(
        "PowerFeed",
        f"power-feed/{name}",
        (feed(name),),
        {"name": name, "phase": letter.upper(), "capacity": capacity},
    )


def _device(sources: Sources, name: str, role: str, rng: Random) -> Iterator[ItemObservation]:
    vendor, model, system, version = _MODELS[role]
    serial = f"{vendor[:2].upper()}{rng.getrandbits(48):012X}"
    yield sources.netbox.item(
        "NetworkDevice",
        f"device/{name}",
        (f"serial:{serial}", fqdn(name)),
        {
            "name": name,
            "network_role": role,
            "vendor": vendor,
            "model": model,
            "serial_number": serial,
            "operating_system": system,
            "lifecycle_status": "active",
            "labels": ["managed=ansible"],
        },
    )
    yield sources.monitoring.item(
        "NetworkDevice",
        name,
        (f"serial:{serial}", fqdn(name)),
        {
            "name": name,
            "hostname": name,
            "vendor": vendor.upper(),
            "operating_system": system,
            "operating_system_version": version,
            "serial_number": serial,
        },
    )
