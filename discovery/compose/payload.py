"""What is kept of Compose files: names and references, no value of a variable."""

from __future__ import annotations

import msgspec


class Need(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another service of the project that a service needs; ``by`` says how it is named."""

    to: str
    by: str
    soft: bool = False
    confidence: float = 0.6


class Outer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A host outside of the project that a variable names."""

    host: str
    by: str


class Composed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service as it is declared; ``image`` as it is written, variables and all."""

    name: str
    image: str = ""
    needs: tuple[Need, ...] = ()
    outer: tuple[Outer, ...] = ()
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    configuration: tuple[tuple[str, str], ...] = ()
    ports: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    replicas: int = 1


class Shared(msgspec.Struct, frozen=True, omit_defaults=True):
    """A volume or network: its name in the file, and what the engine calls it."""

    key: str
    name: str
    subnets: tuple[str, ...] = ()


class Project(msgspec.Struct, frozen=True, omit_defaults=True):
    """A project: its name, and the file that it is declared in."""

    name: str
    file: str
    services: tuple[Composed, ...]
    volumes: tuple[Shared, ...] = ()
    networks: tuple[Shared, ...] = ()


class ComposePayload(msgspec.Struct, frozen=True):
    """All projects of a scan; ``scope`` names the targets that they were read from."""

    scope: str
    projects: tuple[Project, ...]
