"""What traces come to: services and the calls between them. No span, and no attribute, is in it."""

from __future__ import annotations

from typing import Literal

import msgspec

from discovery.traces.figures import Figures
from discovery.traces.span import Place, ServiceName, Target

How = Literal["calls", "sends", "takes", "gets"]
"""A service calls something, sends to a queue, takes from one, or gets what another one sent."""


class Edge(msgspec.Struct, frozen=True, order=True):
    """One dependency. ``via`` is the queue that something came through."""

    how: How
    caller: ServiceName
    service: ServiceName | None = None
    target: Target | None = None
    via: str = ""


class SeenService(msgspec.Struct, frozen=True):
    """A service that makes spans; ``last`` is when, in nanoseconds since 1970."""

    name: ServiceName
    last: int
    version: str = ""
    places: tuple[Place, ...] = ()


class SeenCalls(msgspec.Struct, frozen=True):
    """The calls over one dependency. ``address`` is the one that all of them reached it at."""

    edge: Edge
    figures: Figures
    last: int
    address: str = ""


class TracesPayload(msgspec.Struct, frozen=True):
    """Everything that was seen. ``errors`` say what was left out, ``notes`` what is worth knowing;
    in neither is a value of an attribute."""

    scope: str
    services: tuple[SeenService, ...] = ()
    calls: tuple[SeenCalls, ...] = ()
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
