"""What is kept of spans and of who made them: nothing but what leads to a dependency."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import msgspec


class Kind(IntEnum):
    """The kinds of spans, numbered as OTLP numbers them."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class ServiceName(msgspec.Struct, frozen=True, order=True):
    """What tells a service from all others."""

    name: str
    namespace: str = ""
    environment: str = ""


class Place(msgspec.Struct, frozen=True, order=True):
    """What an instance of a service runs on: identifiers that it may go by, the surest first."""

    sort: Literal["workload", "pod", "container", "cloud", "host"]
    name: str
    identifiers: tuple[str, ...]


class Resource(msgspec.Struct, frozen=True):
    """Who made spans. ``homeless`` says that it is in a Kubernetes cluster and does not say which;
    ``cluster`` and ``kubernetes_namespace`` are where it is."""

    service: ServiceName
    version: str = ""
    place: Place | None = None
    cluster: str = ""
    kubernetes_namespace: str = ""
    homeless: bool = False


class Target(msgspec.Struct, frozen=True, order=True):
    """What was called and makes no spans of its own.

    ``product`` is the engine, the broker or the protocol, ``name`` the database, the queue or the
    peer, ``environment`` that of the caller, where ``host`` may mean something else in another
    one. ``identifiers`` are others' for it.
    """

    sort: Literal["database", "queue", "peer"]
    product: str
    name: str
    host: str = ""
    port: int = 0
    environment: str = ""
    identifiers: tuple[str, ...] = ()


class Span(msgspec.Struct, frozen=True):
    """One span. ``own`` is the trace's id and its own, ``parent`` the trace's and its parent's,
    empty without one; ``links`` are such too. ``ended`` is in nanoseconds since 1970, ``share`` how
    many calls it stands for where only some were sampled.

    ``role`` is its part in messaging. ``address`` is the one that ``target`` was reached at.
    """

    own: bytes
    parent: bytes
    kind: int
    failed: bool
    ended: int
    share: float = 1.0
    role: Literal["", "sends", "takes"] = ""
    target: Target | None = None
    address: str = ""
    links: tuple[bytes, ...] = ()
