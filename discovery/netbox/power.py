"""Power: panels, the feeds that come from them, strips, and what is plugged into what."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.items import ItemObservation, LinkObservation, Value
from discovery.netbox.payload import Device, Port, PowerFeed, PowerPanel
from discovery.netbox.view import DECLARED, MAX_TOLD, View

THREE_PHASES = 1.732
WATTS_PER_KILOWATT = 1000


def power_items(view: View) -> Iterator[ItemObservation]:
    """Panels, feeds, and the strips that devices are plugged into."""
    of = view.objects
    for panel in of.power_panels:
        name = f"{panel.site.label} {panel.label}" if panel.site else panel.label
        yield view.item("PowerFeed", "power-panel", panel, {"name": name})
    for feed in of.power_feeds:
        told: dict[str, Value | None] = {
            "name": f"{feed.power_panel.label} {feed.label}" if feed.power_panel else feed.label,
            "phase": feed.phase.value if feed.phase else None,
            "capacity": _kilowatts(feed),
        }
        yield view.item("PowerFeed", "power-feed", feed, told)
    for device in of.devices:
        if view.is_feed(device):
            yield view.item("PowerFeed", "device", device, {})


def _kilowatts(feed: PowerFeed) -> float | None:
    if not feed.voltage or not feed.amperage:
        return None
    phases = THREE_PHASES if feed.phase and feed.phase.value == "three-phase" else 1
    return round(abs(feed.voltage) * feed.amperage * phases / WATTS_PER_KILOWATT, 2)


def power_links(view: View) -> Iterator[LinkObservation]:
    """What is plugged into what. Of several supplies of a thing one suffices: the relation says."""
    of = view.objects
    panels = {panel.id for panel in of.power_panels}
    for feed in of.power_feeds:
        yield from _feed(view, feed, panels)
    for panel in of.power_panels:
        yield from _panel(view, panel)
    for device in of.devices:
        if view.is_host(device) or view.is_feed(device):
            yield from _device(view, device)


def _feed(view: View, feed: PowerFeed, panels: set[int]) -> Iterator[LinkObservation]:
    key = view.key("power-feed", feed.id)
    if feed.power_panel is not None and feed.power_panel.id in panels:
        above = view.key("power-panel", feed.power_panel.id)
        yield view.observer.link("POWERED_BY", key, above, confidence=DECLARED)
    yield from view.located(key, rack=feed.rack)


def _panel(view: View, panel: PowerPanel) -> Iterator[LinkObservation]:
    key = view.key("power-panel", panel.id)
    yield from view.located(key, location=panel.location, site=panel.site)


def _device(view: View, device: Device) -> Iterator[LinkObservation]:
    told: dict[str, list[str]] = {}
    for port in view.power_ports.get(device.id, ()):
        for to, plug in _plugs(view, port):
            told.setdefault(to, []).append(plug)
    for to, plugs in sorted(told.items()):
        evidence = "; ".join(sorted(plugs)[:MAX_TOLD])
        yield view.observer.link(
            "POWERED_BY", view.key("device", device.id), to, confidence=DECLARED, evidence=evidence
        )


def _plugs(view: View, port: Port) -> Iterator[tuple[str, str]]:
    """What a port is plugged into, and which plug is in what."""
    for far in port.ends("dcim.powerfeed"):
        if far.id in view.feeds:
            yield view.key("power-feed", far.id), port.label
    for far, strip in view.hosts_of(port.ends("dcim.poweroutlet")):
        if view.is_feed(strip):
            yield view.key("device", strip.id), f"{port.label} in {far.name or far.display}"
