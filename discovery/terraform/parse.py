"""From states to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

from datetime import datetime

from cmdb.items import ItemObservation, LinkObservation
from discovery.observer import Observer
from discovery.scanner import Parsed
from discovery.terraform import TerraformSettings
from discovery.terraform.items import StateItems
from discovery.terraform.links import StateLinks
from discovery.terraform.mapping import mappings
from discovery.terraform.state import Resource, TerraformPayload, unmapped


def parse(payload: TerraformPayload, settings: TerraformSettings, time: datetime) -> Parsed:
    """Everything that the states say exists, items before links.

    The scope is the targets. A state names all that it manages, so it is seen in full.
    """
    observer = Observer("terraform", time, payload.scope)
    items: dict[str, ItemObservation] = {}
    links: dict[tuple[str, str, str], LinkObservation] = {}
    notes: list[str] = []
    for state in payload.states:
        reader = StateItems(state, observer, mappings(), _labels)
        for seen in reader.items():
            items.setdefault(seen.identifiers[0], seen)
        for link in (
            *StateLinks(state, observer, mappings(), reader.keys).links(settings.declared),
            *reader.zone_links(),
        ):
            links.setdefault((link.relation, link.from_key, link.to_key), link)
    every = [r for state in payload.states for r in state.resources]
    unknown = unmapped(every, mappings())
    if unknown:
        types = ", ".join(f"{n} of {kind}" for kind, n in sorted(unknown.items()))
        total = sum(unknown.values())
        word = "resource has a type" if total == 1 else "resources have types"
        notes.append(f"{total} {word} that the mapping does not make items of: {types}.")
    return Parsed(
        scope=payload.scope,
        observations=(*items.values(), *links.values()),
        full=True,
        notes=tuple(notes),
    )


def _labels(resource: Resource) -> list[str]:
    return [f"terraform={resource.address}"]
