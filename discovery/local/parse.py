"""From what was read of the machine to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cmdb.items import Observation
from discovery.local import LocalSettings
from discovery.machine.addresses import machine_identity
from discovery.machine.payload import MachinePayload
from discovery.machine.report import MachineReport
from discovery.machine.view import View
from discovery.observer import Observer
from discovery.scanner import Parsed


def parse(payload: MachinePayload, settings: LocalSettings, time: datetime) -> Parsed:
    """Everything that the payload shows, items before links.

    The scope is the machine. It was seen in full unless something could not be read, was not asked
    for, or belongs to users whose processes may not be seen.
    """
    identity = machine_identity(payload.machine, payload.interfaces)
    observer = Observer("local", time, f"machine/{identity}")
    view = View(
        address_scope=settings.address_scope,
        environment=settings.environment,
        connections=settings.connections,
    )
    report = MachineReport(payload, view, observer, identity)
    observations: list[Observation] = [*report.items(), *report.links()]
    hidden = 0 if payload.machine.root else sum(s.pid is None for s in payload.sockets)
    return Parsed(
        scope=observer.scope,
        observations=tuple(observations),
        full=not (hidden or payload.errors or payload.closed_sockets)
        and settings.connections
        and settings.containers,
        notes=tuple(_notes(payload, hidden)),
        errors=payload.errors,
    )


def _notes(payload: MachinePayload, hidden: int) -> Iterator[str]:
    """What more rights would show, a sentence each."""
    if hidden:
        belong = "1 socket belongs" if hidden == 1 else f"{hidden} sockets belong"
        yield f"{belong} to other users' processes; as root their owners would be named."
    if payload.machine.system == "Linux" and not payload.machine.root:
        yield "As root the hardware's serial number and UUID would be read."
    for path in payload.closed_sockets:
        yield f"As root, or in the group of {path}, its containers would be listed."
