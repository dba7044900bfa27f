"""From NetBox's objects to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

from datetime import datetime

from discovery.netbox import NetboxSettings
from discovery.netbox.cables import cable_links, circuit_items, circuit_links
from discovery.netbox.hosts import host_items, host_links
from discovery.netbox.payload import NetboxPayload
from discovery.netbox.people import people_items, people_links
from discovery.netbox.places import place_items, place_links, prefix_items, prefix_links
from discovery.netbox.power import power_items, power_links
from discovery.netbox.view import View
from discovery.scanner import Parsed


def parse(payload: NetboxPayload, settings: NetboxSettings, time: datetime) -> Parsed:
    """Everything that NetBox documents, items before links. The NetBox is the scope."""
    view = View(payload, settings, time)
    items = [*place_items(view), *power_items(view), *host_items(view)]
    items += [*circuit_items(view), *people_items(view)]
    links = [*place_links(view), *power_links(view), *host_links(view), *cable_links(view)]
    links += [*circuit_links(view), *people_links(view)]
    if settings.prefixes:
        items += prefix_items(view)
        links += prefix_links(view)
    return Parsed(
        scope=view.observer.scope,
        observations=(*items, *links),
        full=not payload.missing,
        notes=tuple(_notes(view)),
    )


def _notes(view: View) -> list[str]:
    panels = sum(
        not view.is_host(device) and not view.is_feed(device) for device in view.objects.devices
    )
    if not panels:
        return []
    word = "device is a panel or chassis" if panels == 1 else "devices are panels or chassis"
    return [f"{panels} {word} without interfaces, power and serial number: no items."]
