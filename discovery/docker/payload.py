"""What is kept of an engine's answers: no value of a variable, no command, no label of others."""

from __future__ import annotations

import msgspec


class Engine(msgspec.Struct, frozen=True, omit_defaults=True):
    """The host. ``machine_id`` is known only where the engine is on the same machine as we are,
    ``address`` is what it was reached at from elsewhere."""

    name: str
    id: str = ""
    product: str = "docker"
    version: str = ""
    operating_system: str = ""
    kernel: str = ""
    architecture: str = ""
    cpu_count: int | None = None
    memory: int | None = None
    machine_id: str = ""
    address: str = ""


class Named(msgspec.Struct, frozen=True, omit_defaults=True):
    """A container that a variable of another one names, by its id; or a host outside."""

    by: str
    to: str = ""
    host: str = ""
    certain: bool = True


class Box(msgspec.Struct, frozen=True, omit_defaults=True):
    """A container. ``depends_on`` are services of its project, each with whether they must run."""

    id: str
    name: str
    image: str
    running: bool = True
    project: str = ""
    service: str = ""
    depends_on: tuple[tuple[str, bool], ...] = ()
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    shares: str = ""
    named: tuple[Named, ...] = ()


class Network(msgspec.Struct, frozen=True, omit_defaults=True):
    """A network that somebody made, and its ranges."""

    name: str
    driver: str = ""
    subnets: tuple[str, ...] = ()


class Disk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A volume; ``driver`` is what holds it."""

    name: str
    driver: str = ""


class DockerPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """One engine with all it has; ``full`` says that nothing of it is missing."""

    engine: Engine
    containers: tuple[Box, ...] = ()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Disk, ...] = ()
    full: bool = True
