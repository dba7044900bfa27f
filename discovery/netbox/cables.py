"""Cables between hosts, behind the panels on the way; and those to the lines of providers."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.items import Gate, ItemObservation, LinkObservation, Value
from discovery.netbox.view import DECLARED, MAX_TOLD, View

LINES = Gate("lines", 1)
"""Of the lines that a device has one suffices."""


def cable_links(view: View) -> Iterator[LinkObservation]:
    """One link for each two hosts that are cabled, with their ports as the evidence.

    NetBox follows a cable through front and rear ports by itself and says what is at its end.
    """
    pairs: dict[tuple[int, int], set[str]] = {}
    for (one, one_port), (other, other_port) in _cables(view):
        pairs.setdefault((one, other), set()).add(f"{one_port} - {other_port}")
    for (one, other), told in sorted(pairs.items()):
        evidence = f"{'; '.join(sorted(told)[:MAX_TOLD])} (a cable in NetBox)"
        yield view.observer.link(
            "LINKED_TO",
            view.key("device", one),
            view.key("device", other),
            confidence=DECLARED,
            evidence=evidence,
        )


def _cables(view: View) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
    """The two ends of every cable: a device and what its port is called, the lower id first."""
    for device in filter(view.is_host, view.objects.devices):
        for port in view.interfaces.get(device.id, ()):
            for far, other in view.hosts_of(port.ends("dcim.interface")):
                if other.id != device.id and view.is_host(other):
                    here = (device.id, f"{device.label} {port.label}")
                    there = (other.id, f"{other.label} {far.name or far.display}")
                    yield (here, there) if here < there else (there, here)


def circuit_items(view: View) -> Iterator[ItemObservation]:
    """The lines of providers."""
    for circuit in view.objects.circuits:
        provider = circuit.provider.label if circuit.provider else None
        told: dict[str, Value | None] = {
            "name": f"{provider} {circuit.cid}" if provider else circuit.cid,
            "circuit_id": circuit.cid,
            "speed": circuit.commit_rate // 1000 if circuit.commit_rate else None,
        }
        yield view.item("NetworkLink", "circuit", circuit, told)


def circuit_links(view: View) -> Iterator[LinkObservation]:
    """What is at the ends of a line uses it, one of its lines; the provider supports it."""
    of, link = view.objects, view.observer.link
    circuits = {circuit.id for circuit in of.circuits}
    for circuit in of.circuits:
        key = view.key("circuit", circuit.id)
        yield from view.owned(key, circuit)
        if circuit.provider is not None:
            yield link("SUPPORTED_BY", key, f"name:Team/{circuit.provider.label}")
    for device in filter(view.is_host, of.devices):
        for port in view.interfaces.get(device.id, ()):
            for line in sorted(port.lines() & circuits):
                evidence = f"{device.label} {port.label} (a cable in NetBox)"
                start, end = view.key("device", device.id), view.key("circuit", line)
                yield link(
                    "DEPENDS_ON",
                    start,
                    end,
                    strength="soft",
                    gate=LINES,
                    confidence=DECLARED,
                    evidence=evidence,
                )
