"""What a payload means: a pure function, so that a recording tests all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from cmdb.items import Observation
from discovery.observer import Observer
from discovery.scanner import Parsed

from .payload import ExamplePayload, Machine

if TYPE_CHECKING:
    from . import ExampleSettings


def parse(payload: ExamplePayload, settings: ExampleSettings, time: datetime) -> Parsed:
    """The machines, their software and what they need.

    The scope is the inventory, and all of it was read: a machine that is not in it is gone.
    """
    del settings  # none changes what an inventory means
    observer = Observer("example", time, scope=payload.place)
    seen = [one for machine in payload.machines for one in _observations(observer, machine)]
    return Parsed(payload.place, tuple(seen), full=True)


def _observations(observer: Observer, machine: Machine) -> Iterator[Observation]:
    # A strong identifier, such as the serial number, lets other sources mean the same thing.
    serial = [f"serial:{machine.serial}"] if machine.serial else []
    yield observer.item("Server", machine.id, serial, {"name": machine.name})
    if machine.runs:
        software = f"{machine.id}/{machine.runs}"
        name = f"{machine.runs} on {machine.name}"
        yield observer.item("SoftwareInstance", software, (), {"name": name})
        yield observer.link("RUNS_ON", observer.key(software), observer.key(machine.id))
    for needed in machine.needs:
        yield observer.link(
            "DEPENDS_ON",
            observer.key(machine.id),
            observer.key(needed),
            confidence=0.8,
            evidence=f"{machine.name} is declared to need {needed}",
        )
