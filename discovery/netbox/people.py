"""Tenants, providers and contacts: whose things are, and whom to call."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.items import ItemObservation, LinkObservation
from discovery.netbox.view import View

TYPES = {
    "dcim.site": "site",
    "dcim.location": "location",
    "dcim.rack": "rack",
    "dcim.device": "device",
    "dcim.powerpanel": "power-panel",
    "virtualization.cluster": "cluster",
    "virtualization.virtualmachine": "machine",
    "circuits.circuit": "circuit",
}
"""What contacts can be of, and what that is called here."""


def people_items(view: View) -> Iterator[ItemObservation]:
    """A team for each tenant that owns something and each provider; the contacts as people."""
    of = view.objects
    every = (
        *of.sites, *of.racks, *of.devices, *of.virtual_machines, *of.prefixes, *of.circuits,
    )  # fmt: skip
    names = {row.tenant.label for row in every if row.tenant is not None}
    names |= {circuit.provider.label for circuit in of.circuits if circuit.provider is not None}
    for name in sorted(names):
        yield view.observer.item("Team", f"team/{name}", [f"name:Team/{name}"], {"name": name})
    for contact in of.contacts:
        known = [f"email:{contact.email}"] if contact.email else []
        told = {"email": contact.email, "phone": contact.phone}
        yield view.item("Person", "contact", contact, told, known)


def people_links(view: View) -> Iterator[LinkObservation]:
    """Whom to call about what."""
    contacts = {contact.id for contact in view.objects.contacts}
    there = _there(view)
    for one in view.objects.contact_assignments:
        what = TYPES.get(one.object_type or one.content_type or "")
        is_known = one.contact is not None and one.contact.id in contacts
        if what and one.contact and is_known and (what, one.object_id) in there:
            start, end = view.key(what, one.object_id), view.key("contact", one.contact.id)
            yield view.observer.link("SUPPORTED_BY", start, end)


def _there(view: View) -> set[tuple[str, int]]:
    of = view.objects
    hosts = [d for d in of.devices if view.is_host(d) or view.is_feed(d)]
    return (
        view.placed
        | {("device", d.id) for d in hosts}
        | {("power-panel", p.id) for p in of.power_panels}
        | {("cluster", c.id) for c in of.clusters}
        | {("machine", m.id) for m in of.virtual_machines}
        | {("circuit", c.id) for c in of.circuits}
    )
