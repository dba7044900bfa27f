"""Regions, sites, rooms, racks, and the ranges of addresses that are used there."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.items import ItemObservation, LinkObservation
from discovery.netbox.view import View


def place_items(view: View) -> Iterator[ItemObservation]:
    """Where things stand. Only sites have names that are theirs alone: racks are called alike."""
    of = view.objects
    for region in of.regions:
        yield view.item("Location", "region", region, {"location_type": "region"})
    for site in of.sites:
        told = {"location_type": "site", "address": " ".join(site.physical_address.split())}
        yield view.item("Location", "site", site, told, [f"name:Location/{site.label}"])
    for location in of.locations:
        site_name = f"{location.site.label} " if location.site else ""
        told = {"location_type": "room", "name": f"{site_name}{location.label}"}
        yield view.item("Location", "location", location, told)
    for rack in of.racks:
        site_name = f"{rack.site.label} " if rack.site else ""
        told = {"location_type": "rack", "name": f"{site_name}{rack.label}"}
        yield view.item("Location", "rack", rack, told)


def place_links(view: View) -> Iterator[LinkObservation]:
    """What is in what."""
    of, link = view.objects, view.observer.link
    regions = {region.id for region in of.regions}
    for region in of.regions:
        if region.parent is not None and region.parent.id in regions:
            above = view.key("region", region.parent.id)
            yield link("LOCATED_IN", view.key("region", region.id), above)
    for site in of.sites:
        key = view.key("site", site.id)
        if site.region is not None and site.region.id in regions:
            yield link("LOCATED_IN", key, view.key("region", site.region.id))
        yield from view.owned(key, site)
    for place in of.locations:
        key = view.key("location", place.id)
        yield from view.located(key, location=place.parent, site=place.site)
    for rack in of.racks:
        key = view.key("rack", rack.id)
        yield from view.located(key, location=rack.location, site=rack.site)


def prefix_items(view: View) -> Iterator[ItemObservation]:
    """Ranges of addresses, but for those that only hold others together."""
    for prefix in view.objects.prefixes:
        if prefix.state == "container" or not prefix.prefix:
            continue
        scope = prefix.vrf.label if prefix.vrf else view.settings.address_scope
        told = {
            "name": prefix.prefix,
            "cidr": prefix.prefix,
            "vlan": prefix.vlan.vid if prefix.vlan else None,
        }
        yield view.item("Subnet", "prefix", prefix, told, [f"cidr:{scope}/{prefix.prefix}"])


def prefix_links(view: View) -> Iterator[LinkObservation]:
    """Where ranges are used, and whose they are."""
    for prefix in view.objects.prefixes:
        if prefix.state == "container" or not prefix.prefix:
            continue
        key = view.key("prefix", prefix.id)
        site = prefix.scope if prefix.scope_type == "dcim.site" else prefix.site
        yield from view.located(key, site=site)
        yield from view.owned(key, prefix)
